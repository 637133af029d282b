"""The verbs of resources: get, list, create, update, patch, delete, deletecollection.

Stands for k8s.io/apiserver `pkg/endpoints/installer.go` and `pkg/endpoints/handlers`. There is one
set of handlers for all kinds; subresources are in `subresources/`, watches in `watch.py`.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from functools import partial

from aiohttp import web

from kubelearn.embedded.apiserver import response
from kubelearn.embedded.apiserver.conversion import convert
from kubelearn.embedded.apiserver.decoding import Decoder
from kubelearn.embedded.apiserver.deletion import answer, delete, delete_all
from kubelearn.embedded.apiserver.encoding import copied
from kubelearn.embedded.apiserver.kinds import Kind
from kubelearn.embedded.apiserver.listing import Page, check_reached, list_page, parse_revision
from kubelearn.embedded.apiserver.negotiation import patch_type
from kubelearn.embedded.apiserver.options import (
    DeleteOptions,
    ListOptions,
    WriteOptions,
    delete_options,
    list_options,
    write_options,
)
from kubelearn.embedded.apiserver.owners import ApplyPatch, Owners
from kubelearn.embedded.apiserver.patching import Patch
from kubelearn.embedded.apiserver.registry import Prepare, Registry, Validate
from kubelearn.embedded.apiserver.request import Request
from kubelearn.embedded.apiserver.status import bad_request
from kubelearn.embedded.apiserver.streams import Streams
from kubelearn.embedded.apiserver.watch import watch
from kubelearn.embedded.apiserver.write import Write
from kubelearn.objects import Object

Answer = web.StreamResponse
# The version that upstream's audit trail gives the options of a deletion, whatever was sent.
_INTERNAL = "meta.k8s.io/__internal"


class Resources:
    """Handlers for the objects of any kind."""

    def __init__(self, *, decoder: Decoder, streams: Streams) -> None:
        self.decoder = decoder
        self._streams = streams
        self._managers: dict[tuple[Kind, str], Owners] = {}
        self._verbs: dict[str, Callable[[Request, Registry], Awaitable[Answer]]] = {
            "get": self.get,
            "list": self.list,
            "watch": self.watch,
            "create": self.create,
            "update": self.update,
            "patch": self.patch,
            "delete": self.delete,
            "deletecollection": self.delete_collection,
        }

    async def serve(self, request: Request, registry: Registry) -> Answer:
        """Answer a request for the resource itself."""
        return await self._verbs[request.info.verb](request, registry)

    async def get(self, request: Request, registry: Registry) -> Answer:
        """Read one object."""
        info = request.info
        check_reached(registry.store, parse_revision(request.query.get("resourceVersion", "")))
        found = registry.get(info.namespace, info.name)
        return await _one(request, registry, found.value)

    async def list(self, request: Request, registry: Registry) -> Answer:
        """Read a collection, or a page of it."""
        page = await self._page(request, registry, list_options(request.query, watch=False))
        values = [kv.value for kv in page.items]
        return response.many(request, registry, values, page.meta)

    async def _page(self, request: Request, registry: Registry, options: ListOptions) -> Page:
        """What a list shows, ready to be shown."""
        match = registry.selection.predicate(options)
        prefix = registry.prefix(request.info.namespace)
        if match:
            # Labels and fields are those of the version that was asked for.
            await registry.convert_present(request.info.namespace)
        page = await list_page(registry.store, prefix, options, match)
        await registry.convert_all([kv.value for kv in page.items])
        return page

    async def watch(self, request: Request, registry: Registry) -> Answer:
        """Stream the changes of a collection."""
        return await watch(request, registry, self._streams)

    async def create(self, request: Request, registry: Registry) -> Answer:
        """Store a new object."""
        options = write_options(request.query, kind="CreateOptions")
        obj = await self.read(request, request.kind, options)
        write = write_of(request, options)
        self._owners(request, registry).update(None, obj, write)
        value = await registry.create(write, convert(obj, request.kind, registry.kind))
        return await _one(request, registry, value, status=201)

    async def update(
        self,
        request: Request,
        registry: Registry,
        *,
        prepare: Prepare | None = None,
        validate: Validate | None = None,
    ) -> Answer:
        """Replace an object, or with `prepare` a part of it."""
        options = write_options(request.query, kind="UpdateOptions")
        obj = await self.read(request, request.kind, options)
        check_name(request, obj)
        write = write_of(request, options)
        owners = self._owners(request, registry)

        def change(old: Object | None) -> Object:
            # A copy, because preparing changes it and a conflict makes it all begin again.
            new = copied(obj)
            if old is not None:
                registry.check_precondition(old["metadata"], uid=new["metadata"].get("uid"))
            owners.update(old, new, write)
            return convert(new, request.kind, registry.kind)

        value, created = await registry.update(
            write,
            change,
            prepare=prepare,
            validate=validate,
            may_create=registry.strategy.create_on_update and prepare is None,
        )
        return await _one(request, registry, value, status=201 if created else 200)

    async def patch(
        self,
        request: Request,
        registry: Registry,
        *,
        prepare: Prepare | None = None,
        validate: Validate | None = None,
    ) -> Answer:
        """Change an object, or with `prepare` a part of it."""
        kind = patch_type(request.content_type, custom=registry.kind.custom is not None)
        is_apply = kind == "apply"
        options = write_options(request.query, kind="PatchOptions", is_apply=is_apply)
        write = write_of(request, options)
        owners = self._owners(request, registry)
        body = await request.body()
        if request.audit:
            request.audit.sent_patch(body)
        validation = options.field_validation
        if is_apply:
            wish = ApplyPatch(body, owners, write, force=options.force, validation=validation)
            change = wish.apply
        else:
            patch = Patch(
                body,
                patch_type=kind,
                kind=request.kind,
                validation=validation,
                warnings=request.warnings,
            )
            change = partial(owners.patched, patch=patch, write=write)

        def checked(old: Object | None) -> Object:
            new = change(old)
            check_name(request, new)
            return convert(new, request.kind, registry.kind)

        value, created = await registry.update(
            write,
            checked,
            prepare=prepare,
            validate=validate,
            may_create=is_apply and prepare is None,
        )
        return await _one(request, registry, value, status=201 if created else 200)

    async def delete(self, request: Request, registry: Registry) -> Answer:
        """Delete one object, or begin to."""
        options = await self.read_delete_options(request)
        write = write_of(request, WriteOptions(dry_run=options.dry_run))
        deleted = await delete(registry, write, options)
        waits = not deleted.gone and options.orphan_dependents is False
        content = answer(registry, deleted)
        if isinstance(content, bytes):
            status = 202 if waits else 200
            return await _one(request, registry, content, status=status)
        return response.document(request, content)

    async def delete_collection(self, request: Request, registry: Registry) -> Answer:
        """Delete what a list with the same options shows, and answer with that list."""
        listing = list_options(request.query, watch=False)
        options = await self.read_delete_options(request)
        write = write_of(request, WriteOptions(dry_run=options.dry_run))
        page = await self._page(request, registry, listing)
        await delete_all(registry, write, page.items, options)
        values = [kv.value for kv in page.items]
        return response.many(request, registry, values, page.meta)

    # --- bodies ----------------------------------------------------------------------------

    def _owners(self, request: Request, registry: Registry) -> Owners:
        """Who keeps the managed fields for writes like this one."""
        key = (request.kind, request.info.subresource)
        known = self._managers.get(key)
        if known is None:
            known = self._managers[key] = Owners(request.kind, registry, key[1])
        return known

    async def read(self, request: Request, kind: Kind, options: WriteOptions) -> Object:
        """The object in a request's body."""
        obj = self.decoder.decode(
            await request.body(),
            kind,
            content_type=request.content_type,
            validation=options.field_validation,
            warnings=request.warnings,
        )
        if request.audit:
            request.audit.sent(obj)
        return obj

    async def read_delete_options(self, request: Request) -> DeleteOptions:
        """How to delete: the body says it, or the query."""
        body = await request.body()
        if not body:
            return delete_options(request.query, None)
        sent = self.decoder.decode_options(body, content_type=request.content_type)
        if request.audit:
            request.audit.sent({"kind": "DeleteOptions", "apiVersion": _INTERNAL, **sent})
        return delete_options(request.query, sent)


async def _one(
    request: Request, registry: Registry, value: bytes, *, status: int = 200
) -> web.Response:
    await registry.strategy.convert_ahead([value])
    return response.one(request, registry, value, status=status)


def write_of(request: Request, options: WriteOptions) -> Write:
    """The circumstances of a request that writes."""
    info = request.info
    return Write(
        user=request.user,
        namespace=info.namespace,
        name=info.name,
        subresource=info.subresource,
        dry_run=options.dry_run,
        manager=options.field_manager or request.user_agent.partition("/")[0],
        warnings=request.warnings,
        annotations=request.annotations,
    )


def check_name(request: Request, obj: Object) -> None:
    """Refuse a body that names another object than the path."""
    info, meta = request.info, obj.setdefault("metadata", {})
    if not meta.get("name"):
        raise bad_request(
            f"the name of the object ({info.name} based on URL) was undeterminable: "
            "name must be provided"
        )
    if meta["name"] != info.name:
        raise bad_request(
            f"the name of the object ({meta['name']}) does not match the name on the URL "
            f"({info.name})"
        )
