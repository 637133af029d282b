"""NodeRestriction: what a kubelet writes is about its own Node and the pods that run there.

Stands for k8s.io/kubernetes `plugin/pkg/admission/noderestriction/admission.go`. Left out:
audiences of tokens, certificate requests, and kinds that no kubelet here writes.
"""

from __future__ import annotations

from kubelearn.embedded.apiserver.admission.namespacelifecycle import refused
from kubelearn.embedded.apiserver.authentication import User
from kubelearn.embedded.apiserver.encoding import decode
from kubelearn.embedded.apiserver.nodes.identity import node_of
from kubelearn.embedded.apiserver.nodes.references import MIRROR, references
from kubelearn.embedded.apiserver.registry import Registry
from kubelearn.embedded.apiserver.status import StatusError, forbidden, not_found
from kubelearn.embedded.apiserver.write import Write
from kubelearn.embedded.store import Store
from kubelearn.objects import Object, annotations_of, labels_of

_LEASES = "kube-node-lease"
_OWN_LABELS = frozenset({
    "kubernetes.io/hostname", "kubernetes.io/os", "kubernetes.io/arch",
    "beta.kubernetes.io/os", "beta.kubernetes.io/arch",
    "topology.kubernetes.io/zone", "topology.kubernetes.io/region",
    "failure-domain.beta.kubernetes.io/zone", "failure-domain.beta.kubernetes.io/region",
    "beta.kubernetes.io/instance-type", "node.kubernetes.io/instance-type",
})  # fmt: skip
_OWN_NAMESPACES = ("kubelet.kubernetes.io", "node.kubernetes.io")
_RESTRICTED = "node-restriction.kubernetes.io"


async def node_restriction(
    registry: Registry, write: Write, new: Object, old: Object | None
) -> None:
    """Refuse a kubelet's write that is not its business."""
    node = node_of(write.user)
    if not node:
        return
    problem = ""
    match registry.kind.group, registry.kind.plural:
        case "", "pods":
            problem = _pod(registry, write, new, old, node=node)
        case "", "nodes":
            problem = _node(node, new, old)
        case "", "persistentvolumeclaims":
            problem = "" if write.subresource == "status" else "may only update PVC status"
        case "coordination.k8s.io", "leases":
            problem = _lease(node, write.namespace, new["metadata"].get("name", ""))
        case "storage.k8s.io", "csinodes":
            if new["metadata"].get("name") != node:
                problem = "can only access CSINode with the same name as the requesting node"
    if problem:
        raise refused(registry, new, problem)


async def node_deletion(registry: Registry, write: Write) -> None:
    """Refuse a kubelet's deletion of what is not its own."""
    node = node_of(write.user)
    if not node:
        return
    obj = decode(registry.get(write.namespace, write.name).value)
    problem, meta = "", obj["metadata"]
    match registry.kind.group, registry.kind.plural:
        case "", "pods":
            if obj["spec"].get("nodeName") != node:
                problem = f'node "{node}" can only delete pods with spec.nodeName set to itself'
                if write.subresource == "eviction":
                    problem = f"node {node} can only evict pods with spec.nodeName set to itself"
        case "", "nodes":
            problem = _other(node, meta["name"])
        case "coordination.k8s.io", "leases":
            problem = _lease(node, write.namespace, meta["name"])
    if problem:
        raise refused(registry, obj, problem)


def check_token(store: Store, user: User, spec: Object, *, namespace: str, account: str) -> None:
    """Refuse a kubelet's request for a token that is not for a pod of its own. Raises 403, 404."""
    node = node_of(user)
    if not node:
        return
    reference = spec.get("boundObjectRef") or {}
    name = reference.get("name")
    if (reference.get("apiVersion"), reference.get("kind")) != ("v1", "Pod") or not name:
        raise _token(account, "node requested token not bound to a pod")
    if not reference.get("uid"):
        raise _token(account, "node requested token with a pod binding without a uid")
    found = store.get(f"/registry/pods/{namespace}/{name}")
    if found is None:
        raise not_found("pods", "", name)
    pod = decode(found.value)
    if pod["metadata"]["uid"] != reference["uid"]:
        raise _token(
            account,
            f"the UID in the bound object reference ({reference['uid']}) does not match the UID in "
            "record. The object might have been deleted and then recreated",
        )
    if pod["spec"].get("nodeName") != node:
        raise _token(account, "node requested token bound to a pod scheduled on a different node")


def _token(account: str, problem: str) -> StatusError:
    return forbidden("serviceaccounts", "", account, problem)


