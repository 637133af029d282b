"""`metadata.managedFields` as it is written in an object: who owns which fields, since when.

Stands for k8s.io/apimachinery `pkg/util/managedfields/internal/{managedfields,capmanagers}.go`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from kubelearn.embedded.apiserver.managedfields.fieldset import FieldSet
from kubelearn.objects import Object

_MOST_UPDATERS = 10
_ANCIENT = "ancient-changes"


@dataclass(frozen=True, slots=True)
class Manager:
    """Somebody who writes: their name, how, in which version, through which subresource."""

    name: str
    operation: str
    api_version: str
    subresource: str = ""

    def shown(self) -> str:
        """As conflicts name them."""
        text = f'"{self.name}"'
        if self.subresource:
            text += f' with subresource "{self.subresource}"'
        return f"{text} using {self.api_version}" if self.operation == "Update" else text


@dataclass(slots=True)
class Owned:
    """A manager's fields, and when that changed last."""

    fields: FieldSet
    time: str | None = None
    written: Object | None = None
    """The fields as they stood in the object, as long as they are the same."""

    def lose(self, fields: FieldSet) -> None:
        """Own these no more."""
        if self.fields & fields:
            self.fields, self.written = self.fields - fields, None


Ownership = dict[Manager, Owned]


def read(obj: Object, *, stored: bool = True) -> Ownership:
    """The owners that an object names; none if they cannot be read.

    Of an object that is not stored yet, who knows how a client has written them?
    """
    found: Ownership = {}
    for entry in (obj.get("metadata") or {}).get("managedFields") or []:
        if entry.get("fieldsType") != "FieldsV1" or not entry.get("operation"):
            return {}
        manager = Manager(
            entry.get("manager", ""),
            entry["operation"],
            entry.get("apiVersion", ""),
            entry.get("subresource", ""),
        )
        written = entry.get("fieldsV1") or {}
        fields = FieldSet.from_fields(written)
        found[manager] = Owned(fields, entry.get("time"), written if stored else None)
    return found


def write(obj: Object, owners: Ownership) -> None:
    """Put the owners into the object, those that own anything, in upstream's order."""
    entries = [_entry(manager, owned) for manager, owned in owners.items() if owned.fields]
    entries.sort(key=_entry_order)
    if entries:
        obj["metadata"]["managedFields"] = entries
    else:
        obj["metadata"].pop("managedFields", None)


def _entry(manager: Manager, owned: Owned) -> Object:
    entry: dict[str, Any] = {
        "manager": manager.name,
        "operation": manager.operation,
        "apiVersion": manager.api_version,
        "time": owned.time,
        "fieldsType": "FieldsV1",
        "fieldsV1": owned.written or owned.fields.to_fields(),
        "subresource": manager.subresource,
    }
    return {name: each for name, each in entry.items() if each}


def _entry_order(entry: Object) -> tuple[str, ...]:
    names = ("operation", "time", "manager", "apiVersion", "subresource")
    return tuple(entry.get(name, "") for name in names)


def capped(owners: Ownership) -> Ownership:
    """Beyond ten updaters the oldest share one entry."""
    updaters = [each for each in owners if each.operation == "Update"]
    if len(updaters) <= _MOST_UPDATERS:
        return owners
    updaters.sort(key=lambda each: (owners[each].time or "", repr(each)))
    old = updaters[: len(updaters) - _MOST_UPDATERS + 1]
    kept = {who: owned for who, owned in owners.items() if who not in old}
    for version in dict.fromkeys(each.api_version for each in old):
        fields = FieldSet()
        time = None
        for each in old:
            if each.api_version == version:
                fields, time = fields | owners[each].fields, owners[each].time
        kept[Manager(_ANCIENT, "Update", version)] = Owned(fields, time)
    return kept
