"""Which objects have to do with which node, by way of the pods that run there.

Stands for the graph of k8s.io/kubernetes `plugin/pkg/auth/authorizer/node`. Upstream keeps it up to
date with watches; here the pods of a namespace are looked at when a kubelet asks, and each state of
a pod is read once.
"""

from __future__ import annotations

from dataclasses import dataclass

from kubelearn.embedded.apiserver.encoding import decode
from kubelearn.embedded.apiserver.nodes.references import Reference, references
from kubelearn.embedded.store import KeyValue, Store

_VOLUMES = "persistentvolumes"
_CLAIMS = "persistentvolumeclaims"


@dataclass(frozen=True, slots=True)
class _Pod:
    revision: int
    node: str
    refers: frozenset[Reference]


class NodeGraph:
    """Answers from the pods in the store."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._namespaces: dict[str, dict[str, _Pod]] = {}

    def runs(self, node: str, namespace: str, name: str) -> bool:
        """Whether a pod is on the node."""
        found = self._store.get(f"/registry/pods/{namespace}/{name}")
        return found is not None and decode(found.value)["spec"].get("nodeName") == node

    def needs(self, node: str, resource: str, *, namespace: str, name: str) -> bool:
        """Whether a pod on the node refers to that object, directly or through a claim."""
        if resource == _VOLUMES:
            found = self._store.get(f"/registry/{_VOLUMES}/{name}")
            claim = (decode(found.value)["spec"].get("claimRef") if found else None) or {}
            resource, namespace, name = _CLAIMS, claim.get("namespace", ""), claim.get("name", "")
        if not namespace or not name:
            return False
        return any(
            pod.node == node and (resource, name) in pod.refers for pod in self._pods(namespace)
        )

    def _pods(self, namespace: str) -> list[_Pod]:
        before = self._namespaces.get(namespace, {})
        pods = {}
        for kv in self._store.range(f"/registry/pods/{namespace}/"):
            known = before.get(kv.key)
            pods[kv.key] = known if known and known.revision == kv.mod_revision else _read(kv)
        if pods:
            self._namespaces[namespace] = pods
        else:
            self._namespaces.pop(namespace, None)
        return list(pods.values())


def _read(kv: KeyValue) -> _Pod:
    pod = decode(kv.value)
    node = pod["spec"].get("nodeName", "")
    # Nobody needs what a pod without a node refers to.
    refers = frozenset(references(pod)) if node else frozenset()
    return _Pod(kv.mod_revision, node, refers)
