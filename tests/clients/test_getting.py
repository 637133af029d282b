"""`kubectl get`: every way to print, to choose, and to go on watching."""

import json
import re
from threading import Thread

import pytest

POD = """
apiVersion: v1
kind: Pod
metadata: {{name: {name}, labels: {{app: {app}}}}}
spec:
  terminationGracePeriodSeconds: 0
  containers: [{{name: a, image: "busybox:1.37", command: [sleep, "3600"]}}]
"""


@pytest.fixture(scope="module", autouse=True)
def pods(kubectl):
    manifests = [POD.format(name=name, app=app) for name, app in (("one", "red"), ("two", "blue"))]
    kubectl("apply", "-f", "-", stdin="---".join(manifests))
    kubectl("create", "deployment", "web", "--image=busybox:1.37", "--replicas=0")
    kubectl("wait", "--for=condition=Ready", "pod/one", "pod/two", "--timeout=60s")


def columns(line):
    return re.split(r"\s{2,}", line.strip())


def test_a_table_has_a_heading_and_a_row_for_each(kubectl):
    heading, *rows = kubectl("get", "pods").splitlines()
    assert columns(heading) == ["NAME", "READY", "STATUS", "RESTARTS", "AGE"]
    assert [columns(row)[:4] for row in rows] == [
        ["one", "1/1", "Running", "0"],
        ["two", "1/1", "Running", "0"],
    ]
    assert kubectl("get", "pods", "--no-headers").splitlines()[0].startswith("one")


def test_wide_shows_where_pods_are(kubectl):
    heading, row = kubectl("get", "pod", "one", "-o", "wide").splitlines()
    assert columns(heading)[5:] == ["IP", "NODE", "NOMINATED NODE", "READINESS GATES"]
    node = kubectl("get", "pod", "one", "-o=jsonpath={.spec.nodeName}")
    assert columns(row)[6:] == [node, "<none>", "<none>"]


def test_several_kinds_are_told_apart(kubectl):
    said = kubectl("get", "pods,deployments")
    assert "pod/one" in said
    assert "deployment.apps/web" in said
    assert kubectl("get", "pod/one", "deploy/web", "-o", "name") == (
        "pod/one\ndeployment.apps/web\n"
    )


def test_all_is_a_category(kubectl):
    said = kubectl("get", "all", "-o", "name").split()
    assert {"pod/one", "pod/two", "deployment.apps/web"} <= set(said)
    assert not any(name.startswith("configmap/") for name in said)


def test_yaml_and_json_show_the_object(kubectl):
    said = kubectl("get", "pod", "one", "-o", "yaml")
    assert said.startswith("apiVersion: v1\nkind: Pod\n")
    assert "managedFields" not in said
    assert "managedFields" in kubectl("get", "pod", "one", "-o", "yaml", "--show-managed-fields")
    listed = json.loads(kubectl("get", "pods", "-o", "json"))
    assert (listed["kind"], len(listed["items"])) == ("List", 2)


def test_parts_are_taken_by_path_template_and_column(kubectl):
    assert kubectl("get", "pods", "-o=jsonpath={.items[*].metadata.name}") == "one two"
    line = r'{range .items[*]}{.metadata.name}{"\t"}{.status.phase}{"\n"}{end}'
    assert kubectl("get", "pods", f"-o=jsonpath={line}") == "one\tRunning\ntwo\tRunning\n"
    template = "{{range .items}}{{.metadata.labels.app}} {{end}}"
    assert kubectl("get", "pods", f"-o=go-template={template}") == "red blue "
    said = kubectl(
        "get", "pods", "-o=custom-columns=POD:.metadata.name,IMAGE:.spec.containers[0].image"
    )
    assert [line.split() for line in said.splitlines()] == [
        ["POD", "IMAGE"],
        ["one", "busybox:1.37"],
        ["two", "busybox:1.37"],
    ]


