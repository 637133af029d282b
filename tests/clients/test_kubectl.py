"""kubectl can't tell the cluster from another one: what it prints, and how it exits.

The tests of this module follow one another: a Deployment is made, looked at, changed, undone, and
removed, as a learner would.
"""

import json
import re

import pytest

SHOP = """
apiVersion: apps/v1
kind: Deployment
metadata: {name: shop, labels: {app: shop}}
spec:
  replicas: 2
  selector: {matchLabels: {app: shop}}
  template:
    metadata: {labels: {app: shop}}
    spec:
      terminationGracePeriodSeconds: 1
      containers:
      - name: hello
        image: kubelearn/hello:1.0
        ports: [{containerPort: 8080}]
        readinessProbe: {httpGet: {path: /readyz, port: 8080}, periodSeconds: 1}
---
apiVersion: v1
kind: Service
metadata: {name: shop}
spec: {selector: {app: shop}, ports: [{port: 8080}]}
"""


@pytest.fixture(scope="module", autouse=True)
def shop(kubectl):
    said = kubectl("apply", "-f", "-", stdin=SHOP)
    assert said == "deployment.apps/shop created\nservice/shop created\n"
    said = kubectl("rollout", "status", "deployment/shop", "--timeout=60s")
    assert said.endswith('deployment "shop" successfully rolled out\n')


def words(line):
    return re.split(r"\s{2,}", line.strip())


def test_nodes_are_listed_with_role_and_version(kubectl):
    heading, *rows = kubectl("get", "nodes").splitlines()
    assert words(heading) == ["NAME", "STATUS", "ROLES", "AGE", "VERSION"]
    assert ["Ready", "control-plane"] in [words(row)[1:3] for row in rows]


def test_get_prints_the_columns_of_pods_deployments_and_services(kubectl):
    heading, *rows = kubectl("get", "pods").splitlines()
    assert words(heading) == ["NAME", "READY", "STATUS", "RESTARTS", "AGE"]
    assert [words(row)[1:4] for row in rows] == [["1/1", "Running", "0"]] * 2
    assert words(kubectl("get", "deploy", "shop").splitlines()[1])[:4] == ["shop", "2/2", "2", "2"]
    assert words(kubectl("get", "svc", "shop").splitlines()[1])[1] == "ClusterIP"


def test_get_all_knows_the_category(kubectl):
    said = kubectl("get", "all", "-o", "name")
    assert {line.split("/")[0] for line in said.split()} == {
        "pod",
        "service",
        "deployment.apps",
        "replicaset.apps",
    }


def test_output_formats_and_selectors_work(kubectl):
    items = json.loads(kubectl("get", "pods", "-l", "app=shop", "-o", "json"))["items"]
    assert len(items) == 2
    where = "-o=jsonpath={.items[*].status.phase}"
    assert kubectl("get", "pods", "--field-selector=status.phase=Running", where) == (
        "Running Running"
    )
    assert "No resources found" in kubectl("get", "pods", "-l", "app=other")
    assert "NOMINATED NODE" in kubectl("get", "pods", "-o", "wide")


def test_describe_shows_pods_deployments_services_and_nodes_with_their_events(kubectl):
    pod = kubectl("get", "pods", "-o", "name").split()[0]
    said = kubectl("describe", pod)
    assert re.search(r"Successfully assigned \S+ to \S+", said)
    assert "Container started" in said
    said = kubectl("describe", "deployment", "shop")
    assert "RollingUpdateStrategy:  25% max unavailable, 25% max surge" in said
    assert "ScalingReplicaSet" in said
    assert re.search(r"Endpoints:\s+127\.", kubectl("describe", "service", "shop"))
    assert "node-role.kubernetes.io/control-plane:NoSchedule" in kubectl("describe", "nodes")


def test_logs_come_from_the_container(kubectl):
    assert "listens on port 8080" in kubectl("logs", "deployment/shop")
    assert len(kubectl("logs", "-l", "app=shop", "--tail=1").splitlines()) == 2


def test_exec_gives_the_output_and_the_exit_code(kubectl):
    code = "import sys; print('inside'); sys.exit(3)"
    assert "inside" in kubectl("exec", "deploy/shop", "--", "python", "-c", code, code=3)


def test_applying_the_same_again_changes_nothing(kubectl):
    said = kubectl("apply", "-f", "-", stdin=SHOP)
    assert said == "deployment.apps/shop unchanged\nservice/shop unchanged\n"


def test_diff_shows_what_would_change(kubectl):
    said = kubectl("diff", "-f", "-", stdin=SHOP.replace("replicas: 2", "replicas: 3"), code=1)
    assert "-  replicas: 2" in said
    assert "+  replicas: 3" in said


