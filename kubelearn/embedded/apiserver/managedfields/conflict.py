"""What comes of an apply that would change what others own.

Stands for k8s.io/apimachinery `pkg/util/managedfields/internal/conflict.go`.
"""

from __future__ import annotations

from kubelearn.embedded.apiserver.managedfields import fieldset
from kubelearn.embedded.apiserver.managedfields.fieldset import FieldSet, Path
from kubelearn.embedded.apiserver.managedfields.ownership import Manager
from kubelearn.embedded.apiserver.status import StatusError


class Conflicts(Exception):
    """Fields that others own and that an apply would change."""

    def __init__(self, fields: dict[Manager, FieldSet]) -> None:
        super().__init__()
        self._found = [
            (who, path)
            for who, each in sorted(fields.items(), key=_by_text)
            for path in each.paths()
        ]

    def paths(self) -> list[Path]:
        """The fields."""
        return [path for _, path in self._found]

    def status(self) -> StatusError:
        """409, naming each field and its owner."""
        causes = [
            {
                "reason": "FieldManagerConflict",
                "message": f"conflict with {who.shown()}",
                "field": fieldset.shown(path),
            }
            for who, path in self._found
        ]
        return StatusError(409, "Conflict", self._message(), details={"causes": causes})

    def _message(self) -> str:
        if len(self._found) == 1:
            [(who, path)] = self._found
            shown = fieldset.shown(path)
            return f"Apply failed with 1 conflict: conflict with {who.shown()}: {shown}"
        lines: list[str] = []
        for who in dict.fromkeys(who for who, _ in self._found):
            lines.append(f"conflicts with {who.shown()}:")
            lines += [f"- {fieldset.shown(path)}" for each, path in self._found if each == who]
        return f"Apply failed with {len(self._found)} conflicts: " + "\n".join(lines)


def _by_text(item: tuple[Manager, FieldSet]) -> str:
    return repr(item[0])
