"""Follows the definitions: gives them their names, serves their kinds, sees to their end.

Stands for the controllers of k8s.io/apiextensions-apiserver `pkg/controller`, which run inside
kube-apiserver as well. Left out: the wait for other API servers.
"""

from __future__ import annotations

import asyncio
import copy
import logging
from collections.abc import Callable
from contextlib import closing
from functools import partial

from kubelearn.embedded.apiserver import validation
from kubelearn.embedded.apiserver.apiextensions.approval import (
    needs_approval_condition,
    set_approval_condition,
)
from kubelearn.embedded.apiserver.apiextensions.conversion import Convert
from kubelearn.embedded.apiserver.apiextensions.conversionwebhook import converter
from kubelearn.embedded.apiserver.apiextensions.definition import (
    is_served,
    served_kinds,
    storage_kind,
)
from kubelearn.embedded.apiserver.apiextensions.finalizer import (
    COMPLETED,
    IN_PROGRESS,
    NEVER_ESTABLISHED,
    delete_instances,
    let_go,
    terminating,
)
from kubelearn.embedded.apiserver.apiextensions.naming import (
    accept_names,
    established,
    is_settled,
    needs_names,
)
from kubelearn.embedded.apiserver.authentication import LOOPBACK
from kubelearn.embedded.apiserver.encoding import decode
from kubelearn.embedded.apiserver.kinds import Kind
from kubelearn.embedded.apiserver.owners import Owners
from kubelearn.embedded.apiserver.registries import Registries
from kubelearn.embedded.apiserver.status import StatusError
from kubelearn.embedded.apiserver.strategy.customresourcedefinition import CLEANUP
from kubelearn.embedded.apiserver.streams import Streams
from kubelearn.embedded.apiserver.write import Write
from kubelearn.embedded.store import StoreFailed
from kubelearn.embedded.workqueue import WorkQueue
from kubelearn.objects import Object, is_true, timestamp

_log = logging.getLogger(__name__)


