"""Binding: the scheduler's decision, written into the pod.

Stands for `BindingREST` in k8s.io/kubernetes `pkg/registry/core/pod/storage/storage.go`.
"""

from __future__ import annotations

from aiohttp import web

from kubelearn.embedded.apiserver import response
from kubelearn.embedded.apiserver.kinds import Kind
from kubelearn.embedded.apiserver.options import write_options
from kubelearn.embedded.apiserver.registry import Registry
from kubelearn.embedded.apiserver.request import Request
from kubelearn.embedded.apiserver.resources import Resources, write_of
from kubelearn.embedded.apiserver.status import (
    FieldProblem,
    StatusError,
    bad_request,
    conflict,
    success,
    unknown,
)
from kubelearn.embedded.apiserver.strategy.pod import scheduled_condition
from kubelearn.objects import Object, set_condition, timestamp

BINDING = Kind("", "v1", "bindings", "Binding", type_name="core.v1.Binding")


class Bindings:
    """Handlers for `pods/binding` and for its older form, POST of a Binding."""

    def __init__(self, resources: Resources) -> None:
        self._resources = resources

    async def serve(self, request: Request, registry: Registry) -> web.StreamResponse:
        """Bind the pod in the path. Raises 409 if it has a node already."""
        options = write_options(request.query, kind="CreateOptions")
        binding = await self._resources.read(request, BINDING, options)
        name = request.info.name or binding["metadata"].get("name", "")
        if binding["metadata"].get("name") != name:
            raise bad_request("name in URL does not match name in Binding object")
        target = binding.get("target") or {}
        if not target.get("name"):
            raise unknown("target.name: Required value")
        write = write_of(request, options)
        write.name = name
        await registry.admission.create_part(registry, write, BINDING, binding)

        def change(pod: Object | None) -> Object:
            pod, sent = pod or {}, binding["metadata"]
            registry.check_precondition(
                pod["metadata"],
                uid=sent.get("uid"),
                resourceVersion=sent.get("resourceVersion"),
            )
            return _bound(pod, binding, now=timestamp(registry.clock.now()))

        await registry.update(
            write,
            change,
            prepare=_keep_everything,
            validate=_accept,
        )
        return response.document(request, success(code=201), status=201)


def _bound(pod: Object, binding: Object, *, now: str) -> Object:
    meta, spec, sent = pod["metadata"], pod["spec"], binding["metadata"]
    name = meta["name"]
    if "deletionTimestamp" in meta:
        raise _refused(name, f"pod {name} is being deleted, cannot be assigned to a host")
    if spec.get("nodeName"):
        raise _refused(name, f'pod {name} is already assigned to node "{spec["nodeName"]}"')
    if spec.get("schedulingGates"):
        raise _refused(name, f"pod {name} has non-empty .spec.schedulingGates")
    spec["nodeName"] = binding["target"]["name"]
    for field in ("annotations", "labels"):
        if sent.get(field):
            meta[field] = {**(meta.get(field) or {}), **sent[field]}
    status = pod.setdefault("status", {})
    status.pop("nominatedNodeName", None)
    status["conditions"] = set_condition(status.get("conditions") or [], scheduled_condition(now))
    return pod


def _refused(name: str, problem: str) -> StatusError:
    return conflict("pods/binding", "", name, problem)


def _keep_everything(new: Object, old: Object) -> None:
    """Binding writes spec and status at once, and makes no new generation."""


def _accept(kind: Kind, new: Object, old: Object) -> list[FieldProblem]:
    return []
