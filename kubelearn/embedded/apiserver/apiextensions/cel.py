"""The Common Expression Language, in which definitions write their rules.

Stands for k8s.io/apiserver `pkg/cel` and k8s.io/apiextensions-apiserver
`pkg/apiserver/schema/cel/compilation.go`. The language is a library's; it takes half a second to
load, and is loaded when a definition has the first rule. Left out: what an expression may cost, and
the check of all its types; only fields that a schema does not have are found before a rule runs.
"""

from __future__ import annotations

import base64
import logging
import re
from collections.abc import Iterator, Mapping
from functools import cache, lru_cache
from typing import Any

from kubelearn.embedded.apiserver.apiextensions.pruning import PRESERVE, Schema

INT_OR_STRING = "x-kubernetes-int-or-string"
# As what these names are written in expressions, where they mean something else.
_RESERVED = frozenset(
    {
        "as", "break", "const", "continue", "else", "false", "for", "function", "if", "import",
        "in", "let", "loop", "null", "package", "namespace", "return", "true", "var", "void",
        "while",
    }
)  # fmt: skip
_ESCAPES = {"__": "__underscores__", ".": "__dot__", "-": "__dash__", "/": "__slash__"}
_MACROS = frozenset({"all", "exists", "exists_one", "filter", "map"})
_TYPES = frozenset(
    {"bool", "bytes", "double", "duration", "int", "list", "map", "null_type", "string",
     "timestamp", "type", "uint"}
)  # fmt: skip
_KEY_ERROR = re.compile(r"no such (?:member in mapping|key): '?([^']*)'?")


class CelError(ValueError):
    """An expression that cannot be read, or a value that it cannot be applied to."""


class Expression:
    """An expression that was read once."""

    def __init__(self, text: str) -> None:
        environment, functions = _environment()
        self.tree = _parsed(environment, text)
        self._program = environment.program(self.tree, functions=functions)

    def evaluate(self, variables: Mapping[str, Any]) -> Any:
        """The value for these variables, which have CEL's types; raises CelError."""
        from celpy.evaluation import CELEvalError

        try:
            return self._program.evaluate(dict(variables))
        except CELEvalError as error:
            raise CelError(_problem(error)) from None

    @property
    def uses_old_self(self) -> bool:
        """Whether it compares with the value before."""
        return "oldSelf" in _names(self.tree)

    def undefined_field(self, schema: Schema) -> str:
        """A field of `self` in it that the schema does not have, if there is one."""
        for node in self.tree.iter_subtrees():
            names = _path(node)
            if names and names[0] in ("self", "oldSelf") and _undefined(names[1:], schema):
                return names[-1]
        return ""

    def undeclared(self) -> str:
        """A name in it that stands for nothing, if there is one."""
        bound = {"self", "oldSelf", *_TYPES}
        for node in self.tree.iter_subtrees():
            if node.data == "member_dot_arg" and str(node.children[1]) in _MACROS:
                bound.update(list(_names(node.children[2]))[:1])
        idents = (node for node in self.tree.iter_subtrees() if node.data == "ident")
        return next((name for node in idents for name in _names(node) if name not in bound), "")


@lru_cache(maxsize=1024)
def expression(text: str) -> Expression:
    """The expression of a text; raises CelError."""
    return Expression(text)


def problem(text: str, schema: Schema) -> str:
    """Why a text is no expression about values of a schema; empty when it is one."""
    try:
        read = expression(text)
    except CelError as error:
        return f"compilation failed: {error}"
    if missing := read.undefined_field(schema):
        column, what = text.find(f".{missing}") + 1, f"undefined field '{missing}'"
    elif missing := read.undeclared():
        column = text.find(missing) + 1
        what = f"undeclared reference to '{missing}' (in container '')"
    else:
        return ""
    return f"compilation failed: {_pointed(text, 1, column, what)}"


@cache
def _environment() -> tuple[Any, dict[str, Any]]:
    import celpy

    from kubelearn.embedded.apiserver.apiextensions import celfunctions

    # It tells of each object that an expression makes.
    logging.getLogger("celpy").setLevel(logging.WARNING)
    return celpy.Environment(), celfunctions.functions()


def _parsed(environment: Any, text: str) -> Any:
    from celpy.celparser import CELParseError

    try:
        return environment.compile(text)
    except CELParseError as error:
        raise CelError(_pointed(text, error.line or 1, error.column or 1, "Syntax error")) from None


def _pointed(text: str, line: int, column: int, what: str) -> str:
    """An error with its place, as cel-go prints it."""
    shown = (text.splitlines() or [""])[line - 1]
    dots = "." * (column - 1)
    return f"ERROR: <input>:{line}:{column}: {what}\n | {shown}\n | {dots}^"


