"""Which names a definition gets: two kinds of a group may not be called the same.

Stands for k8s.io/apiextensions-apiserver `pkg/controller/status/naming_controller.go`.
"""

from __future__ import annotations

from collections.abc import Iterable

from kubelearn.embedded.apiserver.status import quote
from kubelearn.objects import Object, condition, is_true, set_condition

_NO_CONFLICTS = ("NoConflicts", "no conflicts found")
_FITS = "the initial names have been accepted"
_NOT_ALL = "not all names are accepted"


def needs_names(definition: Object) -> bool:
    """Whether it asks for other names than it has."""
    return bool(definition["spec"]["names"] != definition["status"]["acceptedNames"])


def is_settled(definition: Object, others: Iterable[Object]) -> bool:
    """Whether trying once more for the names would change nothing."""
    names, problem = _accepted(definition, list(others))
    found = condition(definition, "NamesAccepted") or {}
    reason, message = problem or _NO_CONFLICTS
    same = (found.get("reason"), found.get("message")) == (reason, message)
    return same and names == definition["status"]["acceptedNames"]


def accept_names(definition: Object, *, others: Iterable[Object], now: str) -> None:
    """Give a definition the names that no other one of its group has, in place."""
    names, problem = _accepted(definition, list(others))
    reason, message = problem or _NO_CONFLICTS
    definition["status"]["acceptedNames"] = names
    _set(definition, "NamesAccepted", problem is None, reason=reason, message=message, now=now)
    if not is_true(definition, "Established"):
        if problem is None:
            _set(definition, "Established", False, reason="Installing", message=_FITS, now=now)
        elif condition(definition, "Established") is None:
            _set(definition, "Established", False, reason="NotAccepted", message=_NOT_ALL, now=now)


def established(definition: Object, *, now: str) -> None:
    """Say in a definition that its kinds are served, in place."""
    reason = "InitialNamesAccepted"
    _set(definition, "Established", True, reason=reason, message=_FITS, now=now)


def _set(
    definition: Object, kind: str, status: bool, *, reason: str, message: str, now: str
) -> None:
    new = {
        "type": kind,
        "status": "True" if status else "False",
        "lastTransitionTime": now,
        "reason": reason,
        "message": message,
    }
    conditions = definition["status"].get("conditions") or []
    definition["status"]["conditions"] = set_condition(conditions, new)


def _accepted(definition: Object, others: list[Object]) -> tuple[Object, tuple[str, str] | None]:
    """The names to have now, and the last conflict."""
    wanted, has = definition["spec"]["names"], definition["status"]["acceptedNames"]
    resources, kinds = _used(others)
    names, problem = dict(has), None
    for name, used in (
        ("plural", resources),
        ("singular", resources),
        ("shortNames", resources),
        ("kind", kinds),
        ("listKind", kinds),
    ):
        if conflict := _conflict(wanted.get(name), has.get(name), used):
            problem = (f"{name[0].upper()}{name[1:]}Conflict", conflict)
        else:
            _put(names, name, wanted.get(name))
    _put(names, "categories", wanted.get("categories"))
    return names, problem


def _used(others: list[Object]) -> tuple[set[str], set[str]]:
    resources: set[str] = set()
    kinds: set[str] = set()
    for other in others:
        names = other["status"]["acceptedNames"]
        resources |= {names.get("plural", ""), names.get("singular", "")}
        resources |= set(names.get("shortNames") or ())
        kinds |= {names.get("kind", ""), names.get("listKind", "")}
    return resources, kinds


def _conflict(wanted: str | list[str] | None, has: str | list[str] | None, used: set[str]) -> str:
    if isinstance(wanted, list):
        taken = [each for each in wanted if each not in (has or ()) and each in used]
    else:
        taken = [wanted] if wanted and wanted != has and wanted in used else []
    texts = [f"{quote(each)} is already in use" for each in taken]
    return texts[0] if len(texts) == 1 else f"[{', '.join(texts)}]" if texts else ""


def _put(names: Object, name: str, value: str | list[str] | None) -> None:
    if value:
        names[name] = value
    else:
        names.pop(name, None)
