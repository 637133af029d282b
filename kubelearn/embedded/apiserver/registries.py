"""The registries of all kinds that are served, each made when it is first asked for."""

from __future__ import annotations

import ipaddress
import random as randomness

from kubelearn.embedded.apiserver.encoding import decode
from kubelearn.embedded.apiserver.kinds import Kind, Kinds
from kubelearn.embedded.apiserver.registry import AdmissionControl, Registry
from kubelearn.embedded.apiserver.strategy import strategy_for
from kubelearn.embedded.clock import Clock
from kubelearn.embedded.store import Store
from kubelearn.objects import key


class Registries:
    """Finds the registry of a kind."""

    def __init__(
        self,
        kinds: Kinds,
        *,
        store: Store,
        clock: Clock,
        random: randomness.Random,
        service_cidr: ipaddress.IPv4Network,
        admission: AdmissionControl,
    ) -> None:
        self.kinds = kinds
        self.store = store
        self.clock = clock
        self.random = random
        self.service_cidr = service_cidr
        self._admission = admission
        self._made: dict[Kind, Registry] = {}
        self._restore("services")

    def of(self, kind: Kind) -> Registry:
        """The registry of that kind."""
        made = self._made.get(kind)
        if made is None:
            made = self._made[kind] = self.unshared(kind)
        return made

    def unshared(self, kind: Kind) -> Registry:
        """A registry for one task, of a kind that need not be served."""
        strategy = strategy_for(
            kind, service_cidr=self.service_cidr, random=self.random, clock=self.clock
        )
        return Registry(
            strategy,
            store=self.store,
            clock=self.clock,
            random=self.random,
            admission=self._admission,
        )

    def forget(self, kind: Kind) -> None:
        """Drop the registry of a kind that is served no longer."""
        self._made.pop(kind, None)

    def resource(self, plural: str, group: str = "", version: str = "v1") -> Registry:
        """The registry of a kind that is always there. Raises LookupError for any other."""
        kind = self.kinds.find(group, version, plural)
        if kind is None:
            raise LookupError(f"{plural}.{version}.{group} is not served")
        return self.of(kind)

    def count(self) -> dict[tuple[str, ...], int]:
        """How many objects are stored, by group and resource."""
        kinds = (kind for kind in self.kinds if kind.has_verb("create") and kind.has_verb("get"))
        stored: dict[str, tuple[str, ...]] = {
            kind.storage_prefix: (kind.group, kind.plural) for kind in kinds
        }
        return {name: self.store.count(f"{prefix}/") for prefix, name in stored.items()}

    def _restore(self, plural: str) -> None:
        """Let the stored objects hold what was given to them before this server started."""
        registry = self.resource(plural)
        for kv in self.store.range(registry.prefix()):
            obj = decode(kv.value)
            registry.strategy.settle(key(obj), obj)
