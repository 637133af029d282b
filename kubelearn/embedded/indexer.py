"""Objects by key, and by whatever else is asked for: client-go's `cache.Indexer`."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable

from kubelearn.objects import Object, key

Index = Callable[[Object], Iterable[str]]


class Indexer:
    """A store in which every object is also found by the values of index functions."""

    def __init__(self) -> None:
        self._objects: dict[str, Object] = {}
        self._functions: dict[str, Index] = {}
        self._indexes: dict[str, defaultdict[str, dict[str, Object]]] = {}

    def get(self, object_key: str) -> Object | None:
        """The object of that key, if it is there."""
        return self._objects.get(object_key)

    def items(self) -> list[Object]:
        """All objects, as a list of its own."""
        return list(self._objects.values())

    def by_index(self, name: str, value: str) -> list[Object]:
        """The objects for which the index function gave that value."""
        return list(self._indexes[name].get(value, {}).values())

    def add_index(self, name: str, function: Index) -> None:
        """Make objects findable by what `function` gives for them. Once per name is enough."""
        if name in self._functions:
            return
        self._functions[name] = function
        self._indexes[name] = defaultdict(dict)
        for object_key, obj in self._objects.items():
            for value in function(obj):
                self._indexes[name][value][object_key] = obj

    def put(self, obj: Object) -> Object | None:
        """Store an object; the one that it replaces, if any, is returned."""
        object_key = key(obj)
        old = self.remove(object_key)
        self._objects[object_key] = obj
        for name, function in self._functions.items():
            for value in function(obj):
                self._indexes[name][value][object_key] = obj
        return old

    def remove(self, object_key: str) -> Object | None:
        """Take an object out, if it is there."""
        obj = self._objects.pop(object_key, None)
        if obj is not None:
            for name, function in self._functions.items():
                for value in function(obj):
                    self._remove_from(self._indexes[name], value, object_key)
        return obj

    @staticmethod
    def _remove_from(
        index: defaultdict[str, dict[str, Object]], value: str, object_key: str
    ) -> None:
        index[value].pop(object_key, None)
        if not index[value]:
            del index[value]
