"""What kubectl finds out about a cluster: kinds, their fields, versions, health, everything."""

import json
import re

import pytest


def columns(line):
    return re.split(r"\s{2,}", line.strip())


def test_explain_tells_what_a_kind_is_and_what_it_has(kubectl):
    said = kubectl("explain", "pod")
    assert said.startswith("KIND:       Pod\nVERSION:    v1\n")
    assert "Pod is a collection of containers that can run on a host." in said
    assert re.search(r"^  spec\t<PodSpec>$", said, re.MULTILINE)


def test_explain_follows_a_path_to_a_field(kubectl):
    said = kubectl("explain", "deployment.spec.strategy.rollingUpdate.maxSurge")
    assert "GROUP:      apps" in said
    assert "FIELD: maxSurge <IntOrString>" in said
    words = " ".join(said.split())
    assert "The maximum number of pods that can be scheduled above the desired number" in words
    said = kubectl("explain", "pod.spec.containers")
    assert re.search(r"^  name\t<string> -required-$", said, re.MULTILINE)
    assert "enum: Always, IfNotPresent, Never" in said
    said = kubectl("explain", "deployment.spec.strategy.type")
    assert 'Possible enum values:\n     - `"Recreate"` Kill all existing pods before' in said


def test_explain_understands_what_it_understood_before_1_27(kubectl):
    said = kubectl("explain", "deployment.spec.strategy", "--output=plaintext-openapiv2")
    assert "RESOURCE: strategy <Object>" in said
    assert re.search(r"^   rollingUpdate\t<Object>$", said, re.MULTILINE)
    assert "Type of deployment." in said


def test_explain_shows_the_whole_tree(kubectl):
    said = kubectl("explain", "service", "--recursive")
    assert re.search(r"^    ports\t<\[\]ServicePort>$", said, re.MULTILINE)
    assert re.search(r"^      nodePort\t<integer>$", said, re.MULTILINE)


def test_explain_takes_another_version(kubectl):
    said = kubectl("explain", "hpa.spec", "--api-version=autoscaling/v1")
    assert "targetCPUUtilizationPercentage\t<integer>" in said


def test_explain_knows_no_others(kubectl):
    assert 'field "color" does not exist' in kubectl("explain", "pod.spec.color", code=1)
    assert "doesn't have a resource type" in kubectl("explain", "moon", code=1)


def test_the_kinds_are_listed(kubectl):
    heading, *rows = kubectl("api-resources").splitlines()
    assert heading.split() == ["NAME", "SHORTNAMES", "APIVERSION", "NAMESPACED", "KIND"]
    found = [row.split() for row in rows]
    assert ["deployments", "deploy", "apps/v1", "true", "Deployment"] in found
    assert ["nodes", "no", "v1", "false", "Node"] in found
    assert ["bindings", "v1", "true", "Binding"] in found


def test_the_kinds_can_be_chosen(kubectl):
    said = kubectl("api-resources", "--api-group=apps", "-o", "name").split()
    assert "daemonsets.apps" in said
    assert all(name.endswith(".apps") for name in said)
    assert "pods" not in kubectl("api-resources", "--namespaced=false", "-o", "name").split()
    assert "bindings" not in kubectl("api-resources", "--verbs=list", "-o", "name").split()
    rows = kubectl("api-resources", "-o", "wide", "--no-headers").splitlines()
    pods = next(row for row in rows if row.startswith("pods "))
    assert "create,delete,deletecollection,get,list,patch,update,watch" in pods
    assert pods.rstrip().endswith("all")


def test_the_versions_are_listed(kubectl):
    said = kubectl("api-versions").split()
    assert {"v1", "apps/v1", "batch/v1", "rbac.authorization.k8s.io/v1"} <= set(said)
    assert said == sorted(said)


def test_both_sides_have_a_version(kubectl):
    said = json.loads(kubectl("version", "-o", "json"))
    assert said["clientVersion"]["major"] == said["serverVersion"]["major"] == "1"
    assert kubectl("version").count("Version: v1.") == 2


def test_cluster_info_names_the_control_plane(kubectl):
    said = kubectl("cluster-info")
    assert re.search(r"Kubernetes control plane.* is running at .*https://", said)


def test_cluster_info_dump_writes_everything(kubectl, tmp_path, namespace):
    words = ("run", "talker", "--image=busybox:1.37", "--restart=Never", "--", "echo", "hello")
    kubectl(*words)
    kubectl("wait", "--for=jsonpath={.status.phase}=Succeeded", "pod/talker", "--timeout=60s")
    kubectl("cluster-info", "dump", f"--namespaces={namespace}", f"--output-directory={tmp_path}")
    nodes = json.loads((tmp_path / "nodes.json").read_text())
    assert nodes["kind"] == "NodeList"
    inside = tmp_path / namespace
    assert {"pods.json", "events.json", "services.json"} <= {file.name for file in inside.iterdir()}
    assert "hello" in (inside / "talker" / "logs.txt").read_text()
    assert '"kind": "NodeList"' in kubectl("cluster-info", "dump", f"--namespaces={namespace}")


@pytest.mark.parametrize("path", ["/livez", "/readyz", "/healthz"])
def test_health_can_be_asked_for(kubectl, path):
    assert kubectl("get", "--raw", path) == "ok"
    said = kubectl("get", "--raw", f"{path}?verbose")
    assert "[+]etcd ok\n" in said
    assert said.endswith(f"{path[1:]} check passed\n")


def test_the_components_say_how_they_are(kubectl):
    said = kubectl("get", "componentstatuses")
    assert "Warning: v1 ComponentStatus is deprecated in v1.19+" in said
    rows = {line.split()[0]: line.split()[1] for line in said.splitlines() if "Warning" not in line}
    assert rows["scheduler"] == rows["controller-manager"] == rows["etcd-0"] == "Healthy"


def test_metrics_are_counted(kubectl, namespace):
    kubectl("get", "configmaps")
    said = kubectl("get", "--raw", "/metrics")
    assert "# TYPE apiserver_request_total counter\n" in said
    wanted = r'^apiserver_request_total\{.*resource="configmaps".*verb="LIST".*\} \d'
    assert re.search(wanted, said, re.MULTILINE)
