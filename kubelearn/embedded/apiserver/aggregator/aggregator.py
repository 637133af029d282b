"""Follows the APIServices: which servers there are, whether they answer, what they serve.

Stands for k8s.io/kube-aggregator `pkg/apiserver/apiserver.go` with its controllers. The resources
of another server become kinds like any other, so that discovery, roles and clients know them; only
requests for their objects are handed on. Left out: their OpenAPI, so that `kubectl explain` knows
no fields of them.
"""

from __future__ import annotations

import logging
import math
import random as randomness
from typing import NoReturn

from kubelearn.embedded.apiserver.aggregator.autoregister import OWN_GROUP, USER, AutoRegister
from kubelearn.embedded.apiserver.aggregator.backend import Backend, Certificate
from kubelearn.embedded.apiserver.encoding import decode
from kubelearn.embedded.apiserver.kinds import Kind
from kubelearn.embedded.apiserver.registries import Registries
from kubelearn.embedded.apiserver.serviceresolver import Unavailable
from kubelearn.embedded.apiserver.status import StatusError
from kubelearn.embedded.apiserver.write import Write
from kubelearn.embedded.clock import Clock
from kubelearn.embedded.store import StoreFailed
from kubelearn.objects import Object, set_condition, timestamp

_log = logging.getLogger(__name__)

# Seconds: how often APIServices are looked at, and how often a server that answers is asked again.
_INTERVAL, _STAYS_AVAILABLE = 1.0, 5.0

GroupVersion = tuple[str, str]


class Aggregator:
    """The servers behind this one, by group and version."""

    def __init__(
        self,
        registries: Registries,
        *,
        clock: Clock,
        random: randomness.Random,
        certificate: Certificate | None,
    ) -> None:
        self._registries = registries
        self._kinds = registries.kinds
        self._clock = clock
        self._random = random
        self._certificate = certificate
        self._auto_register = AutoRegister(registries)
        self._backends: dict[GroupVersion, Backend] = {}
        self._remote_kinds: dict[GroupVersion, list[Kind]] = {}
        self._checked: dict[GroupVersion, float] = {}
        self._generation = -1

    def backend(self, group: str, version: str) -> Backend | None:
        """The server that answers for a group and version, if it is not this one."""
        return self._backends.get((group, version))

    async def run(self) -> NoReturn:
        """Follow until cancelled."""
        while True:
            try:
                await self.sync()
            except (StatusError, StoreFailed) as error:
                _log.warning("APIServices: %s", error)
            await self._clock.sleep(_INTERVAL)

    async def close(self) -> None:
        """Give all connections back."""
        for backend in self._backends.values():
            await backend.close()

    async def sync(self) -> None:
        """Look at everything once."""
        services = self._services()
        await self._follow(services)
        generation = self._kinds.generation
        if self._generation != generation:
            await self._auto_register.sync(remote=set(self._backends))
            self._generation = generation
        now = self._clock.monotonic()
        for place, backend in self._backends.items():
            if (
                not backend.available
                or now - self._checked.get(place, -math.inf) >= _STAYS_AVAILABLE
            ):
                self._checked[place] = now
                await self._check(place, backend, services[place])

    def _services(self) -> dict[GroupVersion, Object]:
        """The APIServices of other servers; none can take the place of what is served here."""
        registry = self._registries.resource("apiservices", OWN_GROUP)
        found = {}
        for kv in registry.store.range(registry.prefix()):
            obj = decode(kv.value)
            place = (obj["spec"].get("group", ""), obj["spec"].get("version", ""))
            local = self._kinds.in_group(*place) and place not in self._remote_kinds
            if obj["spec"].get("service") and not local:
                found[place] = obj
        return found

    async def _follow(self, services: dict[GroupVersion, Object]) -> None:
        for place in [*self._backends]:
            if place not in services or services[place]["spec"] != self._backends[place].spec:
                await self._backends.pop(place).close()
        for place in self._remote_kinds.keys() - services.keys():
            self._serve(place, [])
        for place in services.keys() - self._backends.keys():
            self._backends[place] = Backend(
                services[place]["spec"],
                store=self._registries.store,
                random=self._random,
                certificate=self._certificate,
            )

    async def _check(self, place: GroupVersion, backend: Backend, service: Object) -> None:
        try:
            resources = await backend.discover(USER)
        except Unavailable as problem:
            backend.available = False
            await self._tell(service, "False", problem.reason, problem.message)
            return
        self._serve(place, [_kind(place, each) for each in resources if "/" not in each["name"]])
        backend.available = True
        await self._tell(service, "True", "Passed", "all checks passed")

    def _serve(self, place: GroupVersion, kinds: list[Kind]) -> None:
        """Let these be the kinds of a group and version; nothing happens when they are already."""
        before = self._remote_kinds.get(place, [])
        for kind in before:
            if kind not in kinds:
                self._kinds.remove(kind)
        for kind in kinds:
            if kind not in before:
                self._kinds.add(kind)
        if kinds:
            self._remote_kinds[place] = kinds
        else:
            self._remote_kinds.pop(place, None)

    async def _tell(self, service: Object, status: str, reason: str, message: str) -> None:
        """Write the condition Available, if it says something else than before."""
        conditions = (service.get("status") or {}).get("conditions") or []
        new = {"type": "Available", "status": status, "reason": reason, "message": message}
        if any(new.items() <= each.items() for each in conditions):
            return
        new["lastTransitionTime"] = timestamp(self._clock.now())
        registry = self._registries.resource("apiservices", OWN_GROUP)
        write = Write(user=USER, name=service["metadata"]["name"], subresource="status")

        def change(old: Object | None) -> Object:
            return {**(old or {}), "status": {"conditions": set_condition(conditions, new)}}

        try:
            await registry.update(
                write,
                change,
                prepare=registry.strategy.prepare_for_status_update,
                validate=lambda kind, new, old: [],
            )
        except StatusError as error:
            if error.reason != "NotFound":
                raise


def _kind(place: GroupVersion, resource: Object) -> Kind:
    group, version = place
    return Kind(
        group,
        version,
        resource["name"],
        resource["kind"],
        namespaced=bool(resource.get("namespaced")),
        singular=resource.get("singularName", ""),
        short_names=tuple(resource.get("shortNames") or ()),
        categories=tuple(resource.get("categories") or ()),
        verbs=tuple(resource.get("verbs") or ()),
    )
