"""Whether a service account's token is valid, and who it is: `pkg/serviceaccount/claims.go`.

A token ends early with what it is bound to: its account, its pod. So each use looks them up.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from kubelearn.embedded.apiserver.authentication import User
from kubelearn.embedded.apiserver.encoding import decode
from kubelearn.embedded.apiserver.serviceaccounts import ISSUER
from kubelearn.embedded.apiserver.serviceaccounts.claims import PRIVATE
from kubelearn.embedded.apiserver.serviceaccounts.jwt import InvalidToken, SigningKey, claims_of
from kubelearn.embedded.apiserver.status import quote_each
from kubelearn.embedded.clock import Clock
from kubelearn.embedded.store import Store
from kubelearn.objects import Object, parse_time

# Clocks differ; upstream's library allows for as much.
_LEEWAY = timedelta(minutes=1)
_EXTRA = "authentication.kubernetes.io/"
_INVALIDATED = "service account token has been invalidated"


@dataclass(frozen=True, slots=True)
class Authenticated:
    """Who a token is, and for which of the wanted audiences it is valid."""

    user: User
    audiences: tuple[str, ...]


class ServiceAccountTokens:
    """Authenticates the tokens that this cluster has issued."""

    def __init__(self, key: SigningKey, *, store: Store, clock: Clock) -> None:
        self._key = key
        self._store = store
        self._clock = clock

    def authenticate(self, token: str) -> User | None:
        """The user behind a token for the API server; None for any other token."""
        try:
            found = self.verify(token)
        except InvalidToken:
            return None
        return found.user if found else None

    def verify(self, token: str, audiences: Sequence[str] = (ISSUER,)) -> Authenticated | None:
        """The user behind a token; None if somebody else has issued it. Raises InvalidToken."""
        if claims_of(token).get("iss") != ISSUER:
            return None
        claims = self._key.verify(token)
        self._check_time(claims)
        wanted = tuple(each for each in audiences if each in claims["aud"])
        if not wanted:
            raise InvalidToken(
                f"token audiences {quote_each(claims['aud'])} is invalid for the target audiences "
                f"{quote_each(audiences)}"
            )
        self._check_references(claims[PRIVATE])
        return Authenticated(_user(claims), wanted)

    def _check_time(self, claims: Object) -> None:
        now, leeway = self._clock.now().timestamp(), _LEEWAY.total_seconds()
        if now - leeway > claims["exp"]:
            raise InvalidToken("service account token has expired")
        if now + leeway < claims["nbf"]:
            raise InvalidToken("service account token is not valid yet")

    def _check_references(self, private: Object) -> None:
        namespace, account = private["namespace"], private["serviceaccount"]
        name = account["name"]
        found = self._find(f"/registry/serviceaccounts/{namespace}/{name}")
        if found is None:
            raise InvalidToken(f'serviceaccounts "{name}" not found')
        self._check_identity("service account", found, account)
        if "pod" in private:
            self._check_bound("pods", namespace, private["pod"])
        elif "secret" in private:
            self._check_bound("secrets", namespace, private["secret"])
        elif "node" in private:
            self._check_bound("minions", "", private["node"])

    def _check_bound(self, folder: str, namespace: str, reference: Object) -> None:
        key = "/".join(filter(None, ("/registry", folder, namespace, reference["name"])))
        found = self._find(key)
        if found is None:
            raise InvalidToken(_INVALIDATED)
        self._check_identity("bound object", found, reference)

    def _check_identity(self, what: str, found: Object, reference: Object) -> None:
        """Refuse what came back under the same name, or has been going for a while."""
        meta = found["metadata"]
        if meta["uid"] != reference["uid"]:
            raise InvalidToken(
                f"{what} UID ({meta['uid']}) does not match claim ({reference['uid']})"
            )
        ending = meta.get("deletionTimestamp")
        if ending and parse_time(ending) < self._clock.now() - _LEEWAY:
            raise InvalidToken(_INVALIDATED)

    def _find(self, key: str) -> Object | None:
        found = self._store.get(key)
        return decode(found.value) if found else None


def _user(claims: Object) -> User:
    private = claims[PRIVATE]
    namespace, account = private["namespace"], private["serviceaccount"]
    extra = {"credential-id": f"JTI={claims['jti']}"}
    for kind in ("node", "pod"):
        for field, value in private.get(kind, {}).items():
            extra[f"{kind}-{field}"] = value
    return User(
        claims["sub"],
        (*account_groups(namespace), "system:authenticated"),
        account["uid"],
        {_EXTRA + name: (value,) for name, value in sorted(extra.items())},
    )


def account_groups(namespace: str) -> tuple[str, str]:
    """The groups of all accounts in a namespace."""
    return "system:serviceaccounts", f"system:serviceaccounts:{namespace}"