def _problem(error: Exception) -> str:
    text = str(error.args[0]) if error.args else ""
    if text == "no such key":
        return f"no such key: {error.args[2][0]}"
    if found := _KEY_ERROR.search(text):
        return f"no such key: {found[1]}"
    if "divide by zero" in text:
        return "division by zero"
    if "undeclared reference" in text:
        return text.partition(" (")[0]
    if "overload" in text:
        return "no such overload"
    return text


# --- fields ---------------------------------------------------------------------------------------


def _names(node: Any) -> Iterator[str]:
    """The names in a part of an expression, in their order."""
    for token in node.scan_values(lambda token: getattr(token, "type", "") == "IDENT"):
        yield str(token)


def _path(node: Any) -> list[str]:
    """The names of a chain such as `self.spec.color`; none for any other expression."""
    if node.data == "member_dot":
        member, name = node.children
        above = _path(member)
        return [*above, str(name)] if above else []
    if node.data == "ident":
        return [str(node.children[0])]
    if node.data in ("member", "primary") and len(node.children) == 1:
        return _path(node.children[0])
    return []


def _undefined(names: list[str], schema: Any) -> bool:
    for name in names:
        if not isinstance(schema, Mapping) or _is_open(schema):
            return False
        known = {escaped(each): below for each, below in (schema.get("properties") or {}).items()}
        if name not in known:
            return name not in ("apiVersion", "kind", "metadata")
        schema = known[name]
    return False


def _is_open(schema: Schema) -> bool:
    return bool(
        schema.get(PRESERVE)
        or schema.get(INT_OR_STRING)
        or schema.get("additionalProperties") is not None
        or schema.get("type") != "object"
    )


def escaped(name: str) -> str:
    """A field's name as expressions write it."""
    if name in _RESERVED:
        return f"__{name}__"
    for sign, word in _ESCAPES.items():
        name = name.replace(sign, word) if sign == "__" or sign in name else name
    return name


def unescaped(name: str) -> str:
    """What a field is called that expressions write in this way."""
    bare = name.removeprefix("__").removesuffix("__")
    if name == f"__{bare}__" and bare in _RESERVED:
        return bare
    for sign, word in reversed(_ESCAPES.items()):
        name = name.replace(word, sign)
    return name


# --- values ---------------------------------------------------------------------------------------


def converted(value: Any, schema: Schema | None) -> Any:
    """A value with CEL's types, as its schema means it."""
    from celpy import celtypes

    schema = schema or {}
    match value:
        case dict():
            return celtypes.MapType(_fields(value, schema))
        case list():
            items = schema.get("items")
            return celtypes.ListType([converted(each, items) for each in value])
        case bool():
            return celtypes.BoolType(value)
        case str():
            return _text(value, schema)
        case int() if schema.get("type") != "number":
            return celtypes.IntType(value)
        case int() | float():
            return celtypes.DoubleType(value)
    return None


def _fields(value: dict[str, Any], schema: Schema) -> dict[Any, Any]:
    from celpy import celtypes

    properties, others = schema.get("properties") or {}, schema.get("additionalProperties")
    below = others if isinstance(others, Mapping) else None
    return {
        celtypes.StringType(escaped(name) if name in properties else name): converted(
            each, properties.get(name, below)
        )
        for name, each in value.items()
    }


def _text(value: str, schema: Schema) -> Any:
    from celpy import celtypes

    try:
        match schema.get("format"):
            case "date" | "date-time" | "datetime":
                return celtypes.TimestampType(value if "T" in value else f"{value}T00:00:00Z")
            case "duration":
                return celtypes.DurationType(value)
            case "byte":
                return celtypes.BytesType(base64.b64decode(value))
    except ValueError:
        pass  # validation has refused it before, unless the object is older than the format
    return celtypes.StringType(value)


def native(value: Any) -> Any:
    """The JSON of a value with CEL's types; raises CelError if there is an error inside."""
    from celpy import celtypes
    from celpy.evaluation import CELEvalError

    match value:
        case CELEvalError():
            raise CelError(_problem(value))
        case dict():
            return {str(name): native(each) for name, each in value.items()}
        case list():
            return [native(each) for each in value]
        case celtypes.BoolType():
            return bool(value)
        case celtypes.DoubleType():
            return float(value)
        case celtypes.IntType() | celtypes.UintType():
            return int(value)
        case celtypes.BytesType():
            return base64.b64encode(value).decode()
    return None if value is None else str(value)
