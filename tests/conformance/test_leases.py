"""Leases: small objects with a time in them, by which nodes say "I live" and leaders "I lead"."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest


def test_a_lease_keeps_microseconds(coordination, send, namespace):
    now = datetime.now(UTC).replace(microsecond=123456)
    body = {
        "metadata": {"name": "lock"},
        "spec": {"holderIdentity": "me", "leaseDurationSeconds": 15, "renewTime": now},
    }
    coordination.create_namespaced_lease(namespace, body)
    path = f"/apis/coordination.k8s.io/v1/namespaces/{namespace}/leases/lock"
    stored = send("GET", path).checked()["spec"]
    assert stored["renewTime"].endswith(".123456Z")
    assert coordination.read_namespaced_lease("lock", namespace).spec.renew_time == now


def test_only_one_of_two_rivals_takes_a_lease(coordination, namespace, refused):
    coordination.create_namespaced_lease(
        namespace, {"metadata": {"name": "lock"}, "spec": {"holderIdentity": "nobody"}}
    )
    seen_by_both = coordination.read_namespaced_lease("lock", namespace)
    seen_by_both.spec.holder_identity = "first"
    coordination.replace_namespaced_lease("lock", namespace, seen_by_both)
    seen_by_both.spec.holder_identity = "second"
    status = refused(coordination.replace_namespaced_lease, "lock", namespace, seen_by_both)
    assert status["reason"] == "Conflict"
    assert coordination.read_namespaced_lease("lock", namespace).spec.holder_identity == "first"


@pytest.mark.needs_nodes
def test_each_node_has_a_lease_of_its_own(core, coordination, machines):
    for name in machines:
        lease = coordination.read_namespaced_lease(name, "kube-node-lease")
        assert lease.spec.holder_identity == name
        assert lease.spec.lease_duration_seconds == 40
        assert lease.metadata.owner_references[0].uid == core.read_node(name).metadata.uid