def test_scale_and_wait(kubectl):
    assert kubectl("scale", "deployment", "shop", "--replicas=3") == (
        "deployment.apps/shop scaled\n"
    )
    jsonpath = "--for=jsonpath={.status.readyReplicas}=3"
    assert kubectl("wait", "deployment/shop", jsonpath, "--timeout=60s") == (
        "deployment.apps/shop condition met\n"
    )
    kubectl("scale", "deployment", "shop", "--current-replicas=3", "--replicas=2")
    said = kubectl("scale", "deployment", "shop", "--current-replicas=7", "--replicas=1", code=1)
    assert "Expected replicas to be 7, was 2" in said


def test_a_rollout_is_followed_listed_and_undone(kubectl):
    kubectl("set", "image", "deployment/shop", "hello=kubelearn/hello:2.0")
    said = kubectl("rollout", "status", "deployment/shop", "--timeout=60s")
    assert said.endswith('deployment "shop" successfully rolled out\n')
    assert "2         <none>" in kubectl("rollout", "history", "deployment/shop")
    said = kubectl("rollout", "undo", "deployment/shop")
    assert said.startswith("deployment.apps/shop rolled back\n")
    kubectl("rollout", "status", "deployment/shop", "--timeout=60s")
    image = "-o=jsonpath={.spec.template.spec.containers[0].image}"
    assert kubectl("get", "deployment", "shop", image) == "kubelearn/hello:1.0"


def test_rollout_pause_resume_and_restart(kubectl):
    assert "paused" in kubectl("rollout", "pause", "deployment/shop")
    assert "resumed" in kubectl("rollout", "resume", "deployment/shop")
    assert "restarted" in kubectl("rollout", "restart", "deployment/shop")
    kubectl("rollout", "status", "deployment/shop", "--timeout=60s")


def test_label_annotate_and_patch(kubectl):
    kubectl("label", "deployment", "shop", "tier=front")
    assert "front" in kubectl("get", "deployment", "shop", "-L", "tier")
    kubectl("annotate", "deployment", "shop", "note=hi")
    patch = '{"spec": {"minReadySeconds": 1}}'
    assert "patched" in kubectl("patch", "deployment", "shop", "-p", patch)
    assert "(no change)" in kubectl("patch", "deployment", "shop", "-p", patch)


def test_objects_are_created_from_the_command_line(kubectl):
    # These send protobuf, not JSON.
    kubectl("create", "configmap", "settings", "--from-literal=color=red")
    kubectl("create", "secret", "generic", "password", "--from-literal=word=s3cret")
    kubectl("create", "serviceaccount", "robot")
    kubectl("create", "deployment", "quick", "--image=kubelearn/hello:1.0")
    assert kubectl("get", "cm", "settings", "-o=jsonpath={.data.color}") == "red"
    assert kubectl("get", "secret", "password", "-o=jsonpath={.data.word}") == "czNjcmV0"
    kubectl("expose", "deployment", "quick", "--port=8080")
    kubectl("delete", "deployment,service", "quick")


def test_a_dry_run_on_the_server_stores_nothing(kubectl):
    kubectl("create", "configmap", "ghost", "--dry-run=server")
    assert "NotFound" in kubectl("get", "configmap", "ghost", code=1)


def test_explain_and_api_resources_describe_what_is_served(kubectl):
    assert "KIND:       Deployment" in kubectl("explain", "deployment.spec.replicas")
    assert re.search(r"^deployments +deploy +apps/v1", kubectl("api-resources"), re.MULTILINE)


def test_unknown_fields_and_kinds_are_refused(kubectl):
    said = kubectl("apply", "-f", "-", stdin=SHOP.replace("replicas", "replicaz"), code=1)
    assert 'unknown field "spec.replicaz"' in said
    assert "the server doesn't have a resource type" in kubectl("get", "poods", code=1)


def test_cordon_drain_and_uncordon(kubectl, run_kubectl):
    workers = run_kubectl("get", "nodes", "-o", "name").stdout.split()[1:]
    node = workers[0].removeprefix("node/")
    try:
        assert "cordoned" in kubectl("cordon", node)
        flags = ["--ignore-daemonsets", "--pod-selector=app=shop", "--timeout=60s"]
        assert "drained" in kubectl("drain", node, *flags)
        where = kubectl("get", "pods", "-l", "app=shop", "-o=jsonpath={.items[*].spec.nodeName}")
        assert node not in where.split()
    finally:
        kubectl("uncordon", node)


def test_raw_requests_work(kubectl):
    said = kubectl("get", "--raw", "/readyz?verbose")
    assert "readyz check passed" in said


def test_delete_waits_until_the_object_is_gone(kubectl):
    pod = kubectl("get", "pods", "-l", "app=shop", "-o", "name").split()[0]
    assert f'"{pod.removeprefix("pod/")}" deleted' in kubectl("delete", pod)
    assert "NotFound" in kubectl("get", pod, code=1)
