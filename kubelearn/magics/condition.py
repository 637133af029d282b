"""What can be waited for, in `kubectl wait`'s words: `condition=`, `jsonpath=`, `create`, `delete`.

A condition says what is still missing, in words; nothing is missing when it is met.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from kubelearn.errors import KubelearnError
from kubelearn.jsonpath import JsonPath, JsonPathError, json_path
from kubelearn.objects import Object

_HINT = "for=condition=Ready, for=delete, for=create, for=jsonpath={.status.phase}=Running"


@dataclass(frozen=True)
class Presence:
    """`create` and `delete`."""

    text: str
    wanted: bool
    may_be_absent = True
    """Whether one may wait for it on an object that is not there."""

    def seen(self, obj: Object | None) -> str:
        """What is seen instead; empty when it is as it should be."""
        if (obj is not None) == self.wanted:
            return ""
        return "it is still there" if obj else "it is not there yet"


@dataclass(frozen=True)
class StatusCondition:
    """`condition=Available`, `condition=Ready=false`; compared without regard to case."""

    text: str
    name: str
    status: str
    may_be_absent = False

    def seen(self, obj: Object | None) -> str:
        """The condition as it is; one that was told of an older generation does not count."""
        found = self._find(obj or {})
        if found is None:
            return f"no condition {self.name} yet"
        if _outdated(obj or {}, found):
            return f"{self.name} was told before the last change"
        if str(found.get("status")).casefold() == self.status.casefold():
            return ""
        why = found.get("message") or found.get("reason") or ""
        return f"{self.name}={found.get('status')}" + (f": {why}" if why else "")

    def _find(self, obj: Object) -> Object | None:
        conditions = (obj.get("status") or {}).get("conditions") or ()
        wanted = self.name.casefold()
        return next((each for each in conditions if str(each["type"]).casefold() == wanted), None)


@dataclass(frozen=True)
class PathValue:
    """`jsonpath={.status.phase}=Running`; without a value any will do."""

    text: str
    path: JsonPath
    value: str
    may_be_absent = False

    def seen(self, obj: Object | None) -> str:
        """The value that is there."""
        found = self.path.find(obj or {})
        if not found:
            return "no value there yet"
        if not self.value or [_text(each) for each in found] == [self.value]:
            return ""
        return " ".join(_text(each) for each in found)


Condition = Presence | StatusCondition | PathValue


def parse(text: str) -> Condition:
    """The condition that is written so. Raises KubelearnError."""
    if text.lower() in ("create", "delete"):
        return Presence(text.lower(), wanted=text.lower() == "create")
    kind, _, rest = text.partition("=")
    if kind == "condition" and rest:
        name, _, status = rest.partition("=")
        return StatusCondition(text, name, status or "true")
    if kind == "jsonpath" and rest:
        return _path_value(text, rest)
    raise KubelearnError(f'unrecognized condition: "{text}"', hint=_HINT)


def _path_value(text: str, rest: str) -> PathValue:
    # A doubled sign compares within the expression.
    expression, *values = re.split(r"(?<!=)=(?!=)", rest)
    if len(values) > 1:
        raise KubelearnError(f'unrecognized condition: "{text}"', hint=_HINT)
    inner = expression.strip().removeprefix("{").removesuffix("}").strip()
    dotted = inner if inner.startswith((".", "[", "$")) else f".{inner}"
    try:
        path = json_path(dotted)
    except JsonPathError as error:
        raise KubelearnError(str(error), hint=_HINT) from error
    return PathValue(text, path, values[0].strip("'\"") if values else "")


def _outdated(obj: Object, found: Object) -> bool:
    status = obj.get("status") or {}
    observed = found.get("observedGeneration", status.get("observedGeneration"))
    generation = (obj.get("metadata") or {}).get("generation")
    return observed is not None and generation is not None and int(observed) < int(generation)


def _text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
