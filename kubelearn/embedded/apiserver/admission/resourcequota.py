"""ResourceQuota: a namespace uses no more than its quotas allow.

Stands for k8s.io/apiserver `pkg/admission/plugin/resourcequota`. The last plugin of all, because it
charges: before an object is stored, what it uses is added to the status of each quota that is about
it, by compare-and-swap, so that of two writes for the last place one is refused. When an object
goes, or is not stored after all, the controller counts again. Left out: a queue that checks the
writes of a namespace in batches, and limits that hold without any quota (a configuration file).
"""

from __future__ import annotations

from kubelearn.embedded.apiserver.admission.namespacelifecycle import refused
from kubelearn.embedded.apiserver.encoding import decode, encode
from kubelearn.embedded.apiserver.registry import Registry
from kubelearn.embedded.apiserver.write import Write
from kubelearn.embedded.quota.evaluators import Evaluator, evaluator_of
from kubelearn.embedded.resourcelists import Amounts, add, exceeded, growth, mask
from kubelearn.embedded.store import KeyValue, Stale
from kubelearn.objects import Object
from kubelearn.quantity import quantity

_IGNORED = {"events"}


async def resource_quota(registry: Registry, write: Write, new: Object, old: Object | None) -> None:
    """Refuse what does not fit into the namespace's quotas, and charge them for what does."""
    if not write.namespace or registry.kind.plural in _IGNORED:
        return
    found = registry.store.range(f"/registry/resourcequotas/{write.namespace}/")
    evaluator = evaluator_of(registry.kind.group, registry.kind.plural)
    if not found or not evaluator.handles(new, old, write.subresource):
        return
    request = _Request(registry, write, evaluator, new=new, old=old)
    # All of them are asked before one is charged.
    asked = [kv for kv in found if request.charge(decode(kv.value))]
    if not write.dry_run:
        for kv in asked:
            await request.settle(kv)


class _Request:
    """One write, as quotas see it."""

    def __init__(
        self,
        registry: Registry,
        write: Write,
        evaluator: Evaluator,
        *,
        new: Object,
        old: Object | None,
    ) -> None:
        self._registry = registry
        self._subresource = write.subresource
        self._evaluator = evaluator
        self._new = new
        self._old = old
        now = registry.clock.now()
        self._usage = evaluator.usage(new, now=now)
        self._before = evaluator.usage(old, now=now) if old is not None else {}

    async def settle(self, kv: KeyValue) -> None:
        """Write the new usage into a quota; look again when somebody else was faster."""
        current: KeyValue | None = kv
        while current is not None:
            quota = decode(current.value)
            charged = self.charge(quota)
            if charged is None:
                return
            quota["status"]["used"] = charged
            try:
                await self._store(current, quota)
            except Stale:
                current = self._registry.store.get(kv.key)
            else:
                return

    async def _store(self, current: KeyValue, quota: Object) -> None:
        await self._registry.store.update(
            current.key,
            lambda revision: encode(quota, revision=revision),
            expected=current.mod_revision,
        )

    def charge(self, quota: Object) -> dict[str, str] | None:
        """What the quota's usage would be; None if the write costs it nothing. Raises 403."""
        status = quota.get("status") or {}
        hard: Amounts = status.get("hard") or {}
        if not self._evaluator.matches(quota, hard, self._new):
            return None
        used: Amounts = status.get("used") or {}
        self._check_known(quota, hard, used)
        cost = mask(self._cost(quota, hard), hard.keys())
        cost = {name: value for name, value in cost.items() if quantity(value)}
        if not cost:
            return None
        total = add(used, cost)
        over = exceeded(mask(total, cost.keys()), hard)
        if over and self._subresource != "status":
            requested, before, limited = (_text(each, over) for each in (cost, used, hard))
            raise self._refused(
                f"exceeded quota: {_name(quota)}, requested: {requested}, used: {before}, "
                f"limited: {limited}"
            )
        return total

    def _check_known(self, quota: Object, hard: Amounts, used: Amounts) -> None:
        names = self._evaluator.concerned(hard)
        if missing := self._evaluator.missing(names, self._new):
            raise self._refused(f"failed quota: {_name(quota)}: {missing}")
        if names - used.keys():
            resources = ",".join(sorted(names))
            raise self._refused(f"status unknown for quota: {_name(quota)}, resources: {resources}")

    def _cost(self, quota: Object, hard: Amounts) -> dict[str, str]:
        """What the write adds: all of the object, if the quota was not about the old one."""
        if self._old is None or not self._evaluator.matches(quota, hard, self._old):
            return self._usage
        return growth(self._usage, self._before)

    def _refused(self, problem: str) -> Exception:
        return refused(self._registry, self._new, problem)


def _name(quota: Object) -> str:
    name: str = quota["metadata"]["name"]
    return name


def _text(amounts: Amounts, names: set[str]) -> str:
    return ",".join(f"{name}={amounts[name]}" for name in sorted(names) if name in amounts)
