"""What a service account's token says: `pkg/serviceaccount/claims.go`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from kubelearn.embedded.apiserver.serviceaccounts import ISSUER
from kubelearn.objects import Object

PRIVATE = "kubernetes.io"
_GRACE_SECONDS = 3607
_GRANTED_SECONDS = 365 * 24 * 3600


@dataclass(frozen=True, slots=True)
class Lifetime:
    """How long a token is valid, and from when on its use is a sign of a program that is stuck."""

    seconds: int
    warn_after: int | None = None


def lifetime(spec: Object) -> Lifetime:
    """The lifetime of a requested token.

    Old programs read their token once. So the token that every pod gets, recognized by its odd
    3607 seconds, lives for a year, although the kubelet is told that it must be renewed.
    """
    requested: int = spec["expirationSeconds"]
    to_pod = (spec.get("boundObjectRef") or {}).get("kind") == "Pod"
    if to_pod and requested == _GRACE_SECONDS and spec["audiences"] == [ISSUER]:
        return Lifetime(_GRANTED_SECONDS, warn_after=requested)
    return Lifetime(requested)


def claims(
    account: Object,
    *,
    bound: Sequence[Object],
    audiences: Sequence[str],
    life: Lifetime,
    now: datetime,
    token_id: str,
) -> Object:
    """The claims of a token for an account, bound to the objects whose end is its own."""
    meta, seconds = account["metadata"], int(now.timestamp())
    private: Object = {each["kind"].lower(): _reference(each) for each in (account, *bound)}
    private["namespace"] = meta["namespace"]
    if life.warn_after is not None:
        private["warnafter"] = seconds + life.warn_after
    return {
        "aud": list(audiences),
        "exp": seconds + life.seconds,
        "iat": seconds,
        "iss": ISSUER,
        "jti": token_id,
        "nbf": seconds,
        "sub": f"system:serviceaccount:{meta['namespace']}:{meta['name']}",
        PRIVATE: private,
    }


def _reference(obj: Object) -> Object:
    meta = obj["metadata"]
    return {"name": meta["name"], "uid": meta["uid"]} if "uid" in meta else {"name": meta["name"]}