# --- pods ----------------------------------------------------------------------------------------


def _pod(registry: Registry, write: Write, new: Object, old: Object | None, *, node: str) -> str:
    if write.subresource == "status" and old is not None:
        if old["spec"].get("nodeName") != node:
            only = "can only update pod status for pods with spec.nodeName set to itself"
            return f'node "{node}" {only}'
        if labels_of(new) != labels_of(old):
            return f'node "{node}" cannot update labels through pod status'
        return ""
    if write.subresource:
        only = "only 'status' and 'eviction' are allowed"
        return f'unexpected pod subresource "{write.subresource}", {only}'
    if old is not None:
        only = "can only create and delete mirror pods"
        return f'unexpected operation "UPDATE", node "{node}" {only}'
    return _mirror_pod(registry.store, node, new)


def _mirror_pod(store: Store, node: str, pod: Object) -> str:
    """A kubelet may show what it runs from files of its own, and nothing else."""
    if MIRROR not in annotations_of(pod):
        only = f'node "{node}" can only create mirror pods'
        return f'pod does not have "{MIRROR}" annotation, {only}'
    if pod["spec"].get("nodeName") != node:
        return f'node "{node}" can only create pods with spec.nodeName set to itself'
    owners = pod["metadata"].get("ownerReferences") or []
    if len(owners) != 1:
        what = "a single" if owners else "an"
        return f'node "{node}" can only create pods with {what} owner reference set to itself'
    [owner] = owners
    if (owner.get("apiVersion"), owner.get("kind"), owner.get("name")) != ("v1", "Node", node):
        return f'node "{node}" can only create pods with an owner reference set to itself'
    if not owner.get("controller"):
        return f'node "{node}" can only create pods with a controller owner reference set to itself'
    if owner.get("blockOwnerDeletion"):
        return f'node "{node}" must not set blockOwnerDeletion on an owner reference'
    return _owner_uid(store, node, owner) or _no_references(node, pod)


def _owner_uid(store: Store, node: str, owner: Object) -> str:
    found = store.get(f"/registry/minions/{node}")
    if found is None:
        raise not_found("nodes", "", node)
    uid = decode(found.value)["metadata"]["uid"]
    if owner.get("uid") == uid:
        return ""
    return f"node {node} UID mismatch: expected {owner.get('uid')} got {uid}"


def _no_references(node: str, pod: Object) -> str:
    # Asked as if it were an ordinary pod: whatever it refers to would be shown to the node.
    plain = {**pod, "metadata": {**pod["metadata"], "annotations": {}}}
    found = next((resource for resource, _ in references(plain)), "")
    return f'node "{node}" can not create pods that reference {found}' if found else ""


# --- the node itself -----------------------------------------------------------------------------


def _node(node: str, new: Object, old: Object | None) -> str:
    name = new["metadata"].get("name", "")
    if name != node:
        return _other(node, name)
    labels = labels_of(new).items()
    if old is None:
        if bad := _not_own({name for name, _ in labels}):
            return f'node "{node}" is not allowed to set the following labels: {bad}'
        return ""
    if (new["spec"].get("taints") or []) != (old["spec"].get("taints") or []):
        return f'node "{node}" is not allowed to modify taints'
    owners = [each["metadata"].get("ownerReferences") or [] for each in (new, old)]
    if owners[0] != owners[1]:
        return f'node "{node}" is not allowed to modify ownerReferences'
    changed = labels ^ labels_of(old).items()
    bad = _not_own({name for name, _ in changed})
    return f"is not allowed to modify labels: {bad}" if bad else ""


def _other(node: str, name: str) -> str:
    return "" if name == node else f'node "{node}" is not allowed to modify node "{name}"'


def _not_own(labels: set[str]) -> str:
    """The labels among these by which a node could draw pods to itself that it must not see."""
    bad = [
        label
        for label in labels
        if _in(label, (_RESTRICTED,))
        or (
            _in(label, ("kubernetes.io", "k8s.io"))
            and label not in _OWN_LABELS
            and not _in(label, _OWN_NAMESPACES)
        )
    ]
    return ", ".join(sorted(bad))


def _in(label: str, domains: tuple[str, ...]) -> bool:
    domain, slash, _ = label.partition("/")
    return bool(slash) and any(domain == each or domain.endswith(f".{each}") for each in domains)


def _lease(node: str, namespace: str, name: str) -> str:
    if namespace != _LEASES:
        return f'can only access leases in the "{_LEASES}" system namespace'
    if name != node:
        return "can only access node lease with the same name as the requesting node"
    return ""
