"""`kubectl taint`, `top`, `cordon`, `drain`: what nodes have to do; taking work off, and back."""

import json
import re
import time

import pytest

WEB = """
apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  replicas: 2
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      terminationGracePeriodSeconds: 0
      # On this node whenever it takes pods.
      affinity:
        nodeAffinity:
          preferredDuringSchedulingIgnoredDuringExecution:
          - weight: 100
            preference:
              matchExpressions: [{key: kubernetes.io/hostname, operator: In, values: [NODE]}]
      containers: [{name: a, image: "busybox:1.37", command: [sleep, "3600"]}]
---
apiVersion: v1
kind: Pod
metadata: {name: alone, labels: {app: alone}}
spec:
  nodeName: NODE
  terminationGracePeriodSeconds: 0
  containers: [{name: a, image: "busybox:1.37", command: [sleep, "3600"]}]
"""


@pytest.fixture(scope="module")
def node(kubectl):
    """A worker; it takes work again afterwards."""
    workers = kubectl("get", "nodes", "-l", "!node-role.kubernetes.io/control-plane", "-o", "name")
    name = workers.split()[-1].removeprefix("node/")
    yield name
    kubectl("uncordon", name)


@pytest.fixture(scope="module", autouse=True)
def web(kubectl, node):
    kubectl("apply", "-f", "-", stdin=WEB.replace("NODE", node))
    kubectl("rollout", "status", "deployment/web", "--timeout=60s")
    kubectl("wait", "--for=condition=Ready", "pod/alone", "--timeout=60s")


def test_taints_come_change_and_go(kubectl, node):
    assert kubectl("taint", "node", node, "color=red:NoSchedule") == f"node/{node} tainted\n"
    try:
        said = kubectl("taint", "node", node, "color=blue:NoSchedule", code=1)
        assert "taint(s) with same effect(s) and --overwrite is false" in said
        kubectl("taint", "node", node, "color=blue:NoSchedule", "--overwrite")
        taints = json.loads(kubectl("get", "node", node, "-o=jsonpath={.spec.taints}"))
        assert {"key": "color", "value": "blue", "effect": "NoSchedule"} in taints
    finally:
        assert kubectl("taint", "node", node, "color-") == f"node/{node} untainted\n"
    assert 'taint "color" not found' in kubectl("taint", "node", node, "color-", code=1)


def test_nodes_are_labelled_and_chosen(kubectl, node):
    kubectl("label", "node", node, "disk=fast")
    try:
        assert kubectl("get", "nodes", "-l", "disk=fast", "-o", "name") == f"node/{node}\n"
    finally:
        kubectl("label", "node", node, "disk-")


@pytest.fixture
def top(cluster, run_kubectl, namespace):
    """The rows of `kubectl top`, by their first words, once everything was measured."""
    if cluster.backend != "embedded" and "metrics.k8s.io" not in run_kubectl("api-versions").stdout:
        pytest.skip("this cluster has no metrics server")

    def rows(*words, known):
        deadline = time.monotonic() + 120
        while True:
            said = run_kubectl("-n", namespace, "top", *words)
            heading, *found = said.stdout.splitlines() or [""]
            if known <= {row.split()[0] for row in found} and "<unknown>" not in said.stdout:
                return heading.split(), {row.split()[0]: row.split()[1:] for row in found}
            assert time.monotonic() < deadline, said.stderr
            time.sleep(0.3)

    return rows


def test_top_shows_what_is_used(kubectl, top):
    nodes = set(kubectl("get", "nodes", "-o=jsonpath={.items[*].metadata.name}").split())
    heading, used = top("nodes", known=nodes)
    assert heading == ["NAME", "CPU(cores)", "CPU(%)", "MEMORY(bytes)", "MEMORY(%)"]
    for cpu, share, memory, of_memory in used.values():
        assert re.fullmatch(r"\d+m \d+% \d+Mi \d+%", f"{cpu} {share} {memory} {of_memory}")
    kubectl("run", "busy", "--image=busybox:1.37", "--", "sh", "-c", "while :; do :; done")
    heading, used = top("pods", "--containers", known={"busy"})
    assert heading == ["POD", "NAME", "CPU(cores)", "MEMORY(bytes)"]
    name, cpu, memory = used["busy"]
    assert (name, cpu.endswith("m"), memory.endswith("Mi")) == ("busy", True, True)
    kubectl("delete", "pod", "busy", "--now")


def test_cordon_and_uncordon_say_what_they_changed(kubectl, node):
    assert kubectl("cordon", node) == f"node/{node} cordoned\n"
    assert kubectl("cordon", node) == f"node/{node} already cordoned\n"
    assert kubectl("get", "node", node, "--no-headers").split()[1] == "Ready,SchedulingDisabled"
    assert kubectl("uncordon", node) == f"node/{node} uncordoned\n"
    assert kubectl("uncordon", node) == f"node/{node} already uncordoned\n"
    said = kubectl("cordon", "moon", code=1)
    assert said == 'Error from server (NotFound): nodes "moon" not found\n'


def test_drain_leaves_pods_alone_that_nobody_would_replace(kubectl, node):
    chosen = ("--ignore-daemonsets", "--pod-selector=app=alone")
    said = kubectl("drain", node, *chosen, "--timeout=30s", code=1)
    assert "cannot delete Pods that declare no controller (use --force to override)" in said
    assert f"node/{node} cordoned" in said
    kubectl("get", "pod", "alone")
    said = kubectl("drain", node, *chosen, "--force", "--dry-run=server")
    assert "evicting pod test-nodes/alone (server dry run)" in said
    kubectl("get", "pod", "alone")
    said = kubectl("drain", node, *chosen, "--force", "--timeout=60s")
    assert "pod/alone evicted" in said
    assert "NotFound" in kubectl("get", "pod", "alone", code=1)


def test_drain_waits_for_a_budget(kubectl, node):
    kubectl("create", "poddisruptionbudget", "web", "--selector=app=web", "--max-unavailable=0")
    kubectl("wait", "pdb/web", "--for=jsonpath={.status.expectedPods}=2", "--timeout=30s")
    kubectl("uncordon", node)
    on_the_node = (
        "get",
        "pods",
        "-l",
        "app=web",
        f"--field-selector=spec.nodeName={node}",
        "-o",
        "name",
    )
    kubectl("rollout", "restart", "deployment/web")
    kubectl("rollout", "status", "deployment/web", "--timeout=60s")
    here = kubectl(*on_the_node).split()
    assert here
    chosen = ("--ignore-daemonsets", "--pod-selector=app=web")
    said = kubectl("drain", node, *chosen, "--timeout=2s", code=1)
    assert "Cannot evict pod as it would violate the pod's disruption budget" in said
    assert kubectl(*on_the_node).split() == here
    kubectl("delete", "pdb", "web")
    assert f"node/{node} drained" in kubectl("drain", node, *chosen, "--timeout=60s")
    kubectl("rollout", "status", "deployment/web", "--timeout=60s")
    assert kubectl(*on_the_node) == ""
