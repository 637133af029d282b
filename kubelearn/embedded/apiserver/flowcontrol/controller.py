"""Sorts requests into flows, as the FlowSchemas of the moment say.

Stands for k8s.io/apiserver `pkg/util/flowcontrol/apf_controller.go` and for the filter in
`pkg/server/filters/priority-and-fairness.go`.
"""

from __future__ import annotations

import asyncio
import copy
from collections.abc import Sequence
from contextlib import closing, suppress

from aiohttp import web

from kubelearn.embedded.apiserver.authentication import LOOPBACK
from kubelearn.embedded.apiserver.encoding import decode
from kubelearn.embedded.apiserver.flowcontrol.levels import Flow, Level
from kubelearn.embedded.apiserver.flowcontrol.matching import means
from kubelearn.embedded.apiserver.flowcontrol.standard import GROUP
from kubelearn.embedded.apiserver.owners import Owners
from kubelearn.embedded.apiserver.registries import Registries
from kubelearn.embedded.apiserver.registry import Registry
from kubelearn.embedded.apiserver.request import Request
from kubelearn.embedded.apiserver.status import StatusError
from kubelearn.embedded.apiserver.write import Write
from kubelearn.embedded.store import StoreFailed
from kubelearn.objects import Object, condition, set_condition, timestamp

_SEATS = 600
"""Upstream's `--max-requests-inflight` and `--max-mutating-requests-inflight` together."""
_REMEMBERED = 4096
_MANAGER = "api-priority-and-fairness-config-consumer-v1"
_LONG_VERBS = frozenset({"watch", "proxy"})
_LONG_PARTS = frozenset({"attach", "exec", "log", "portforward", "proxy"})


class FlowControl:
    """The flows of one server; `run` follows its FlowSchemas and levels."""

    def __init__(self, registries: Registries, *, seats: int = _SEATS) -> None:
        self._schemas = registries.resource("flowschemas", GROUP)
        self._configurations = registries.resource("prioritylevelconfigurations", GROUP)
        self._owners = Owners(self._schemas.kind, self._schemas, "status")
        self._seats = seats
        self._levels: dict[str, Level] = {}
        self._order: list[tuple[Object, Flow]] = []
        # Most requests are like one before.
        self._known: dict[tuple[object, ...], Flow] = {}

    def flow_of(self, request: Request) -> Flow | None:
        """To what a request belongs; None before there are any flows."""
        user, info = request.user, request.info
        target = (info.group, info.resource, info.subresource, info.namespace)
        key = (user.name, user.groups, info.verb, *(target if target[1] else (info.path,)))
        found = self._known.get(key)
        if found is None:
            flows = (flow for spec, flow in self._order if means(spec, user, info))
            found = next(flows, None)
            if found is not None:
                if len(self._known) >= _REMEMBERED:
                    self._known.clear()
                self._known[key] = found
        return found

    def seats(self) -> dict[tuple[str, ...], int]:
        """How many requests each level serves at once; 0 for those without a limit."""
        return {(name,): level.seats or 0 for name, level in self._levels.items()}

    def load(self) -> None:
        """Take the objects as they are now."""
        self._known.clear()
        stored = {obj["metadata"]["name"]: obj for obj in _stored(self._configurations)}
        shares = sum(_shares(obj) for obj in stored.values())
        known, self._levels = self._levels, {}
        for name, obj in stored.items():
            uid = obj["metadata"]["uid"]
            same = name in known and known[name].uid == uid
            level = self._levels[name] = known[name] if same else Level(uid)
            level.configure(obj["spec"], total=self._seats, shares=shares)
        self._order = [
            (schema["spec"], Flow(schema["metadata"]["uid"], self._levels[_level_of(schema)]))
            for schema in sorted(_stored(self._schemas), key=_precedence)
            if _level_of(schema) in self._levels
        ]

    async def run(self) -> None:
        """Take changes as they come, and tell in the FlowSchemas whether their levels exist."""
        revision = self._schemas.store.revision
        self.load()
        await self._tell()
        await asyncio.gather(
            self._follow(self._schemas, revision), self._follow(self._configurations, revision)
        )

    async def _follow(self, registry: Registry, revision: int) -> None:
        with closing(registry.store.watch(registry.prefix(), after=revision)) as changes:
            async for _ in changes:
                self.load()
                await self._tell()

    async def _tell(self) -> None:
        for schema in _stored(self._schemas):
            wanted = _dangling(schema, self._levels)
            known = condition(schema, "Dangling") or {}
            if {name: known.get(name) for name in wanted} != wanted:
                await self._set_condition(schema["metadata"]["name"], wanted)

    async def _set_condition(self, name: str, wanted: Object) -> None:
        write = Write(user=LOOPBACK, name=name, subresource="status", manager=_MANAGER)
        now = timestamp(self._schemas.clock.now())

        def changed(old: Object | None) -> Object:
            new = copy.deepcopy(old or {})
            status = new.setdefault("status", {})
            told = {**wanted, "lastTransitionTime": now}
            status["conditions"] = set_condition(status.get("conditions") or [], told)
            self._owners.update(old, new, write)
            return new

        # Gone or changed meanwhile: that is another event.
        with suppress(StatusError, StoreFailed):
            await self._schemas.update(
                write,
                changed,
                prepare=self._schemas.strategy.prepare_for_status_update,
                validate=lambda *_: [],
            )


def takes_long(request: Request) -> bool:
    """Whether a request stays for as long as its client likes, and takes no seat."""
    info = request.info
    return info.verb in _LONG_VERBS or info.subresource in _LONG_PARTS


def mark(answer: web.StreamResponse, flow: Flow | None) -> None:
    """Tell in an answer to which flow it belongs."""
    if flow is not None:
        answer.headers["X-Kubernetes-PF-FlowSchema-UID"] = flow.schema
        answer.headers["X-Kubernetes-PF-PriorityLevel-UID"] = flow.level.uid


def _stored(registry: Registry) -> list[Object]:
    return [decode(kv.value) for kv in registry.store.range(registry.prefix())]


def _level_of(schema: Object) -> str:
    return str(schema["spec"]["priorityLevelConfiguration"]["name"])


def _precedence(schema: Object) -> tuple[int, str]:
    return schema["spec"]["matchingPrecedence"], schema["metadata"]["name"]


def _shares(configuration: Object) -> int:
    spec = configuration["spec"]
    own = spec.get("limited") or spec.get("exempt") or {}
    return int(own.get("nominalConcurrencyShares", 0))


def _dangling(schema: Object, levels: dict[str, Level] | Sequence[str]) -> Object:
    name = _level_of(schema)
    start = f'This FlowSchema references the PriorityLevelConfiguration object named "{name}"'
    if name in levels:
        told = {"status": "False", "reason": "Found", "message": f"{start} and it exists"}
    else:
        problem = f"{start} but there is no such object"
        told = {"status": "True", "reason": "NotFound", "message": problem}
    return {"type": "Dangling", **told}
