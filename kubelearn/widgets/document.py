"""What a live view shows, as sections of keyed values, and the changes since it was last told.

The kernel keeps the document, the browser keeps a copy. Each diff has a revision one higher than
the last, so that the browser notices a lost one and asks for everything again.
"""

from __future__ import annotations

import threading
from typing import Any

Sections = dict[str, dict[str, Any]]


class Document:
    """Thread-safe sections of values. Values are replaced as a whole, never changed in place."""

    def __init__(self, **sections: dict[str, Any]) -> None:
        self._lock = threading.RLock()
        self._sections: Sections = {name: dict(values) for name, values in sections.items()}
        self._changed: dict[tuple[str, str], None] = {}
        self.revision = 0

    def put(self, section: str, key: str, value: Any) -> None:
        """Set a value; an equal one is no change."""
        with self._lock:
            values = self._sections.setdefault(section, {})
            if key not in values or values[key] != value:
                values[key] = value
                self._changed[section, key] = None

    def drop(self, section: str, key: str) -> None:
        """Remove a value, if it is there."""
        with self._lock:
            if self._sections.get(section, {}).pop(key, None) is not None:
                self._changed[section, key] = None

    def replace(self, section: str, values: dict[str, Any]) -> None:
        """Make a section hold exactly these values."""
        with self._lock:
            for key in self._sections.get(section, {}).keys() - values.keys():
                self.drop(section, key)
            for key, value in values.items():
                self.put(section, key, value)

    def get(self, section: str, key: str) -> Any:
        """One value, or None."""
        with self._lock:
            return self._sections.get(section, {}).get(key)

    def section(self, name: str) -> dict[str, Any]:
        """A section as it is now, in the order of insertion."""
        with self._lock:
            return dict(self._sections.get(name, {}))

    @property
    def dirty(self) -> bool:
        """Whether something changed since the last diff."""
        return bool(self._changed)

    def snapshot(self) -> dict[str, Any]:
        """Everything, for a view that opens or has lost a diff."""
        with self._lock:
            # Changes that no diff has told yet are in here too; hearing them again does no harm.
            sections = {name: dict(values) for name, values in self._sections.items()}
            return {"rev": self.revision, "sections": sections}

    def diff(self) -> dict[str, Any] | None:
        """The changes since the last diff (None for a removed key), or None if there are none."""
        with self._lock:
            if not self._changed:
                return None
            changes: Sections = {}
            for section, key in self._changed:
                changes.setdefault(section, {})[key] = self._sections[section].get(key)
            self._changed.clear()
            self.revision += 1
            return {"type": "diff", "rev": self.revision, "sections": changes}
