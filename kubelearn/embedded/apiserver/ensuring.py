"""Objects that the API server itself sees to."""

from __future__ import annotations

from kubelearn.embedded.apiserver import defaults, serializer
from kubelearn.embedded.apiserver.authentication import LOOPBACK
from kubelearn.embedded.apiserver.registry import Registry
from kubelearn.embedded.apiserver.status import StatusError
from kubelearn.embedded.apiserver.write import Write
from kubelearn.objects import Object


async def ensure(registry: Registry, obj: Object, *, keep: str = "") -> None:
    """Create the object with its status; if it is there, bring the fields named in `keep` back."""
    kind = registry.kind
    body = {"kind": kind.kind, "apiVersion": kind.api_version, **obj}
    wanted = serializer.decode(kind, body).object
    defaults.apply(kind, wanted)
    meta = wanted["metadata"]
    write = Write(
        user=LOOPBACK,
        namespace=meta.get("namespace", ""),
        name=meta["name"],
        manager="kube-apiserver",
    )
    fields: Object = {name: wanted[name] for name in keep.split()}
    if registry.store.get(registry.key(write.namespace, write.name)) is None:
        status = wanted.get("status")
        try:
            await registry.create(write, wanted)
        except StatusError as error:
            if error.reason != "AlreadyExists":
                raise
        else:
            if status:
                await _set_status(registry, write, status)
    elif fields:
        await registry.update(write, lambda old: {**(old or {}), **fields})


async def _set_status(registry: Registry, write: Write, status: Object) -> None:
    await registry.update(
        write,
        lambda old: {**(old or {}), "status": status},
        prepare=registry.strategy.prepare_for_status_update,
        validate=lambda *_: [],
    )
