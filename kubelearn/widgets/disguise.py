"""Acting as somebody who may do less: a user who is impersonated, and the role that they have.

The roles are those that every cluster has for people (upstream
`plugin/pkg/auth/authorizer/rbac/bootstrappolicy/policy.go`): `admin`, `edit` and `view`. A
RoleBinding gives one in one namespace, to a user whom nobody can be but by impersonation. Tokens of
ServiceAccounts would do as well; but with `--as` the learner can type what a button did.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from kubelearn.clusters.transport import impersonating, send
from kubelearn.objects import ROLE_BINDINGS, Object
from kubelearn.widgets.actions import Action, line

if TYPE_CHECKING:
    from kubernetes.client import ApiClient

YOURSELF = "yourself"
ROLES = ("admin", "edit", "view")
IDENTITIES: dict[str, str] = {
    YOURSELF: "Whoever your kubeconfig says that you are.",
    "admin": "May do all in this namespace, roles included; nothing outside.",
    "edit": "May change objects and read Secrets in this namespace, but give nobody a role.",
    "view": "May look at this namespace, but not into its Secrets.",
    "none": "A user to whom nobody has given a role.",
}
"""Who one can be, and what that means."""

_TRIES, _PAUSE = 20, 0.1
_API = "rbac.authorization.k8s.io"


@dataclass(frozen=True)
class Disguise:
    """`identity` is one of IDENTITIES; its role holds in `namespace` only."""

    identity: str = YOURSELF
    namespace: str = ""

    @property
    def user(self) -> str:
        """The user who is impersonated, or nothing."""
        return "" if self.identity == YOURSELF else f"kubelearn:{self.identity}"

    def connect(self, own: ApiClient) -> ApiClient:
        """A connection whose requests are judged as this user's."""
        return impersonating(own, self.user) if self.user else own

    def command(self, text: str) -> str:
        """A kubectl line as this user."""
        return text.replace("kubectl ", f"kubectl --as={self.user} ", 1) if self.user else text

    def bind(self) -> Action | None:
        """What gives the user their role; None for who needs none."""
        if self.identity not in ROLES:
            return None
        role, user = f"--clusterrole={self.identity}", f"--user={self.user}"
        words = ["create", "rolebinding", self._binding, role, user]
        body: Object = {
            "metadata": {"name": self._binding},
            "roleRef": {"apiGroup": _API, "kind": "ClusterRole", "name": self.identity},
            "subjects": [{"apiGroup": _API, "kind": "User", "name": self.user}],
        }
        return Action(
            line(ROLE_BINDINGS, *words, namespace=self.namespace),
            "POST",
            ROLE_BINDINGS.path(self.namespace),
            body,
            "application/json",
        )

    def settle(self, api: ApiClient) -> None:
        """Wait until the API server has heard of the role; it watches roles as everybody does."""
        if self.identity not in ROLES:
            return
        attributes = {"namespace": self.namespace, "verb": "get", "resource": "pods"}
        body = {"spec": {"resourceAttributes": attributes}}
        path = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews"
        for _ in range(_TRIES):
            answer = send(api, "POST", path, body=body)
            if answer.code >= 400 or answer.body["status"]["allowed"]:
                return
            time.sleep(_PAUSE)

    def release(self) -> Action | None:
        """What takes the role away again."""
        if self.identity not in ROLES:
            return None
        words = ["delete", "rolebinding", self._binding]
        return Action(
            line(ROLE_BINDINGS, *words, namespace=self.namespace),
            "DELETE",
            ROLE_BINDINGS.path(self.namespace, self._binding),
        )

    @property
    def _binding(self) -> str:
        return f"kubelearn-dashboard-{self.identity}"
