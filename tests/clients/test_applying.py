"""`kubectl apply` and its relatives: diff, replace, edit, prune, server-side apply, kustomize.

The tests follow one another: one ConfigMap and one Deployment are taken through all of them.
"""

import json
import re
from pathlib import Path

import pytest

CONFIG = """
apiVersion: v1
kind: ConfigMap
metadata: {{name: conf, labels: {{set: mine}}}}
data: {{color: {color}}}
"""
WEB = """
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, labels: {set: mine}}
spec:
  replicas: 0
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      containers:
      - {name: a, image: "busybox:1.37"}
      - {name: b, image: "busybox:1.37"}
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    made = tmp_path_factory.mktemp("manifests")
    (made / "conf.yaml").write_text(CONFIG.format(color="red"))
    (made / "web.yaml").write_text(WEB)
    return made


@pytest.fixture
def conf(folder):
    """Write the ConfigMap's manifest anew."""
    file = folder / "conf.yaml"
    return lambda color: file.write_text(CONFIG.format(color=color)) and str(file)


@pytest.fixture(scope="module")
def color(kubectl):
    return lambda: kubectl("get", "configmap", "conf", "-o=jsonpath={.data.color}")


def test_apply_creates_once_and_then_leaves_alone(kubectl, folder):
    said = kubectl("apply", "-f", str(folder))
    assert said == "configmap/conf created\ndeployment.apps/web created\n"
    said = kubectl("apply", "-f", str(folder))
    assert said == "configmap/conf unchanged\ndeployment.apps/web unchanged\n"


def test_apply_changes_what_the_manifest_says(kubectl, conf, color):
    assert kubectl("apply", "-f", conf("blue")) == "configmap/conf configured\n"
    assert color() == "blue"


def test_apply_takes_away_what_the_manifest_no_longer_says(kubectl, folder):
    web = folder / "web.yaml"
    web.write_text(WEB.replace('      - {name: b, image: "busybox:1.37"}\n', ""))
    kubectl("scale", "deployment", "web", "--replicas=0")
    kubectl("set", "env", "deployment/web", "A=B")
    assert kubectl("apply", "-f", str(web)) == "deployment.apps/web configured\n"
    containers = "{.spec.template.spec.containers[*].name}"
    assert kubectl("get", "deployment", "web", f"-o=jsonpath={containers}") == "a"
    # What somebody else has set stays.
    env = "{.spec.template.spec.containers[0].env[0].name}"
    assert kubectl("get", "deployment", "web", f"-o=jsonpath={env}") == "A"


def test_what_was_applied_last_is_remembered(kubectl):
    said = kubectl("apply", "view-last-applied", "configmap/conf", "-o", "json")
    assert json.loads(said)["data"] == {"color": "blue"}


def test_dry_runs_change_nothing(kubectl, conf, color):
    file = conf("green")
    for where, note in (("client", "dry run"), ("server", "server dry run")):
        said = kubectl("apply", "-f", file, f"--dry-run={where}")
        assert said == f"configmap/conf configured ({note})\n"
    assert color() == "blue"


def test_diff_shows_what_would_change_and_exits_with_1(kubectl, conf):
    said = kubectl("diff", "-f", conf("green"), code=1)
    assert re.search(r"^-  color: blue\n\+  color: green$", said, re.MULTILINE)
    assert kubectl("diff", "-f", conf("blue")) == ""


def test_server_side_apply_asks_before_it_takes(kubectl, conf, color):
    mine = ("apply", "--server-side", "--field-manager=mine", "-f")
    said = kubectl(*mine, conf("green"), code=1)
    assert 'conflict with "kubectl-client-side-apply" using v1: .data.color' in said
    assert "--force-conflicts" in said
    assert kubectl(*mine, conf("green"), "--force-conflicts") == (
        "configmap/conf serverside-applied\n"
    )
    assert color() == "green"
    said = kubectl("get", "configmap", "conf", "-o", "json", "--show-managed-fields")
    fields = {each["manager"]: each for each in json.loads(said)["metadata"]["managedFields"]}
    assert fields["mine"]["operation"] == "Apply"
    assert "f:color" in fields["mine"]["fieldsV1"]["f:data"]