def test_labels_choose_and_are_shown(kubectl):
    assert kubectl("get", "pods", "-l", "app=red", "-o", "name") == "pod/one\n"
    assert kubectl("get", "pods", "-l", "app in (red, blue),app!=red", "-o", "name") == "pod/two\n"
    assert kubectl("get", "pods", "-l", "!app") == (
        "No resources found in test-getting namespace.\n"
    )
    assert columns(kubectl("get", "pods", "-L", "app").splitlines()[1])[-1] == "red"
    assert "app=red" in kubectl("get", "pod", "one", "--show-labels")


def test_fields_choose(kubectl):
    selector = "--field-selector=status.phase=Running,metadata.name!=one"
    assert kubectl("get", "pods", selector, "-o", "name") == "pod/two\n"
    said = kubectl("get", "pods", "--field-selector=spec.color=red", code=1)
    assert "field label not supported: spec.color" in said


def test_rows_are_sorted_by_any_field(kubectl):
    said = kubectl("get", "pods", "--sort-by=.metadata.labels.app", "-o", "name")
    assert said.split() == ["pod/two", "pod/one"]
    said = kubectl("get", "pods", "--sort-by=.status.podIP")
    assert len(said.splitlines()) == 3


def test_long_lists_come_in_pieces(kubectl):
    assert kubectl("get", "pods", "--chunk-size=1", "-o", "name") == "pod/one\npod/two\n"


def test_all_namespaces_have_a_column_of_their_own(kubectl):
    heading, *rows = kubectl("get", "pods", "-A", "-l", "app in (red,blue)").splitlines()
    assert columns(heading)[0] == "NAMESPACE"
    assert ["test-getting", "one"] in [columns(row)[:2] for row in rows]


def test_subresources_are_shown_as_they_are(kubectl):
    heading, row = kubectl("get", "deployment", "web", "--subresource=scale").splitlines()
    assert columns(heading) == ["NAME", "DESIRED", "AVAILABLE", "AGE"]
    assert columns(row)[:3] == ["web", "0", "0"]
    said = kubectl("get", "deployment", "web", "--subresource=status", "-o=jsonpath={.kind}")
    assert said == "Deployment"


def test_raw_asks_for_any_path(kubectl):
    path = "/api/v1/namespaces/test-getting/pods/one"
    assert json.loads(kubectl("get", "--raw", path))["metadata"]["name"] == "one"
    assert "NotFound" in kubectl("get", "--raw", "/no/such/path", code=1)


def test_a_file_names_what_to_get(kubectl, tmp_path):
    (tmp_path / "one.yaml").write_text(POD.format(name="one", app="red"))
    assert kubectl("get", "-f", str(tmp_path), "-o", "name") == "pod/one\n"


def test_what_is_not_there_is_an_error_unless_it_may_be_absent(kubectl):
    said = kubectl("get", "pod", "none", code=1)
    assert said == 'Error from server (NotFound): pods "none" not found\n'
    assert kubectl("get", "pod", "none", "--ignore-not-found") == ""
    said = kubectl("get", "moons", code=1)
    assert said == 'error: the server doesn\'t have a resource type "moons"\n'


def test_watching_shows_each_change(kubectl, follow):
    stream = follow("get", "configmaps", "-l", "watched=yes", "--watch", "--output-watch-events")
    kubectl("create", "configmap", "seen")
    kubectl("label", "configmap", "seen", "watched=yes")
    assert columns(stream.readline()) == ["EVENT", "NAME", "DATA", "AGE"]
    assert columns(stream.readline())[:2] == ["ADDED", "seen"]
    kubectl("patch", "configmap", "seen", "-p", '{"data": {"a": "b"}}')
    assert columns(stream.readline())[:3] == ["MODIFIED", "seen", "1"]
    kubectl("delete", "configmap", "seen")
    assert columns(stream.readline())[:2] == ["DELETED", "seen"]


def test_watching_only_leaves_out_what_is_there(kubectl, follow):
    stream = follow("get", "configmaps", "--watch-only", "-o", "name")
    # Nothing tells when the watch has begun, so there is something new until it is seen.
    made = 0
    first: list[str] = []
    reader = Thread(target=lambda: first.append(stream.readline()))
    reader.start()
    while reader.is_alive():
        kubectl("create", "configmap", f"new-{made}")
        made += 1
        reader.join(0.2)
    assert first[0].startswith("configmap/new-")