class Definitions:
    """The CustomResourceDefinitions of one server; `start` serves those that are stored."""

    def __init__(self, registries: Registries, streams: Streams) -> None:
        self._registries = registries
        self._registry = registries.resource("customresourcedefinitions", "apiextensions.k8s.io")
        self._owners = Owners(self._registry.kind, self._registry, "status")
        self._streams = streams
        self._known: dict[str, Object] = {}
        self._served: dict[str, list[Kind]] = {}
        self._queue = WorkQueue(self._registry.clock, name="definitions")
        self._endings: dict[str, asyncio.Task[None]] = {}
        self._tasks: list[asyncio.Task[None]] = []

    async def start(self) -> None:
        """Serve what is defined, then follow what changes."""
        store, prefix = self._registry.store, self._registry.prefix()
        self._queue = WorkQueue(self._registry.clock, name="definitions")
        stored = {kv.key.removeprefix(prefix): kv.value for kv in store.range(prefix)}
        for name in self._known.keys() - stored.keys():
            self._forget(name)
        for name, value in stored.items():
            self._note(name, decode(value))
        self._tasks = [
            asyncio.create_task(self._follow(prefix, store.revision), name="definitions"),
            asyncio.create_task(self._work(), name="definitions sync"),
        ]

    async def stop(self) -> None:
        """Stop following; what is served stays."""
        tasks = [*self._tasks, *self._endings.values()]
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks)
        self._queue.close()
        self._tasks = []

    # --- following -------------------------------------------------------------------------

    async def _follow(self, prefix: str, revision: int) -> None:
        with closing(self._registry.store.watch(prefix, after=revision)) as changes:
            async for events in changes:
                for event in events:
                    name = event.kv.key.removeprefix(prefix)
                    if event.kind == "PUT":
                        self._note(name, decode(event.kv.value))
                    else:
                        self._forget(name)

    def _note(self, name: str, definition: Object) -> None:
        """Take a definition as it is now, and serve it so."""
        before = self._known.get(name)
        if before is not None and _revision(definition) <= _revision(before):
            return  # known already, from this server's own write
        self._known[name] = definition
        if before is None or _served_part(before) != _served_part(definition):
            convert = self._converter(definition)
            self._serve(name, served_kinds(definition, convert) if is_served(definition) else [])
        self._queue.add(name)

    def _converter(self, definition: Object) -> Convert | None:
        conversion = definition["spec"].get("conversion") or {}
        if conversion.get("strategy") != "Webhook":
            return None
        store, random = self._registry.store, self._registry.random
        return converter(conversion["webhook"], store=store, random=random)

    def _forget(self, name: str) -> None:
        group = self._known.pop(name)["spec"]["group"]
        self._serve(name, [])
        self._free_names(group)

    def _serve(self, name: str, kinds: list[Kind]) -> None:
        """Serve these kinds of a definition in place of those before, whose watches end."""
        known = self._registries.kinds
        for kind in self._served.pop(name, []):
            known.remove(kind)
            self._registries.forget(kind)
            self._streams.end(kind)
        # What is built in stays so, whoever defines it anew.
        fresh = [kind for kind in kinds if not known.find(kind.group, kind.version, kind.plural)]
        for kind in fresh:
            known.add(kind)
        self._served[name] = fresh

    def _free_names(self, group: str) -> None:
        """Names may be free now for which other definitions of the group wait."""
        for name, other in self._known.items():
            if other["spec"]["group"] == group:
                self._queue.add(name)

    # --- syncing ---------------------------------------------------------------------------

    async def _work(self) -> None:
        while True:
            name = await self._queue.get()
            try:
                await self._sync(name)
            except (StatusError, StoreFailed) as error:
                self._again(name, error)
            else:
                self._queue.forget(name)
            finally:
                self._queue.done(name)

    async def _sync(self, name: str) -> None:
        definition = self._known.get(name)
        if definition is None:
            return
        if _is_ending(definition):
            self._end_later(name)
        if needs_approval_condition(definition):
            await self._write(name, set_approval_condition)
            definition = self._known.get(name, definition)
        if needs_names(definition):
            await self._accept_names(name, definition)
        elif is_true(definition, "NamesAccepted") and not is_true(definition, "Established"):
            await self._write(name, established)

    async def _accept_names(self, name: str, definition: Object) -> None:
        group = definition["spec"]["group"]
        others = [
            other
            for each, other in self._known.items()
            if each != name and other["spec"]["group"] == group
        ]
        if is_settled(definition, others):
            return
        await self._write(name, partial(accept_names, others=others))
        self._free_names(group)

    async def _write(self, name: str, change: Callable[..., None]) -> None:
        """Change the status of a definition; `change` does it in place and takes the time."""
        write = Write(user=LOOPBACK, name=name, subresource="status", manager="kube-apiserver")
        now = timestamp(self._registry.clock.now())

        def changed(old: Object | None) -> Object:
            new = copy.deepcopy(old or {})
            change(new, now=now)
            self._owners.update(old, new, write)
            return new

        value, _ = await self._registry.update(
            write,
            changed,
            prepare=self._registry.strategy.prepare_for_status_update,
            validate=partial(validation.validate_part_update, subresource="status"),
        )
        if name in self._known and self._registry.store.get(self._registry.key("", name)):
            self._note(name, decode(value))

    def _again(self, name: str, error: StatusError | StoreFailed) -> None:
        if isinstance(error, StatusError) and error.reason == "NotFound":
            return
        _log.warning("definition %s: %s", name, error)
        self._queue.add_rate_limited(name)

    # --- ending ----------------------------------------------------------------------------

    def _end_later(self, name: str) -> None:
        """Objects may take long to go, so each definition has a task of its own for it."""
        if name not in self._endings:
            task = asyncio.create_task(self._end(name), name=f"end of definition {name}")
            self._endings[name] = task
            task.add_done_callback(lambda _: self._endings.pop(name, None))

    async def _end(self, name: str) -> None:
        try:
            await self._write(name, partial(terminating, progress=IN_PROGRESS))
            definition = self._known[name]
            progress = NEVER_ESTABLISHED
            if is_true(definition, "Established"):
                await delete_instances(self._registries.unshared(storage_kind(definition)))
                progress = COMPLETED
            await self._write(name, partial(let_go, progress=progress))
        except (StatusError, StoreFailed) as error:
            self._again(name, error)


def _revision(definition: Object) -> int:
    return int(definition["metadata"]["resourceVersion"])


def _served_part(definition: Object) -> tuple[object, ...]:
    """What the served kinds are made of."""
    names = definition["status"]["acceptedNames"]
    ending = is_true(definition, "Terminating")
    return definition["spec"], names, is_served(definition), ending


def _is_ending(definition: Object) -> bool:
    meta = definition["metadata"]
    return "deletionTimestamp" in meta and CLEANUP in (meta.get("finalizers") or [])