def test_two_managers_may_want_the_same(kubectl, conf):
    other = ("apply", "--server-side", "--field-manager=other", "-f")
    assert kubectl(*other, conf("green")) == "configmap/conf serverside-applied\n"
    diff = ("diff", "--server-side", "--field-manager=other", "--force-conflicts", "-f")
    said = kubectl(*diff, conf("red"), code=1)
    assert "+  color: red" in said


def test_replace_needs_the_object_and_force_makes_a_new_one(kubectl, conf, color):
    uid = "-o=jsonpath={.metadata.uid}"
    before = kubectl("get", "configmap", "conf", uid)
    assert kubectl("replace", "-f", conf("red")) == "configmap/conf replaced\n"
    assert color() == "red"
    assert kubectl("get", "configmap", "conf", uid) == before
    said = kubectl("replace", "--force", "-f", conf("red"))
    assert said.endswith("configmap/conf replaced\n")
    assert kubectl("get", "configmap", "conf", uid) != before
    absent = CONFIG.format(color="red").replace("conf", "none")
    said = kubectl("replace", "-f", "-", stdin=absent, code=1)
    assert 'configmaps "none" not found' in said


def test_edit_sends_what_an_editor_leaves(kubectl, color):
    said = kubectl("edit", "configmap", "conf", KUBE_EDITOR="sed -i s/red/pink/")
    assert said == "configmap/conf edited\n"
    assert color() == "pink"
    said = kubectl("edit", "configmap", "conf", KUBE_EDITOR="true")
    assert said == "Edit cancelled, no changes made.\n"


def test_edit_comes_back_with_what_the_server_refused(kubectl):
    editor = r"sed -i s/^\ \ replicas:.*/\ \ replicas:\ -1/"
    said = kubectl("edit", "deployment", "web", code=1, KUBE_EDITOR=editor)
    assert said.startswith('error: deployments.apps "web" is invalid\n')
    file = Path(re.search(r'stored to "(.+)"', said)[1])
    assert "# * spec.replicas: Invalid value: -1" in file.read_text()
    file.unlink()


def test_prune_deletes_what_is_no_longer_in_the_files(kubectl, folder, conf):
    conf("red")
    kinds = "--prune-allowlist=apps/v1/Deployment"
    said = kubectl("apply", "-f", str(folder), "--prune", "-l", "set=mine", kinds)
    assert "pruned" not in said
    said = kubectl("apply", "-f", conf("red"), "--prune", "-l", "set=mine", kinds)
    assert said.endswith("deployment.apps/web pruned\n")
    assert "NotFound" in kubectl("get", "deployment", "web", code=1)


def test_kustomize_builds_and_apply_k_applies(kubectl, folder):
    (folder / "kustomization.yaml").write_text(
        "namePrefix: dev-\nresources: [conf.yaml]\n"
        "configMapGenerator: [{name: made, literals: [a=b]}]\n"
    )
    built = kubectl("kustomize", str(folder))
    assert "name: dev-conf" in built
    said = kubectl("apply", "-k", str(folder))
    assert "configmap/dev-conf created" in said
    assert re.search(r"configmap/dev-made-\w+ created", said)
    assert "deleted" in kubectl("delete", "-k", str(folder))


def test_a_list_and_several_documents_are_taken_apart(kubectl):
    items = [
        {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name}} for name in ("x", "y")
    ]
    manifest = json.dumps({"apiVersion": "v1", "kind": "List", "items": items})
    assert kubectl("apply", "-f", "-", stdin=manifest) == (
        "configmap/x created\nconfigmap/y created\n"
    )


def test_a_change_that_is_not_allowed_says_why(kubectl, folder):
    kubectl("apply", "-f", "-", stdin=WEB)
    other = WEB.replace("app: web}", "app: other}")
    said = kubectl("apply", "-f", "-", stdin=other, code=1)
    assert "spec.selector: Invalid value" in said
    assert "field is immutable" in said
