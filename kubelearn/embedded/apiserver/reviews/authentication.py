"""TokenReview and SelfSubjectReview: who is that, and who am I.

Stands for k8s.io/kubernetes `pkg/registry/authentication/{tokenreview,selfsubjectreview}`.
"""

from __future__ import annotations

from collections.abc import Sequence

from kubelearn.embedded.apiserver.authentication import TokenAuthenticator, User
from kubelearn.embedded.apiserver.request import Request
from kubelearn.embedded.apiserver.serviceaccounts import ISSUER
from kubelearn.embedded.apiserver.serviceaccounts.authenticator import ServiceAccountTokens
from kubelearn.embedded.apiserver.serviceaccounts.jwt import InvalidToken
from kubelearn.embedded.apiserver.status import bad_request
from kubelearn.embedded.clock import Clock
from kubelearn.objects import Object, timestamp

_INVALID = "invalid bearer token"


class AuthenticationReviews:
    """Answers who somebody is."""

    def __init__(
        self,
        accounts: ServiceAccountTokens,
        others: Sequence[TokenAuthenticator],
        *,
        clock: Clock,
    ) -> None:
        self._accounts = accounts
        self._others = others
        self._clock = clock

    def subject(self, request: Request, review: Object) -> Object:
        """SelfSubjectReview."""
        meta = {"creationTimestamp": timestamp(self._clock.now())}
        return {"metadata": meta, "status": {"userInfo": user_info(request.user)}}

    def token(self, request: Request, review: Object) -> Object:
        """TokenReview."""
        spec = review["spec"]
        if not spec.get("token"):
            raise bad_request("token is required for TokenReview in authentication")
        return {"spec": spec, "status": self._status(spec["token"], spec.get("audiences") or [])}

    def _status(self, token: str, audiences: list[str]) -> Object:
        for authenticator in self._others:
            if user := authenticator.authenticate(token):
                return {"authenticated": True, "user": user_info(user)}
        try:
            found = self._accounts.verify(token, audiences or (ISSUER,))
        except InvalidToken as error:
            return {"user": {}, "error": f"[{_INVALID}, {error}]"}
        if found is None:
            return {"user": {}, "error": _INVALID}
        return {
            "authenticated": True,
            "user": user_info(found.user),
            "audiences": list(found.audiences),
        }


def user_info(user: User) -> Object:
    """A user as reviews show it."""
    info: Object = {
        "username": user.name,
        "uid": user.uid,
        "groups": list(user.groups),
        "extra": {name: list(values) for name, values in user.extra.items()},
    }
    return {name: value for name, value in info.items() if value}
