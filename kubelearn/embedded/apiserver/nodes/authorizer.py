"""The Node authorizer: a kubelet reads what its pods need, and writes about itself.

Stands for k8s.io/kubernetes `plugin/pkg/auth/authorizer/node/node_authorizer.go`. What a request's
body says, only admission can see: `restriction`.
"""

from __future__ import annotations

from collections.abc import Callable

from kubelearn.embedded.apiserver.authorization import Attributes, Decision
from kubelearn.embedded.apiserver.nodes.graph import NodeGraph
from kubelearn.embedded.apiserver.nodes.identity import node_of
from kubelearn.embedded.apiserver.rbac.policy import Policy
from kubelearn.embedded.apiserver.rbac.rules import allows

_ROLE = {"kind": "ClusterRole", "name": "system:node"}
_LEASES = "kube-node-lease"
_READ = ("get", "list", "watch")
_OWN = ("get", "create", "update", "patch", "delete")
_YES = Decision(allowed=True)
_NO = Decision(allowed=False)

_Rule = Callable[[str, Attributes], Decision]


class NodeAuthorizer:
    """Allows kubelets what the role `system:node` says, and of some kinds less than that."""

    def __init__(self, policy: Policy, graph: NodeGraph) -> None:
        self._policy = policy
        self._graph = graph
        self._rules: dict[tuple[str, str], _Rule] = {
            ("", "secrets"): self._read,
            ("", "configmaps"): self._read,
            ("", "persistentvolumeclaims"): self._claim,
            ("", "persistentvolumes"): self._get,
            ("", "serviceaccounts"): self._account,
            ("", "nodes"): self._node,
            ("", "pods"): self._pod,
            ("coordination.k8s.io", "leases"): _lease,
            ("storage.k8s.io", "csinodes"): _csi_node,
        }

    def authorize(self, attributes: Attributes) -> Decision:
        """Allow nodes, by their names and their group."""
        node = node_of(attributes.user)
        if not node:
            return _NO
        rule = self._rules.get((attributes.group, attributes.resource))
        if rule and attributes.is_resource_request:
            return rule(node, attributes)
        rules = self._policy.rules_of(_ROLE, "") or []
        return Decision(any(allows(each, attributes) for each in rules))

    def _read(self, node: str, asked: Attributes) -> Decision:
        if asked.verb not in _READ:
            return _refused("can only read resources of this type")
        if asked.subresource:
            return _refused("cannot read subresource")
        if not asked.namespace:
            return _refused("can only read namespaced object of this type")
        return self._needed(node, asked)

    def _get(self, node: str, asked: Attributes) -> Decision:
        if asked.verb != "get":
            return _refused("can only get individual resources of this type")
        return (
            _refused("cannot get subresource") if asked.subresource else self._needed(node, asked)
        )

    def _claim(self, node: str, asked: Attributes) -> Decision:
        if asked.subresource != "status":
            return self._get(node, asked)
        if asked.verb not in ("update", "patch"):
            return _refused("can only get/update/patch this type")
        return self._needed(node, asked)

    def _account(self, node: str, asked: Attributes) -> Decision:
        if asked.verb == "get" and not asked.subresource:
            return self._read(node, asked)
        if asked.verb != "create" or not asked.name:
            return _refused("can only create tokens for individual service accounts")
        if asked.subresource != "token":
            return _refused("can only create token subresource of serviceaccount")
        return self._needed(node, asked)

    def _node(self, node: str, asked: Attributes) -> Decision:
        if asked.subresource == "status":
            return Decision(asked.verb in ("update", "patch"))
        if asked.subresource:
            return _NO
        if asked.verb not in _READ:
            return Decision(asked.verb in ("create", "update", "patch"))
        if asked.name == node:
            return _YES
        if not asked.name:
            return _refused(f"node '{node}' cannot read all nodes, only its own Node object")
        return _refused(f"node '{node}' cannot read '{asked.name}', only its own Node object")

    def _pod(self, node: str, asked: Attributes) -> Decision:
        match asked.subresource, asked.verb:
            case "", "get":
                return self._related(node, self._graph.runs(node, asked.namespace, asked.name))
            case "", "list" | "watch":
                if asked.selector.exact("spec.nodeName") == node:
                    return _YES
                if asked.name:
                    runs = self._graph.runs(node, asked.namespace, asked.name)
                    return self._related(node, runs)
                return _refused("can only list/watch pods with spec.nodeName field selector")
            case "", "create" | "delete":
                return _YES
            case "status", "update" | "patch":
                return _YES
            case "eviction", "create":
                return _YES
        return _NO

    def _needed(self, node: str, asked: Attributes) -> Decision:
        if not asked.name:
            return _refused("No Object name found")
        needed = self._graph.needs(node, asked.resource, namespace=asked.namespace, name=asked.name)
        return self._related(node, needed)

    def _related(self, node: str, related: bool) -> Decision:
        problem = f"no relationship found between node '{node}' and this object"
        return _YES if related else _refused(problem)


def _refused(reason: str) -> Decision:
    return Decision(allowed=False, reason=reason)


def _lease(node: str, asked: Attributes) -> Decision:
    if asked.verb not in _OWN:
        return _refused("can only get, create, update, patch, or delete a node lease")
    if asked.namespace != _LEASES:
        return _refused(f'can only access leases in the "{_LEASES}" system namespace')
    if asked.verb != "create" and asked.name != node:
        return _refused("can only access node lease with the same name as the requesting node")
    return _YES


def _csi_node(node: str, asked: Attributes) -> Decision:
    if asked.verb not in _OWN:
        return _refused("can only get, create, update, patch, or delete a CSINode")
    if asked.subresource:
        return _refused("cannot authorize CSINode subresources")
    if asked.verb != "create" and asked.name != node:
        return _refused("can only access CSINode with the same name as the requesting node")
    return _YES
