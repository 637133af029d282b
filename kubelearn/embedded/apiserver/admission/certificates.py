"""Who may ask for certificates, approve them and sign them.

Stands for k8s.io/kubernetes `plugin/pkg/admission/certificates`: `approval`, `signing` and
`subjectrestriction`. `note_circumstances` is a part of upstream's strategy, which there knows the
user and the time.
"""

from __future__ import annotations

from collections.abc import Mapping

from kubelearn.embedded.apiserver.admission.namespacelifecycle import refused
from kubelearn.embedded.apiserver.authorization import Attributes, Authorizer
from kubelearn.embedded.apiserver.registry import Registry
from kubelearn.embedded.apiserver.status import quote
from kubelearn.embedded.apiserver.write import Write
from kubelearn.embedded.certificates import API_SERVER_CLIENT, conditions, parse_request, subject
from kubelearn.objects import Object, timestamp

_GROUP = "certificates.k8s.io"
_MASTERS = "system:masters"


async def note_circumstances(
    registry: Registry, write: Write, new: Object, old: Object | None
) -> None:
    """Write into a request what only the server knows: who makes it, when conditions came."""
    if not _concerns(registry):
        return
    if old is None:
        _note_user(new, write)
    elif write.subresource in ("approval", "status"):
        _note_times(new, old, now=timestamp(registry.clock.now()))


def _note_user(new: Object, write: Write) -> None:
    spec, user = new.get("spec") or {}, write.user
    told: Mapping[str, object] = {
        "username": user.name,
        "uid": user.uid,
        "groups": list(user.groups),
        "extra": {name: list(values) for name, values in user.extra.items()},
    }
    new["spec"] = {name: value for name, value in spec.items() if name not in told} | {
        name: value for name, value in told.items() if value
    }


def _note_times(new: Object, old: Object, *, now: str) -> None:
    for each in conditions(new):
        each["lastUpdateTime"] = each.get("lastUpdateTime") or now
        if not each.get("lastTransitionTime"):
            same = (
                before["lastTransitionTime"]
                for before in conditions(old, each.get("type", ""))
                if before.get("status") == each.get("status") and before.get("lastTransitionTime")
            )
            each["lastTransitionTime"] = next(same, now)


async def restrict_subject(
    registry: Registry, write: Write, new: Object, old: Object | None
) -> None:
    """Let nobody become an administrator by way of a certificate."""
    if not _concerns(registry) or old is not None:
        return
    if new["spec"].get("signerName") != API_SERVER_CLIENT:
        return
    _, groups = subject(parse_request(new))
    if _MASTERS in groups:
        problem = f"use of {API_SERVER_CLIENT} signer with {_MASTERS} group is not allowed"
        raise refused(registry, new, problem)


class CertificateAuthorization:
    """Approving and signing take a permission for the signer, besides that for the object."""

    def __init__(self, authorizer: Authorizer) -> None:
        self._authorizer = authorizer

    async def __call__(
        self, registry: Registry, write: Write, new: Object, old: Object | None
    ) -> None:
        """Refuse who may not approve, or sign, in the name of the signer."""
        if not _concerns(registry) or old is None:
            return
        signer = old["spec"].get("signerName", "")
        if write.subresource == "approval":
            verb = "approve"
        elif write.subresource == "status" and new.get("status") != old.get("status"):
            verb = "sign"
        else:
            return
        if not self._may(write, verb, signer):
            problem = f"user not permitted to {verb} requests with signerName {quote(signer)}"
            raise refused(registry, new, problem)

    def _may(self, write: Write, verb: str, signer: str) -> bool:
        names = (signer, f"{signer.partition('/')[0]}/*")
        return any(
            self._authorizer.authorize(
                Attributes(
                    write.user, verb, group=_GROUP, version="*", resource="signers", name=name
                )
            ).allowed
            for name in names
        )


def _concerns(registry: Registry) -> bool:
    return (registry.kind.group, registry.kind.plural) == (_GROUP, "certificatesigningrequests")
