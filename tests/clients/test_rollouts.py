"""`kubectl rollout`: followed, listed, undone, paused and restarted; for all three kinds."""

import re

import pytest

WORKLOAD = """
apiVersion: apps/v1
kind: {kind}
metadata: {{name: {name}}}
spec:
{more}
  selector: {{matchLabels: {{app: {name}}}}}
  template:
    metadata: {{labels: {{app: {name}}}}}
    spec:
      terminationGracePeriodSeconds: 0
      containers: [{{name: a, image: "busybox:1.36", command: [sleep, "3600"]}}]
"""
WORKLOADS = {
    "deployment/web": "  replicas: 2",
    "statefulset/db": "  replicas: 2\n  serviceName: db",
    "daemonset/agent": "",
}
KINDS = {"deployment": "Deployment", "statefulset": "StatefulSet", "daemonset": "DaemonSet"}
DONE = {
    "deployment/web": 'deployment "web" successfully rolled out\n',
    "statefulset/db": "roll out complete: 2 new pods have been updated...\n",
    "daemonset/agent": 'daemon set "agent" successfully rolled out\n',
}
IMAGE = "-o=jsonpath={.spec.template.spec.containers[0].image}"


@pytest.fixture(scope="module", params=WORKLOADS)
def workload(request, kubectl):
    kind, name = request.param.split("/")
    manifest = WORKLOAD.format(kind=KINDS[kind], name=name, more=WORKLOADS[request.param])
    kubectl("create", "-f", "-", stdin=manifest)
    return request.param


@pytest.fixture
def rolled_out(kubectl, workload):
    def check():
        said = kubectl("rollout", "status", workload, "--timeout=60s")
        # What there is to tell on the way depends on how fast it goes.
        assert said.endswith(DONE[workload])
        return said

    return check


def test_a_rollout_is_followed_to_its_end(kubectl, workload, rolled_out):
    rolled_out()
    said = kubectl("set", "image", workload, "a=busybox:1.37")
    assert said.endswith(" image updated\n")
    rolled_out()
    name = workload.split("/")[1]
    pods = kubectl(
        "get", "pods", "-l", f"app={name}", "-o=jsonpath={.items[*].spec.containers[0].image}"
    )
    assert set(pods.split()) == {"busybox:1.37"}


def test_the_history_has_each_revision(kubectl, workload):
    heading, columns, *rows = kubectl("rollout", "history", workload).strip().splitlines()
    assert heading.split("/")[-1].strip() == workload.split("/")[1]
    assert columns.split() == ["REVISION", "CHANGE-CAUSE"]
    assert [row.split()[0] for row in rows] == ["1", "2"]
    said = kubectl("rollout", "history", workload, "--revision=1")
    assert re.search(r"Image:\s+busybox:1.36", said)
    said = kubectl("rollout", "history", workload, "--revision=9", code=1)
    assert said == "error: unable to find the specified revision\n"


def test_a_rollout_is_undone(kubectl, workload, rolled_out):
    assert kubectl("rollout", "undo", workload).endswith(" rolled back\n")
    rolled_out()
    assert kubectl("get", workload, IMAGE) == "busybox:1.36"
    kubectl("rollout", "undo", workload, "--to-revision=2")
    assert kubectl("get", workload, IMAGE) == "busybox:1.37"
    said = kubectl("rollout", "undo", workload, "--to-revision=99", code=1)
    assert "unable to find specified revision 99 in history" in said


def test_a_restart_makes_new_pods(kubectl, workload, rolled_out):
    rolled_out()
    name = workload.split("/")[1]
    names = ("get", "pods", "-l", f"app={name}", "-o=jsonpath={.items[*].metadata.uid}")
    before = set(kubectl(*names).split())
    assert kubectl("rollout", "restart", workload).endswith(" restarted\n")
    rolled_out()
    living = set(kubectl(*names, "--field-selector=status.phase=Running").split())
    assert len(living - before) >= 2


def test_only_a_deployment_can_be_paused(kubectl, workload):
    if not workload.startswith("deployment"):
        said = kubectl("rollout", "pause", workload, code=1)
        assert "pausing is not supported" in said
        return
    assert kubectl("rollout", "pause", workload) == "deployment.apps/web paused\n"
    assert "is already paused" in kubectl("rollout", "pause", workload, code=1)
    said = kubectl("rollout", "undo", workload, code=1)
    assert "you cannot rollback a paused deployment" in said
    replica_sets = ("get", "replicasets", "-l", "app=web", "-o", "name")
    before = kubectl(*replica_sets)
    kubectl("set", "image", workload, "a=busybox:1.35")
    observed = kubectl("get", workload, "-o=jsonpath={.metadata.generation}")
    kubectl("wait", workload, f"--for=jsonpath={{.status.observedGeneration}}={observed}")
    assert kubectl(*replica_sets) == before
    assert kubectl("rollout", "resume", workload) == "deployment.apps/web resumed\n"
    assert "is not paused" in kubectl("rollout", "resume", workload, code=1)
    kubectl("rollout", "status", workload, "--timeout=60s")
    assert kubectl(*replica_sets) != before


def test_a_change_can_have_a_cause(kubectl):
    kubectl("annotate", "deployment", "web", "kubernetes.io/change-cause=a newer busybox")
    kubectl("set", "image", "deployment/web", "a=busybox:1.37.0")
    kubectl("rollout", "status", "deployment/web", "--timeout=60s")
    last = kubectl("rollout", "history", "deployment/web").strip().splitlines()[-1]
    assert last.split(maxsplit=1)[1] == "a newer busybox"


def test_a_rollout_that_is_stuck_says_so(kubectl):
    manifest = WORKLOAD.format(kind="Deployment", name="stuck", more="  progressDeadlineSeconds: 1")
    kubectl("create", "-f", "-", stdin=manifest.replace("busybox:1.36", "no-such.invalid/x"))
    said = kubectl("rollout", "status", "deployment/stuck", "--timeout=60s", code=1)
    assert said.endswith('error: deployment "stuck" exceeded its progress deadline\n')
    kubectl("delete", "deployment", "stuck")


@pytest.mark.parametrize(
    ("surge", "words"),
    [
        (0, "0 of 2 updated replicas are available..."),
        (1, "1 out of 2 new replicas have been updated..."),
        (2, "2 old replicas are pending termination..."),
    ],
)
def test_a_rollout_tells_what_it_waits_for(kubectl, surge, words):
    pace = f"rollingUpdate: {{maxSurge: {max(surge, 1)}, maxUnavailable: 0}}"
    more = f"  replicas: 2\n  strategy: {{{pace}}}"
    manifest = WORKLOAD.format(kind="Deployment", name="slow", more=more)
    image = "no-such.invalid/x"
    if surge:
        kubectl("create", "-f", "-", stdin=manifest)
        kubectl("rollout", "status", "deployment/slow", "--timeout=60s")
        kubectl("set", "image", "deployment/slow", f"a={image}")
    else:
        kubectl("create", "-f", "-", stdin=manifest.replace("busybox:1.36", image))
    settled = f"--for=jsonpath={{.status.replicas}}={2 + surge}"
    kubectl("wait", "deployment/slow", settled, "--timeout=60s")
    said = kubectl("rollout", "status", "deployment/slow", "--watch=false")
    assert said == f'Waiting for deployment "slow" rollout to finish: {words}\n'
    kubectl("delete", "deployment", "slow")


def test_other_kinds_have_no_rollouts(kubectl):
    kubectl("create", "configmap", "conf")
    said = kubectl("rollout", "status", "configmap/conf", code=1)
    assert said == "error: no status viewer has been implemented for ConfigMap\n"
