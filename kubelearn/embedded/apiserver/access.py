"""Who somebody is and what they may do: authentication and authorization, put together.

Stands for k8s.io/kubernetes `pkg/kubeapiserver/{authenticator,authorizer}/config.go`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from kubelearn.embedded.apiserver.authentication import Authenticator, TokenAuthenticator
from kubelearn.embedded.apiserver.authorization import Authorizer, SystemAuthorizer, Union
from kubelearn.embedded.apiserver.nodes.authorizer import NodeAuthorizer
from kubelearn.embedded.apiserver.nodes.graph import NodeGraph
from kubelearn.embedded.apiserver.rbac.authorizer import RbacAuthorizer
from kubelearn.embedded.apiserver.rbac.policy import Policy
from kubelearn.embedded.apiserver.reviews import Review
from kubelearn.embedded.apiserver.reviews.access import AccessReviews
from kubelearn.embedded.apiserver.reviews.authentication import AuthenticationReviews
from kubelearn.embedded.apiserver.serviceaccounts.authenticator import ServiceAccountTokens
from kubelearn.embedded.apiserver.serviceaccounts.jwt import SigningKey
from kubelearn.embedded.clock import Clock
from kubelearn.embedded.store import Store


class Access:
    """What the server knows of its users; `tokens` and `authorizers` are asked beside its own."""

    def __init__(
        self,
        store: Store,
        *,
        signing_key: SigningKey,
        tokens: Sequence[TokenAuthenticator],
        authorizers: Sequence[Authorizer],
        clock: Clock,
    ) -> None:
        accounts = ServiceAccountTokens(signing_key, store=store, clock=clock)
        self.policy = Policy(store)
        self.authenticator = Authenticator([*tokens, accounts])
        self.authorizer = Union(
            [
                SystemAuthorizer(),
                NodeAuthorizer(self.policy, NodeGraph(store)),
                RbacAuthorizer(self.policy),
                *authorizers,
            ]
        )
        self._who = AuthenticationReviews(accounts, tokens, clock=clock)
        self._may = AccessReviews(self.authorizer, self.policy)

    @property
    def reviews(self) -> Mapping[str, Review]:
        """What answers questions about both, by the plural of the review."""
        return {
            "localsubjectaccessreviews": self._may.local,
            "selfsubjectaccessreviews": self._may.own,
            "selfsubjectreviews": self._who.subject,
            "selfsubjectrulesreviews": self._may.rules,
            "subjectaccessreviews": self._may.other,
            "tokenreviews": self._who.token,
        }
