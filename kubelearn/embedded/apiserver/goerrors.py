"""What Go's JSON decoder says about a body that is no JSON; the API server passes it on.

Stands for Go's `encoding/json/scanner.go`: only its messages.
"""

from __future__ import annotations

import json

_AFTER = {
    "Expecting value": "looking for beginning of value",
    "Expecting property name enclosed in double quotes": (
        "looking for beginning of object key string"
    ),
    "Expecting ':' delimiter": "after object key",
    "Extra data": "after top-level value",
    "Invalid control character at": "in string literal",
    "Invalid \\escape": "in string escape code",
    "Invalid \\uXXXX escape": "in \\u hexadecimal character escape",
    "Illegal trailing comma before end of object": "looking for beginning of object key string",
    "Illegal trailing comma before end of array": "looking for beginning of value",
}
# Python's own decoder, which finds the place of the fault, calls itself for each bracket.
_DEEPEST = 500


def json_error(body: bytes) -> str:
    """The message for a malformed body."""
    if body.count(b"[") + body.count(b"{") > _DEEPEST:
        return "exceeded max depth"
    text = body.decode(errors="replace")
    try:
        json.loads(text)
    except json.JSONDecodeError as error:
        position = error.pos + (error.msg == "Invalid \\escape")
        if error.msg.startswith("Illegal trailing comma"):
            position += 1 + len(text[error.pos + 1 :]) - len(text[error.pos + 1 :].lstrip())
        if position >= len(text.rstrip()) or error.msg.startswith("Unterminated"):
            return "unexpected end of JSON input"
        return f"invalid character {_shown(text[position])} {_context(error, text)}"
    except ValueError:
        pass
    return "invalid character in string literal"


def _shown(character: str) -> str:
    if character in "'\\":
        return f"'\\{character}'"
    return f"'{character}'" if character.isprintable() else repr(character)


def _context(error: json.JSONDecodeError, text: str) -> str:
    if error.msg == "Expecting ',' delimiter":
        inside = "array element" if _in_array(text[: error.pos]) else "object key:value pair"
        return f"after {inside}"
    return _AFTER.get(error.msg, "looking for beginning of value")


def _in_array(text: str) -> bool:
    """Whether the innermost open bracket is a square one, strings left out."""
    open_brackets, in_string, escaped = [], False, False
    for character in text:
        if in_string:
            in_string = escaped or character != '"'
            escaped = character == "\\" and not escaped
        elif character == '"':
            in_string = True
        elif character in "[{":
            open_brackets.append(character)
        elif character in "]}" and open_brackets:
            open_brackets.pop()
    return bool(open_brackets) and open_brackets[-1] == "["
