"""Eviction: a deletion that asks the pod's disruption budget first.

Stands for k8s.io/kubernetes `pkg/registry/core/pod/storage/eviction.go`.
"""

from __future__ import annotations

from typing import Any

from aiohttp import web

from kubelearn.embedded.apiserver import response
from kubelearn.embedded.apiserver.deletion import delete
from kubelearn.embedded.apiserver.encoding import decode
from kubelearn.embedded.apiserver.kinds import Kind
from kubelearn.embedded.apiserver.options import DeleteOptions, delete_options, write_options
from kubelearn.embedded.apiserver.registries import Registries
from kubelearn.embedded.apiserver.registry import Registry
from kubelearn.embedded.apiserver.request import Request
from kubelearn.embedded.apiserver.resources import Resources, write_of
from kubelearn.embedded.apiserver.status import (
    StatusError,
    bad_request,
    forbidden,
    success,
    too_many_requests,
    unknown,
)
from kubelearn.embedded.apiserver.write import Write
from kubelearn.labelselector import matches
from kubelearn.objects import TERMINAL_PHASES, Object, is_ready, set_condition, timestamp

EVICTION = Kind("policy", "v1", "evictions", "Eviction", type_name="policy.v1.Eviction")
# So many granted evictions that the controller has not seen yet mean that it does not run.
_MAX_DISRUPTED_PODS = 2000
_TOO_MANY = "Cannot evict pod as it would violate the pod's disruption budget."


class Evictions:
    """Handlers for the subresource `eviction`."""

    def __init__(self, resources: Resources, registries: Registries) -> None:
        self._resources = resources
        self._registries = registries

    async def serve(self, request: Request, registry: Registry) -> web.StreamResponse:
        """Evict the pod in the path."""
        options = write_options(request.query, kind="CreateOptions")
        eviction = await self._resources.read(request, EVICTION, options)
        if eviction["metadata"].get("name") != request.info.name:
            raise bad_request("name in URL does not match name in Eviction object")
        how = delete_options({}, eviction.get("deleteOptions"))
        how.dry_run = how.dry_run or options.dry_run
        write = write_of(request, options)
        write.dry_run = how.dry_run
        await registry.admission.create_part(registry, write, EVICTION, eviction)
        pod = decode(registry.get(write.namespace, write.name).value)
        if not _ignores_budget(pod):
            await self._ask_budget(pod, write, how)
        await _delete(registry, write, how)
        return response.document(request, success(code=201), status=201)

    async def _ask_budget(self, pod: Object, write: Write, how: DeleteOptions) -> None:
        """Take one disruption off the budget that guards the pod; raises 429 if it has none."""
        registry = self._registries.resource("poddisruptionbudgets", "policy")
        guards = [
            budget
            for kv in registry.store.range(registry.prefix(write.namespace))
            if _guards(budget := decode(kv.value), pod)
        ]
        if len(guards) > 1:
            raise unknown(
                "This pod has more than one PodDisruptionBudget, "
                "which the eviction subresource does not support."
            )
        if not guards or (not is_ready(pod) and _spares_unhealthy(guards[0])):
            if guards:
                how.resource_version = how.resource_version or pod["metadata"]["resourceVersion"]
            return
        now = timestamp(registry.clock.now())
        name = guards[0]["metadata"]["name"]
        change = Write(user=write.user, namespace=write.namespace, name=name, dry_run=write.dry_run)
        await registry.update(
            change,
            lambda budget: _decremented(budget or {}, pod, now=now),
            prepare=registry.strategy.prepare_for_status_update,
            validate=lambda kind, new, old: [],
        )


def _ignores_budget(pod: Object) -> bool:
    """A pod that is over, not begun or on its way out serves nobody."""
    phase = (pod.get("status") or {}).get("phase")
    return "deletionTimestamp" in pod["metadata"] or phase in (*TERMINAL_PHASES, "Pending")


def _guards(budget: Object, pod: Object) -> bool:
    return matches(budget["spec"].get("selector"), pod["metadata"].get("labels"))


def _spares_unhealthy(budget: Object) -> bool:
    """Whether pods that are not ready may go without being counted."""
    status: dict[str, Any] = budget.get("status") or {}
    if budget["spec"].get("unhealthyPodEvictionPolicy") == "AlwaysAllow":
        return True
    desired = status.get("desiredHealthy", 0)
    return bool(desired > 0 and status.get("currentHealthy", 0) >= desired)


def _decremented(budget: Object, pod: Object, *, now: str) -> Object:
    meta, status = budget["metadata"], budget.setdefault("status", {})
    name = meta["name"]
    if status.get("observedGeneration", 0) < meta.get("generation", 0):
        raise _refused(f"The disruption budget {name} is still being processed by the server.")
    allowed = status.get("disruptionsAllowed", 0)
    if allowed < 0:
        raise _not_allowed(name, "pdb disruptions allowed is negative")
    if len(status.get("disruptedPods") or {}) > _MAX_DISRUPTED_PODS:
        raise _not_allowed(
            name, "DisruptedPods map too big - too many evictions not confirmed by PDB controller"
        )
    if allowed == 0:
        raise _refused(
            f"The disruption budget {name} needs {status.get('desiredHealthy', 0)} healthy pods "
            f"and has {status.get('currentHealthy', 0)} currently"
        )
    status["disruptionsAllowed"] = allowed - 1
    status["disruptedPods"] = {**(status.get("disruptedPods") or {}), pod["metadata"]["name"]: now}
    return budget


def _refused(cause: str) -> StatusError:
    causes = [{"reason": "DisruptionBudget", "message": cause}]
    return too_many_requests(_TOO_MANY, causes=causes)


def _not_allowed(name: str, problem: str) -> StatusError:
    return forbidden("poddisruptionbudgets", "policy", name, problem)


async def _delete(registry: Registry, write: Write, how: DeleteOptions) -> None:
    """Say in the pod why it goes, then delete it."""
    condition = {
        "type": "DisruptionTarget",
        "status": "True",
        "lastProbeTime": None,
        "lastTransitionTime": timestamp(registry.clock.now()),
        "reason": "EvictionByEvictionAPI",
        "message": "Eviction API: evicting",
    }

    def mark(pod: Object | None) -> Object:
        pod = pod or {}
        status = pod.setdefault("status", {})
        status["conditions"] = set_condition(status.get("conditions") or [], condition)
        return pod

    if not write.dry_run:
        value, _ = await registry.update(
            write,
            mark,
            prepare=registry.strategy.prepare_for_status_update,
            validate=lambda kind, new, old: [],
        )
        if how.resource_version is not None:
            how.resource_version = decode(value)["metadata"]["resourceVersion"]
    await delete(registry, write, how)
