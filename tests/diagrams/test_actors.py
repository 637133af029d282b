"""Who sent a request, from its user and its program."""

from __future__ import annotations

import pytest

from kubelearn.diagrams.actors import PARTS, actor_of

MANAGER = "system:kube-controller-manager"
ACCOUNT = "system:serviceaccount:kube-system"
GO = "v1.36.3 (linux/amd64) kubernetes/0e2c4a1"


@pytest.mark.parametrize(
    ("user", "agent", "part", "name"),
    [
        ("kubernetes-admin", f"kubectl/{GO}", "client", "kubectl as kubernetes-admin"),
        ("admin", "OpenAPI-Generator/37.0.2/python", "client", "Python as admin"),
        ("admin", "", "client", "admin"),
        (MANAGER, f"kube-controller-manager/{GO}/job-controller", "controllers", "job-controller"),
        (MANAGER, f"kube-controller-manager/{GO}", "controllers", "kube-controller-manager"),
        (MANAGER, "kube-controller-manager/kubelearn", "controllers", "kube-controller-manager"),
        (
            f"{ACCOUNT}:replicaset-controller",
            f"kube-controller-manager/{GO}/{ACCOUNT}:replicaset-controller",
            "controllers",
            "replicaset-controller",
        ),
        (
            f"{ACCOUNT}:generic-garbage-collector",
            f"kube-controller-manager/{GO}/{ACCOUNT}:generic-garbage-collector",
            "controllers",
            "generic-garbage-collector",
        ),
        ("system:kube-scheduler", f"kube-scheduler/{GO}", "scheduler", "kube-scheduler"),
        ("system:node:worker", f"kubelet/{GO}", "kubelet", "kubelet of worker"),
        ("system:hollow-kubelet", "kubelet/kubelearn", "kubelet", "kubelet"),
        ("system:apiserver", f"kube-apiserver/{GO}", "others", "apiserver"),
        (f"{ACCOUNT}:coredns", "coredns/1", "others", "coredns"),
        ("system:serviceaccount:shop:robot", "curl/8", "client", None),
    ],
)
def test_components_are_known_by_their_users(user, agent, part, name):
    actor = actor_of({"user": {"username": user}, "userAgent": agent})
    assert actor.part == part
    assert actor.part in PARTS
    assert actor.name == (name or f"curl as {user}")


def test_who_acts_as_somebody_else_is_somebody_else():
    event = {"user": {"username": "admin"}, "impersonatedUser": {"username": "ann"}}
    assert actor_of(event).name == "ann"


def test_a_kubelet_speaks_for_its_node():
    assert actor_of({"user": {"username": "system:node:worker2"}}).node == "worker2"
