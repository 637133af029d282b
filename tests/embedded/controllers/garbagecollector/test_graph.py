from __future__ import annotations

import pytest

from kubelearn.embedded.controllers.garbagecollector.graph import OwnerGraph


@pytest.fixture
def graph():
    return OwnerGraph()


def thing(name, *owners, **meta):
    refs = [
        {"apiVersion": "v1", "kind": "ConfigMap", "name": owner, "uid": owner} for owner in owners
    ]
    return {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {
            "name": name,
            "namespace": "default",
            "uid": name,
            "ownerReferences": refs,
            **meta,
        },
    }


def names(nodes):
    return {node.identity.name for node in nodes}


def test_an_owner_nobody_has_seen_is_virtual_until_it_is(graph):
    child, unseen = graph.put(thing("child", "owner"))
    assert names(unseen) == {"owner"}
    assert graph.get("owner").virtual
    assert graph.get("owner").identity.namespace == "default"
    owner, _ = graph.put(thing("owner"))
    assert not owner.virtual
    assert names(graph.dependents(owner)) == {"child"}
    assert names(graph.owners(child)) == {"owner"}


def test_a_reference_that_is_removed_is_gone_both_ways(graph):
    graph.put(thing("owner"))
    graph.put(thing("child", "owner"))
    child, _ = graph.put(thing("child"))
    assert graph.dependents(graph.get("owner")) == []
    assert graph.owners(child) == []


def test_a_virtual_owner_without_dependents_is_forgotten(graph):
    graph.put(thing("child", "owner"))
    graph.remove("child")
    assert graph.get("owner") is None


def test_dependents_of_a_removed_owner_still_name_it(graph):
    graph.put(thing("owner"))
    child, _ = graph.put(thing("child", "owner"))
    graph.remove("owner")
    assert [ref["uid"] for ref in child.owners] == ["owner"]
    assert graph.owners(child) == []


@pytest.mark.parametrize(
    ("finalizer", "foreground", "orphan"),
    [("foregroundDeletion", True, False), ("orphan", False, True), ("other", False, False)],
)
def test_finalizers_say_how_an_owner_goes(graph, finalizer, foreground, orphan):
    node, _ = graph.put(thing("owner", finalizers=[finalizer], deletionTimestamp="now"))
    assert (node.deletes_dependents, node.orphans_dependents) == (foreground, orphan)
    node, _ = graph.put(thing("owner", finalizers=[finalizer]))
    assert not node.deletes_dependents
    assert not node.orphans_dependents
