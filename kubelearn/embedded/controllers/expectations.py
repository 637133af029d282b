"""Has the cache seen what this controller did itself? Until it has, counting pods would be wrong.

Upstream counts the creations and deletions that it expects to see (`ControllerExpectations` of
pkg/controller/controller_utils.go) and is moving to comparing resource versions
(pkg/controller/util/consistency). This is the second way: an informer that has come as far as the
version of a write has seen it, whatever happened to the object since.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from kubelearn.embedded.informer import Informer
from kubelearn.objects import Object, key


@dataclass
class _Expected:
    version: int = 0
    deleted: dict[str, str] = field(default_factory=dict)


class Expectations:
    """What each owner's key still has to see of its own writes in one informer."""

    def __init__(self, informer: Informer) -> None:
        self._informer = informer
        self._expected: dict[str, _Expected] = {}

    def created(self, owner_key: str, child: Object) -> None:
        """A child was created, as the API server answered."""
        expected = self._expected.setdefault(owner_key, _Expected())
        expected.version = max(expected.version, int(child["metadata"]["resourceVersion"]))

    def deleted(self, owner_key: str, child: Object) -> None:
        """A child's deletion was accepted."""
        expected = self._expected.setdefault(owner_key, _Expected())
        expected.deleted[key(child)] = child["metadata"]["uid"]

    def satisfied(self, owner_key: str) -> bool:
        """Whether the cache shows all of that."""
        expected = self._expected.get(owner_key)
        if expected is None:
            return True
        if expected.version > self._informer.resource_version or any(
            self._lives(child_key, uid) for child_key, uid in expected.deleted.items()
        ):
            return False
        del self._expected[owner_key]
        return True

    def forget(self, owner_key: str) -> None:
        """The owner is gone."""
        self._expected.pop(owner_key, None)

    def _lives(self, child_key: str, uid: str) -> bool:
        child = self._informer.get(child_key)
        if child is None or child["metadata"]["uid"] != uid:
            return False
        return not child["metadata"].get("deletionTimestamp")
