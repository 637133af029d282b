"""Who owns whom, across all kinds: the graph that the garbage collector works on.

Upstream: pkg/controller/garbagecollector/{graph,graph_builder}.go. A node is *virtual* as long as
somebody names it as an owner and no informer has shown it: it may be of a kind not followed yet,
or it may not exist.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from kubelearn.objects import Object

FOREGROUND = "foregroundDeletion"
ORPHAN = "orphan"


@dataclass(frozen=True, slots=True)
class Identity:
    """What it takes to ask the API server for an object."""

    api_version: str
    kind: str
    namespace: str | None
    name: str
    uid: str

    @classmethod
    def of(cls, obj: Object) -> Identity:
        """An object's identity."""
        meta = obj["metadata"]
        return cls(obj["apiVersion"], obj["kind"], meta.get("namespace"), meta["name"], meta["uid"])


@dataclass
class Node:
    """An object in the graph."""

    identity: Identity
    virtual: bool = False
    owners: list[dict[str, Any]] = field(default_factory=list)
    dependents: set[str] = field(default_factory=set)
    deleting: bool = False
    finalizers: frozenset[str] = frozenset()

    @property
    def deletes_dependents(self) -> bool:
        """Whether it is being deleted in the foreground: after its dependents."""
        return self.deleting and FOREGROUND in self.finalizers

    @property
    def orphans_dependents(self) -> bool:
        """Whether it is being deleted and its dependents are to stay."""
        return self.deleting and ORPHAN in self.finalizers

    def blocks(self, owner: str) -> bool:
        """Whether that owner has to wait for this node's deletion."""
        return any(r["uid"] == owner and r.get("blockOwnerDeletion") for r in self.owners)


class OwnerGraph:
    """Nodes by uid, with references resolved both ways."""

    def __init__(self) -> None:
        self._nodes: dict[str, Node] = {}

    def get(self, uid: str) -> Node | None:
        """The node of an object."""
        return self._nodes.get(uid)

    def put(self, obj: Object) -> tuple[Node, list[Node]]:
        """An object is as it is now: its node, and owners that nobody has seen yet."""
        meta = obj["metadata"]
        identity = Identity.of(obj)
        node = self._nodes.setdefault(meta["uid"], Node(identity))
        node.identity, node.virtual = identity, False
        node.deleting = bool(meta.get("deletionTimestamp"))
        node.finalizers = frozenset(meta.get("finalizers") or ())
        return node, self._set_owners(node, meta.get("ownerReferences") or [])

    def remove(self, uid: str) -> Node | None:
        """An object is gone; if others still name it as owner, they keep doing so."""
        node = self._nodes.pop(uid, None)
        if node is not None:
            for ref in node.owners:
                self._unlink(node, ref["uid"])
        return node

    def dependents(self, node: Node) -> list[Node]:
        """The objects that name a node as owner."""
        return [self._nodes[uid] for uid in node.dependents if uid in self._nodes]

    def owners(self, node: Node) -> list[Node]:
        """The objects that a node names as owners."""
        return [self._nodes[r["uid"]] for r in node.owners if r["uid"] in self._nodes]

    def _set_owners(self, node: Node, owners: list[dict[str, Any]]) -> list[Node]:
        for uid in {r["uid"] for r in node.owners} - {r["uid"] for r in owners}:
            self._unlink(node, uid)
        node.owners = owners
        unseen = []
        for ref in owners:
            owner = self._nodes.get(ref["uid"])
            if owner is None:
                owner = self._nodes[ref["uid"]] = _virtual(ref, node.identity.namespace)
                unseen.append(owner)
            owner.dependents.add(node.identity.uid)
        return unseen

    def _unlink(self, node: Node, owner_uid: str) -> None:
        owner = self._nodes.get(owner_uid)
        if owner is not None:
            owner.dependents.discard(node.identity.uid)
            if owner.virtual and not owner.dependents:
                del self._nodes[owner_uid]


def _virtual(ref: dict[str, Any], namespace: str | None) -> Node:
    # An owner is in the namespace of what it owns, or in none.
    return Node(
        Identity(ref["apiVersion"], ref["kind"], namespace, ref["name"], ref["uid"]), virtual=True
    )
