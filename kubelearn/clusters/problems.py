"""What a server has against a manifest, at the lines where it stands.

A failure `Status` names fields in many ways: as causes, in the text of strict decoding, in Go's own
words for a wrong type, and as the paths of field managers.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from kubelearn.manifests import Manifest

_STRICT = re.compile(r'(?P<what>unknown field|duplicate field) "(?P<path>[^"]+)"')
_GO_TYPE = re.compile(
    r"(?P<what>cannot unmarshal \w+) into Go struct field \w+\.(?P<path>\S+) (?P<type>of type \S+)"
)
_TYPED = re.compile(r"(?:^|\s)(?P<path>\.[^\s:]+): (?P<what>[^\n]+)")


@dataclass(frozen=True)
class Problem:
    """Something that is wrong, and in which line of the text."""

    line: int
    message: str
    field: str = ""

    def __str__(self) -> str:
        where = f"line {self.line}: " if self.line else ""
        return where + (f"{self.field}: " if self.field else "") + self.message


def problems(manifest: Manifest, status: Mapping[str, Any]) -> list[Problem]:
    """All that the server says; a problem without a field is at the object's first line."""
    message = str(status.get("message") or status.get("reason") or "refused")
    found = list(_named(status, message))
    if not found:
        return [Problem(manifest.line, message)]
    return [Problem(manifest.line_of(path), what, path.lstrip(".")) for path, what in found]


def _named(status: Mapping[str, Any], message: str) -> Iterator[tuple[str, str]]:
    """Pairs of a field's path and what is wrong there."""
    causes = (status.get("details") or {}).get("causes") or []
    fields = [(str(each["field"]), str(each["message"])) for each in causes if each.get("field")]
    if fields:
        yield from fields
        return
    patterns = (_STRICT, _GO_TYPE, _TYPED)
    for pattern in patterns:
        matches = list(pattern.finditer(message))
        if matches:
            yield from ((each["path"].rstrip("."), _what(each)) for each in matches)
            return


def _what(found: re.Match[str]) -> str:
    kind = found.groupdict().get("type")
    return f"{found['what']} into a field {kind}" if kind else found["what"]
