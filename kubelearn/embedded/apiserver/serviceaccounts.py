"""Tokens of ServiceAccounts: bound to an object, valid for some time, and no longer.

Stands for k8s.io/kubernetes `pkg/serviceaccount/{claims,jwt}.go`. A token is good while its
account, and the pod or secret that it is bound to, exist with the uid that it names.
"""

from __future__ import annotations

import random as randomness
import uuid
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from kubelearn.embedded.apiserver.authentication import User
from kubelearn.embedded.apiserver.encoding import decode
from kubelearn.embedded.apiserver.jwt import Signer, TokenError
from kubelearn.embedded.clock import Clock
from kubelearn.embedded.store import Store
from kubelearn.objects import Object

ISSUER = "https://kubernetes.default.svc.cluster.local"
_PRIVATE = "kubernetes.io"
_EXTRA = "authentication.kubernetes.io"
# Where the objects lie that a token can be bound to.
_KEYS = {
    "serviceaccount": "/registry/serviceaccounts/{namespace}/{name}",
    "pod": "/registry/pods/{namespace}/{name}",
    "secret": "/registry/secrets/{namespace}/{name}",
}


class ServiceAccountTokens:
    """Issues tokens, and authenticates with them."""

    def __init__(
        self, signer: Signer, *, store: Store, clock: Clock, random: randomness.Random
    ) -> None:
        self._signer = signer
        self._store = store
        self._clock = clock
        self._random = random

    def issue(
        self, account: Object, *, audiences: list[str], seconds: int, bound: dict[str, Object]
    ) -> tuple[str, datetime]:
        """A token of an account and when it ends; `bound` is pod, secret or node by name."""
        now = self._clock.now()
        end = now + timedelta(seconds=seconds)
        meta = account["metadata"]
        private: dict[str, Any] = {"namespace": meta["namespace"]}
        for name, obj in {"serviceaccount": account, **bound}.items():
            private[name] = {"name": obj["metadata"]["name"], "uid": obj["metadata"]["uid"]}
        claims = {
            "aud": audiences,
            "exp": int(end.timestamp()),
            "iat": int(now.timestamp()),
            "iss": ISSUER,
            "jti": str(uuid.UUID(int=self._random.getrandbits(128), version=4)),
            _PRIVATE: private,
            "nbf": int(now.timestamp()),
            "sub": f"system:serviceaccount:{meta['namespace']}:{meta['name']}",
        }
        return self._signer.sign(claims), end

    def authenticate(self, token: str) -> User | None:
        """The account behind a token for this API server; None for all other texts."""
        try:
            claims = self._signer.verify(token)
            if not self._is_valid(claims):
                return None
            return _user(claims)
        except (TokenError, KeyError, TypeError):
            return None

    def _is_valid(self, claims: dict[str, Any]) -> bool:
        now = self._clock.now().timestamp()
        if not claims["nbf"] <= now < claims["exp"] or ISSUER not in claims["aud"]:
            return False
        private = claims[_PRIVATE]
        return all(self._exists(private, kind) for kind in _KEYS if kind in private)

    def _exists(self, private: dict[str, Any], kind: str) -> bool:
        named = private[kind]
        key = _KEYS[kind].format(namespace=private["namespace"], name=named["name"])
        found = self._store.get(key)
        return found is not None and decode(found.value)["metadata"]["uid"] == named["uid"]


def _user(claims: dict[str, Any]) -> User:
    private = claims[_PRIVATE]
    namespace = private["namespace"]
    groups = (
        "system:serviceaccounts",
        f"system:serviceaccounts:{namespace}",
        "system:authenticated",
    )
    return User(claims["sub"], groups, private["serviceaccount"]["uid"], dict(_extra(claims)))


def _extra(claims: dict[str, Any]) -> Iterable[tuple[str, tuple[str, ...]]]:
    private = claims[_PRIVATE]
    yield f"{_EXTRA}/credential-id", (f"JTI={claims['jti']}",)
    for kind in ("pod", "node"):
        if kind in private:
            yield f"{_EXTRA}/{kind}-name", (private[kind]["name"],)
            yield f"{_EXTRA}/{kind}-uid", (private[kind]["uid"],)
