"""What the Tab key offers after `%kubectl` and `%wait`: verbs, kinds, and the names of objects.

A cluster that is slow or gone must not make the editor wait: what it said last is offered, and it
is asked again beside.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable
from typing import Any

from kubelearn.clusters import kinds
from kubelearn.clusters.current import current
from kubelearn.clusters.transport import send
from kubelearn.magics.sentence import Wanted, wanted
from kubelearn.objects import NAMESPACES

# An editor shall not wait longer than this, twice: for the kinds, and for the names of one.
PATIENCE = 0.04
_FRESH = 3.0
_NAMES_ONLY = "application/json;as=PartialObjectMetadataList;v=v1;g=meta.k8s.io,application/json"
_MOST = 500


class Memory:
    """What was learnt last, by key; asked for again beside, when it is old."""

    def __init__(self, *, patience: float = PATIENCE, fresh: float = _FRESH) -> None:
        self._patience, self._fresh = patience, fresh
        self._known: dict[str, tuple[float, Any]] = {}
        self._asked: dict[str, threading.Event] = {}
        self._lock = threading.Lock()

    def recall(self, key: str, learn: Callable[[], Any]) -> Any:
        """What is known, after waiting a moment if that is nothing or old; None for nothing."""
        at, value = self._known.get(key, (0.0, None))
        if value is None or time.monotonic() - at > self._fresh:
            self._ask(key, learn).wait(self._patience)
            _, value = self._known.get(key, (0.0, None))
        return value

    def _ask(self, key: str, learn: Callable[[], Any]) -> threading.Event:
        with self._lock:
            if key in self._asked:
                return self._asked[key]
            answered = self._asked[key] = threading.Event()
        threading.Thread(
            target=self._learn,
            args=[key, learn, answered],
            name="kubelearn completion",
            daemon=True,
        ).start()
        return answered

    def _learn(self, key: str, learn: Callable[[], Any], answered: threading.Event) -> None:
        try:
            self._known[key] = time.monotonic(), learn()
        except Exception:  # whatever a cluster does, the Tab key is no place to complain
            self._known.setdefault(key, (0.0, None))
        finally:
            with self._lock:
                self._asked.pop(key, None)
            answered.set()


class Completion:
    """Answers IPython's completer."""

    def __init__(self, memory: Memory | None = None) -> None:
        self._memory = memory or Memory()

    @property
    def matcher(self) -> Callable[[Any], dict[str, Any]]:
        """What IPython asks."""
        from IPython.core.completer import SimpleCompletion, context_matcher

        @context_matcher(identifier="kubelearn")  # type: ignore[untyped-decorator]
        def kubelearn_matcher(context: Any) -> dict[str, Any]:
            asked = wanted(context.text_until_cursor)
            offers = self.offers(asked) if asked else []
            return {
                "completions": [SimpleCompletion(text=each, type="kubectl") for each in offers],
                "matched_fragment": asked.fragment if asked else "",
                "suppress": bool(offers),
            }

        matcher: Callable[[Any], dict[str, Any]] = kubelearn_matcher
        return matcher

    def offers(self, asked: Wanted) -> list[str]:
        """What fits to what was typed so far, in order."""
        known = list(asked.words) or self._learnt(asked)
        return sorted({word for word in known if word.startswith(asked.fragment)})

    def _learnt(self, asked: Wanted) -> list[str]:
        served: list[kinds.Served] = self._memory.recall("kinds", _served) or []
        if not asked.kind:
            return [each.resource.plural + asked.suffix for each in served]
        named = next((each for each in served if each.is_called(asked.kind)), None)
        if asked.kind == NAMESPACES.plural:
            named = kinds.Served(NAMESPACES, "namespace")
        if named is None:
            return []
        path = named.resource.path(None if named.resource is NAMESPACES else _place(asked))
        names: Iterable[str] = self._memory.recall(path, lambda: _names(path)) or ()
        return [f"{asked.prefix}{name}" for name in names]


def _place(asked: Wanted) -> str | None:
    # Nothing is connected to, let alone started, because of the Tab key's own patience.
    return asked.namespace or current().namespace


def _served() -> list[kinds.Served]:
    return kinds.served(current().cluster.api_client)


def _names(path: str) -> list[str]:
    answer = send(
        current().cluster.api_client, "GET", path, query={"limit": _MOST}, accept=_NAMES_ONLY
    )
    return [str(each["metadata"]["name"]) for each in answer.checked()["items"]]
