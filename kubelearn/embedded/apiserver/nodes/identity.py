"""Which node a user is (k8s.io/kubernetes `pkg/auth/nodeidentifier`)."""

from __future__ import annotations

from kubelearn.embedded.apiserver.authentication import User

_GROUP = "system:nodes"
_PREFIX = "system:node:"


def node_of(user: User) -> str:
    """The name of the node whose kubelet this is; empty for everybody else."""
    if _GROUP not in user.groups or not user.name.startswith(_PREFIX):
        return ""
    return user.name.removeprefix(_PREFIX)
