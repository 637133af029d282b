"""An informer's copy, with newer states on top that it has yet to show.

Upstream: pkg/scheduler/util/assumecache, and the caches of the volume binder. Whoever decides
something must not decide on old facts a moment later, before the API server has told of it.
"""

from __future__ import annotations

from kubelearn.embedded.informer import Informer
from kubelearn.objects import Object, key


class AssumeCache:
    """What is known of one resource's objects, assumptions included."""

    def __init__(self, informer: Informer) -> None:
        self._informer = informer
        self._assumed: dict[str, Object] = {}

    def get(self, object_key: str) -> Object | None:
        """The object of that key, if it is there."""
        known = self._informer.get(object_key)
        assumed = self._assumed.get(object_key)
        if assumed is None:
            return known
        if known is None or _is_newer(known, assumed):
            del self._assumed[object_key]
            return known
        return assumed

    def items(self) -> list[Object]:
        """All objects."""
        found = (self.get(key(obj)) for obj in self._informer.items())
        return [obj for obj in found if obj is not None]

    def assume(self, obj: Object) -> None:
        """Take the object to be like this until the informer shows a newer version."""
        self._assumed[key(obj)] = obj

    def restore(self, object_key: str) -> None:
        """Take an assumption back."""
        self._assumed.pop(object_key, None)


def _is_newer(known: Object, assumed: Object) -> bool:
    before, after = assumed["metadata"], known["metadata"]
    return before["uid"] != after["uid"] or int(after["resourceVersion"]) > int(
        before["resourceVersion"]
    )
