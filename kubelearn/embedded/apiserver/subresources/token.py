"""TokenRequest: a token for a service account.

Stands for `TokenREST` in k8s.io/kubernetes `pkg/registry/core/serviceaccount/storage/token.go`.
"""

from __future__ import annotations

import uuid
from datetime import timedelta

from aiohttp import web

from kubelearn.embedded.apiserver import response
from kubelearn.embedded.apiserver.encoding import decode
from kubelearn.embedded.apiserver.kinds import Kind
from kubelearn.embedded.apiserver.nodes.restriction import check_token
from kubelearn.embedded.apiserver.options import write_options
from kubelearn.embedded.apiserver.registries import Registries
from kubelearn.embedded.apiserver.registry import Registry
from kubelearn.embedded.apiserver.request import Request
from kubelearn.embedded.apiserver.resources import Resources, write_of
from kubelearn.embedded.apiserver.serviceaccounts import ISSUER
from kubelearn.embedded.apiserver.serviceaccounts.claims import claims, lifetime
from kubelearn.embedded.apiserver.serviceaccounts.jwt import SigningKey
from kubelearn.embedded.apiserver.status import (
    Cause,
    StatusError,
    bad_request,
    conflict,
    invalid,
    quote,
)
from kubelearn.objects import Object, timestamp

TOKEN_REQUEST = Kind(
    "authentication.k8s.io",
    "v1",
    "tokenrequests",
    "TokenRequest",
    type_name="authentication.v1.TokenRequest",
)
# In the audit trail of whoever gets a token, and later of whoever uses it.
_ISSUED = "authentication.kubernetes.io/issued-credential-id"
_DEFAULT_SECONDS = 3600
_LEAST_SECONDS = 600
_MOST_SECONDS = 2**32
_BOUND = {"Pod": "pods", "Secret": "secrets", "Node": "nodes"}


class TokenRequests:
    """Handler for `serviceaccounts/token`."""

    def __init__(self, resources: Resources, registries: Registries, key: SigningKey) -> None:
        self._resources = resources
        self._registries = registries
        self._key = key

    async def serve(self, request: Request, registry: Registry) -> web.StreamResponse:
        """Sign a token for the account in the path."""
        info = request.info
        options = write_options(request.query, kind="CreateOptions")
        sent = await self._resources.read(request, TOKEN_REQUEST, options)
        _check_target(sent["metadata"], name=info.name, namespace=info.namespace)
        write = write_of(request, options)
        await registry.admission.create_part(registry, write, TOKEN_REQUEST, sent)
        account = decode(registry.get(info.namespace, info.name).value)
        spec = sent["spec"]
        check_token(registry.store, request.user, spec, namespace=info.namespace, account=info.name)
        spec["audiences"] = spec.get("audiences") or [ISSUER]
        if spec.get("expirationSeconds") is None:
            spec["expirationSeconds"] = _DEFAULT_SECONDS
        _check_expiration(spec["expirationSeconds"])
        bound = self._bound_objects(account, spec.get("boundObjectRef"))
        random = self._registries.random
        token_id = str(uuid.UUID(int=random.getrandbits(128), version=4))
        request.annotations[_ISSUED] = f"JTI={token_id}"
        answer = await self._answer(account, spec, bound, token_id=token_id)
        request.kind = TOKEN_REQUEST
        content = response.transformed(request, answer, clock=registry.clock)
        return response.document(request, content, status=201)

    async def _answer(
        self, account: Object, spec: Object, bound: list[Object], *, token_id: str
    ) -> Object:
        now = self._registries.clock.now()
        token = await self._key.sign(
            claims(
                account,
                bound=bound,
                audiences=spec["audiences"],
                life=lifetime(spec),
                now=now,
                token_id=token_id,
            )
        )
        meta = account["metadata"]
        names = ("name", "namespace", "uid")
        return {
            "kind": TOKEN_REQUEST.kind,
            "apiVersion": TOKEN_REQUEST.api_version,
            "metadata": {name: meta[name] for name in names}
            | {"creationTimestamp": timestamp(now)},
            "spec": {
                "audiences": spec["audiences"],
                "expirationSeconds": spec["expirationSeconds"],
                "boundObjectRef": spec.get("boundObjectRef"),
            },
            "status": {
                "token": token,
                "expirationTimestamp": timestamp(
                    now + timedelta(seconds=spec["expirationSeconds"])
                ),
            },
        }

    def _bound_objects(self, account: Object, reference: Object | None) -> list[Object]:
        """The object that a token is bound to; with a pod comes its node."""
        if not reference:
            return []
        kind = reference.get("kind", "")
        group, _, version = reference.get("apiVersion", "").rpartition("/")
        if group or kind not in _BOUND:
            raise bad_request(f"cannot bind token to object of type {group}/{version}, Kind={kind}")
        namespace = "" if kind == "Node" else account["metadata"]["namespace"]
        found = self._registries.resource(_BOUND[kind]).get(namespace, reference.get("name", ""))
        obj = decode(found.value)
        nodes = self._node_of(obj, account["metadata"]["name"]) if kind == "Pod" else []
        _check_uid(obj, reference)
        return [obj, *nodes]

    def _node_of(self, pod: Object, account: str) -> list[Object]:
        if pod["spec"].get("serviceAccountName") != account:
            raise bad_request(
                f"cannot bind token for serviceaccount {quote(account)} to pod running with "
                "different serviceaccount name."
            )
        name = pod["spec"].get("nodeName")
        if not name:
            return []
        try:
            return [decode(self._registries.resource("nodes").get("", name).value)]
        except StatusError:
            return [{"kind": "Node", "metadata": {"name": name}}]


def _check_target(meta: Object, *, name: str, namespace: str) -> None:
    """Refuse a body that speaks of another account than the path."""
    for field, expected in (("name", name), ("namespace", namespace)):
        if meta.get(field, expected) != expected:
            text = (
                f"Invalid value: {quote(meta[field])}: must match the service account {field} "
                "if specified"
            )
            raise _invalid(text, f"metadata.{field}")


def _check_expiration(seconds: int) -> None:
    problem = ""
    if seconds < _LEAST_SECONDS:
        problem = "may not specify a duration less than 10 minutes"
    elif seconds > _MOST_SECONDS:
        problem = "may not specify a duration larger than 2^32 seconds"
    if problem:
        raise _invalid(f"Invalid value: {seconds}: {problem}", "spec.expirationSeconds")


def _check_uid(obj: Object, reference: Object) -> None:
    uid = reference.get("uid")
    if uid and uid != obj["metadata"]["uid"]:
        problem = (
            f"the UID in the bound object reference ({uid}) does not match the UID in record. "
            "The object might have been deleted and then recreated"
        )
        raise conflict(obj["kind"], "", obj["metadata"]["name"], problem)


def _invalid(text: str, field: str) -> StatusError:
    cause = Cause("FieldValueInvalid", text, field)
    return invalid(TOKEN_REQUEST.kind, TOKEN_REQUEST.group, "", [cause])
