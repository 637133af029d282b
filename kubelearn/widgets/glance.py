"""How many objects of a kind there are, and in which states: one tile of a dashboard."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

from kubelearn.diagrams.dashboard import Row
from kubelearn.diagrams.events import event_row
from kubelearn.diagrams.objectstates import state_of
from kubelearn.objects import EVENTS, Object, Resource


class Glance:
    """Counts one collection of a watch set, and tells the tile whenever it changes."""

    def __init__(self, tell: Callable[[Row], None]) -> None:
        self._tell = tell
        self._states: dict[str, str] = {}
        self._counts: Counter[str] = Counter()
        self._reason = ""

    def on_object(self, resource: Resource, name: str, obj: Object | None) -> None:
        """An object has this state now."""
        before = self._states.pop(name, None)
        if before is not None:
            self._counts[before] -= 1
        if obj is not None:
            state = self._states[name] = _state(resource, obj)
            self._counts[state] += 1
        self._show()

    def on_connection(self, reason: str | None) -> None:
        """All is told, or why it is not."""
        self._reason = reason or ""
        self._show()

    def _show(self) -> None:
        looks = {look: n for look, n in sorted(self._counts.items()) if look and n}
        self._tell({"count": len(self._states), "looks": looks, "reason": self._reason})


def _state(resource: Resource, obj: Object) -> str:
    if resource is EVENTS:
        kind: str = event_row(obj)["type"]
        return kind if kind == "Warning" else ""
    # In a list, objects do not say of which kind they are.
    return state_of({**obj, "kind": resource.kind})[0]
