"""Scale: how many replicas, for whoever does not care of what.

Stands for `ScaleREST` in k8s.io/kubernetes `pkg/registry/apps/*/storage/storage.go` and in
k8s.io/apiextensions-apiserver `pkg/registry/customresource/etcd.go`.
"""

from __future__ import annotations

import copy
from functools import partial

import orjson
from aiohttp import web

from kubelearn.embedded.apiserver import response
from kubelearn.embedded.apiserver.apiextensions.replicas import replicas_of, set_replicas
from kubelearn.embedded.apiserver.kinds import Kind
from kubelearn.embedded.apiserver.negotiation import patch_type
from kubelearn.embedded.apiserver.options import WriteOptions, write_options
from kubelearn.embedded.apiserver.owners import ApplyPatch, Owners
from kubelearn.embedded.apiserver.patching import Patch
from kubelearn.embedded.apiserver.registry import Change, Registry
from kubelearn.embedded.apiserver.request import Request
from kubelearn.embedded.apiserver.resources import Resources, check_name, write_of
from kubelearn.embedded.apiserver.status import Cause, bad_request, internal, invalid, quote
from kubelearn.embedded.apiserver.subresources.scaleowners import ScaleOwners
from kubelearn.embedded.apiserver.write import Part
from kubelearn.labelselector import format_selector
from kubelearn.objects import Object

# Upstream's sign for an object that does not say how many it wants: the smallest int32.
_UNSET = -(2**31)
SCALE = Kind("autoscaling", "v1", "scales", "Scale", type_name="autoscaling.v1.Scale")


class Scales:
    """Handlers for the subresource `scale`."""

    def __init__(self, resources: Resources) -> None:
        self._resources = resources

    async def serve(self, request: Request, registry: Registry) -> web.StreamResponse:
        """Read or change the number of replicas."""
        match request.info.verb:
            case "get":
                found = registry.get(request.info.namespace, request.info.name)
                return await _answer(request, registry, found.value)
            case "update":
                options = write_options(request.query, kind="UpdateOptions")
                sent = await self._resources.read(request, SCALE, options)
                check_name(request, sent)
                return await self._change(request, registry, options, lambda _: sent)
        kind = patch_type(request.content_type, custom=registry.kind.custom is not None)
        options = write_options(request.query, kind="PatchOptions", is_apply=kind == "apply")
        body = await request.body()
        if request.audit:
            request.audit.sent_patch(body)
        if kind == "apply":
            return await self._apply(request, registry, options, body)
        patch = Patch(
            body,
            patch_type=kind,
            kind=SCALE,
            validation=options.field_validation,
            warnings=request.warnings,
        )
        return await self._change(
            request, registry, options, lambda old: patch.apply(_scale(registry.kind, old or {}))
        )

    async def _apply(
        self, request: Request, registry: Registry, options: WriteOptions, body: bytes
    ) -> web.StreamResponse:
        write, part = write_of(request, options), _part(registry.kind)
        write.part, owners = part, ScaleOwners(registry, part)
        validation = options.field_validation
        wish = ApplyPatch(body, owners, write, force=options.force, validation=validation)
        value, _ = await registry.update(write, wish.apply)
        return await _answer(request, registry, value)

    async def _change(
        self, request: Request, registry: Registry, options: WriteOptions, scaled: Change
    ) -> web.StreamResponse:
        write = write_of(request, options)
        write.part = _part(registry.kind)
        owners = Owners(registry.kind, registry, "scale")

        def change(old: Object | None) -> Object:
            old = old or {}
            scale = scaled(copy.deepcopy(old))
            registry.check_precondition(old["metadata"], uid=scale["metadata"].get("uid"))
            new = _with_scale(registry.kind, old, scale)
            if registry.kind.custom:
                owners.update(old, new, write)
                return new
            shown = _without_zero(new)
            owners.update(_without_zero(old), shown, write)
            return {**new, "metadata": shown["metadata"]}

        value, _ = await registry.update(write, change)
        return await _answer(request, registry, value)


def _part(kind: Kind) -> Part:
    return Part(SCALE, partial(_scale, kind), partial(_with_scale, kind))


def _scale(kind: Kind, obj: Object) -> Object:
    """The Scale of an object, wherever its kind keeps the replicas."""
    if not kind.custom:
        return scale_of(obj)
    found = replicas_of(kind.custom, obj)
    if found.wanted is None:
        return _shown(obj, _UNSET, found.actual, found.selector)
    return _shown(obj, found.wanted, found.actual, found.selector)


def scale_of(obj: Object) -> Object:
    """The Scale that shows the replicas of a built-in kind's object."""
    spec, status = obj["spec"], obj.get("status") or {}
    selector = spec.get("selector")
    if obj["kind"] == "ReplicationController":
        selector = {"matchLabels": selector or {}}
    text = format_selector(selector)
    return _shown(obj, spec.get("replicas", 0), status.get("replicas", 0), text)


def _shown(obj: Object, wanted: int, actual: int, selector: str) -> Object:
    meta = obj["metadata"]
    names = ("name", "namespace", "uid", "resourceVersion", "creationTimestamp")
    return {
        "kind": SCALE.kind,
        "apiVersion": SCALE.api_version,
        "metadata": {name: meta[name] for name in names if name in meta},
        "spec": {"replicas": wanted} if wanted else {},
        "status": {"replicas": actual, **({"selector": selector} if selector else {})},
    }


def _without_zero(obj: Object) -> Object:
    """The object as its Scale shows it: of no replicas there is no field, so nobody owns it."""
    spec = {name: each for name, each in obj["spec"].items() if name != "replicas" or each}
    return {**obj, "spec": spec, "metadata": dict(obj["metadata"])}


def _with_scale(kind: Kind, obj: Object, scale: Object) -> Object:
    """The object with the replicas of a Scale. Raises 400 and 422."""
    meta, replicas = scale["metadata"], (scale.get("spec") or {}).get("replicas", 0)
    _check_replicas(kind, obj, replicas)
    new = copy.deepcopy(obj)
    stored = obj["metadata"]["resourceVersion"]
    if kind.custom:
        set_replicas(kind.custom, new, replicas)
        new["metadata"]["resourceVersion"] = meta.get("resourceVersion") or stored
    else:
        new["spec"]["replicas"] = replicas
        new["metadata"]["resourceVersion"] = meta.get("resourceVersion")
    return new


def _check_replicas(kind: Kind, obj: Object, replicas: int) -> None:
    if kind.custom and replicas == _UNSET:
        path = (kind.custom.scale or {})["specReplicasPath"]
        raise bad_request(f"the spec replicas field {quote(path)} cannot be empty")
    if replicas < 0 and not kind.custom:
        text = f"Invalid value: {replicas}: must be greater than or equal to 0"
        cause = Cause("FieldValueInvalid", text, "spec.replicas")
        raise invalid(SCALE.kind, SCALE.group, obj["metadata"]["name"], [cause])


async def _answer(request: Request, registry: Registry, value: bytes) -> web.Response:
    request.kind = SCALE
    await registry.strategy.convert_ahead([value])
    scale = _scale(registry.kind, registry.strategy.load(value))
    if scale["spec"].get("replicas") == _UNSET and registry.kind.custom:
        path = (registry.kind.custom.scale or {})["specReplicasPath"]
        raise internal(f"the spec replicas field {quote(path)} does not exist")
    if request.audit:
        request.answered = orjson.dumps(scale)
    shown = response.transformed(request, scale, clock=registry.clock)
    return response.document(request, shown)
