"""Commands that change a part of an object: patch, label, annotate, scale, set, autoscale."""

import json

import pytest

WEB = """
apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  replicas: 0
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec: {containers: [{name: a, image: "busybox:1.37"}]}
"""


@pytest.fixture(scope="module", autouse=True)
def web(kubectl):
    kubectl("apply", "-f", "-", stdin=WEB)
    kubectl("create", "configmap", "conf", "--from-literal=a=1")


@pytest.fixture(scope="module")
def field(kubectl):
    return lambda path, *what: kubectl("get", *(what or ("deploy", "web")), f"-o=jsonpath={path}")


CONTAINER = "{.spec.template.spec.containers[0]"


# --- patch ---------------------------------------------------------------------------------------


def test_a_strategic_patch_finds_list_items_by_name(kubectl, field):
    env = [{"name": "A", "value": "1"}]
    containers = [{"name": "a", "env": env}, {"name": "b", "image": "busybox:1.37"}]
    patch = json.dumps({"spec": {"template": {"spec": {"containers": containers}}}})
    assert kubectl("patch", "deploy", "web", "-p", patch) == "deployment.apps/web patched\n"
    assert sorted(field("{.spec.template.spec.containers[*].name}").split()) == ["a", "b"]
    assert "(no change)" in kubectl("patch", "deploy", "web", "-p", patch)


def test_a_merge_patch_replaces_lists_and_removes_with_null(kubectl, field):
    containers = [{"name": "a", "image": "busybox:1.37"}]
    patch = json.dumps({"spec": {"template": {"spec": {"containers": containers}}}})
    kubectl("patch", "deploy", "web", "--type=merge", "-p", patch)
    assert field("{.spec.template.spec.containers[*].name}") == "a"
    kubectl("patch", "cm", "conf", "--type=merge", "-p", '{"data": {"a": null, "b": "2"}}')
    assert json.loads(field("{.data}", "cm", "conf")) == {"b": "2"}


def test_a_json_patch_does_steps_and_tests(kubectl, field):
    add = '[{"op": "test", "path": "/data/b", "value": "2"}, {"op": "remove", "path": "/data/b"}]'
    kubectl("patch", "cm", "conf", "--type=json", "-p", add)
    assert field("{.data}", "cm", "conf") == ""
    said = kubectl("patch", "cm", "conf", "--type=json", "-p", add, code=1)
    assert "the server rejected our request" in said


def test_a_patch_can_be_yaml_and_come_from_a_file(kubectl, field, tmp_path):
    kubectl("patch", "deploy", "web", "-p", "spec: {minReadySeconds: 3}")
    assert field("{.spec.minReadySeconds}") == "3"
    (tmp_path / "patch.yaml").write_text("spec: {minReadySeconds: 0}\n")
    kubectl("patch", "deploy", "web", f"--patch-file={tmp_path / 'patch.yaml'}")
    assert field("{.spec.minReadySeconds}") == ""


def test_subresources_take_patches_of_their_own(kubectl, field):
    merge = ("--type=merge", "-p")
    said = kubectl(
        "patch", "deploy", "web", "--subresource=scale", *merge, '{"spec": {"replicas": 1}}'
    )
    assert said == "scale.autoscaling/web patched\n"
    assert field("{.spec.replicas}") == "1"
    kubectl("patch", "deploy", "web", "--subresource=status", *merge, '{"spec": {"replicas": 9}}')
    assert field("{.spec.replicas}") == "1"


def test_what_a_patch_makes_has_to_be_valid(kubectl):
    said = kubectl("patch", "deploy", "web", "-p", '{"spec": {"replicas": -1}}', code=1)
    assert "spec.replicas: Invalid value: -1" in said
    said = kubectl("patch", "deploy", "web", "-p", '{"spec": {"color": "red"}}')
    assert 'Warning: unknown field "spec.color"' in said


# --- labels and annotations ----------------------------------------------------------------------


def test_labels_come_change_and_go(kubectl, field):
    assert kubectl("label", "cm", "conf", "tier=front", "env=dev") == "configmap/conf labeled\n"
    said = kubectl("label", "cm", "conf", "tier=back", code=1)
    assert said == "error: 'tier' already has a value (front), and --overwrite is false\n"
    kubectl("label", "cm", "conf", "tier=back", "--overwrite")
    listed = kubectl("label", "cm", "conf", "--list").split()
    assert sorted(listed) == ["env=dev", "tier=back"]
    assert kubectl("label", "cm", "conf", "tier-") == "configmap/conf unlabeled\n"
    assert 'label "tier" not found' in kubectl("label", "cm", "conf", "tier-")
    said = kubectl("label", "cm", "conf", "a=b", "--resource-version=1", code=1)
    assert "the object has been modified" in said
    kubectl("label", "cm", "--all", "seen=yes")
    assert field("{.metadata.labels.seen}", "cm", "kube-root-ca.crt") == "yes"


def test_annotations_come_and_go(kubectl, field):
    assert kubectl("annotate", "cm", "conf", "note=hi there") == "configmap/conf annotated\n"
    assert field("{.metadata.annotations.note}", "cm", "conf") == "hi there"
    assert kubectl("annotate", "cm", "conf", "note-") == "configmap/conf annotated\n"
    assert field("{.metadata.annotations}", "cm", "conf") == ""


# --- scale and set -------------------------------------------------------------------------------


def test_scale_checks_what_it_was_told(kubectl, field):
    assert kubectl("scale", "deploy", "web", "--replicas=0") == "deployment.apps/web scaled\n"
    kubectl("scale", "deploy", "web", "--current-replicas=0", "--replicas=1")
    said = kubectl("scale", "deploy", "web", "--current-replicas=7", "--replicas=2", code=1)
    assert "Expected replicas to be 7, was 1" in said
    assert field("{.spec.replicas}") == "1"
    said = kubectl("scale", "configmap", "conf", "--replicas=2", code=1)
    assert "the server could not find the requested resource" in said
    kubectl("scale", "--replicas=0", "-f", "-", stdin=WEB)
    assert field("{.spec.replicas}") == "0"


def test_set_image_resources_and_account(kubectl, field):
    said = kubectl("set", "image", "deployment/web", "a=nginx:1.27")
    assert said == "deployment.apps/web image updated\n"
    assert field(CONTAINER + ".image}") == "nginx:1.27"
    said = kubectl("set", "image", "deployment/web", "z=nginx", code=1)
    assert said == 'error: unable to find container named "z"\n'
    limits = ("--limits=cpu=200m,memory=64Mi", "--requests=cpu=100m")
    kubectl("set", "resources", "deployment", "web", *limits)
    assert json.loads(field(CONTAINER + ".resources}")) == {
        "limits": {"cpu": "200m", "memory": "64Mi"},
        "requests": {"cpu": "100m"},
    }
    kubectl("create", "serviceaccount", "robot")
    kubectl("set", "serviceaccount", "deployment", "web", "robot")
    assert field("{.spec.template.spec.serviceAccountName}") == "robot"


def test_set_env_sets_lists_takes_and_removes(kubectl):
    kubectl("set", "env", "deployment/web", "COLOR=red")
    assert "COLOR=red" in kubectl("set", "env", "deployment/web", "--list")
    kubectl("create", "configmap", "more", "--from-literal=size=big")
    kubectl("set", "env", "deployment/web", "--from=configmap/more", "--prefix=MY_")
    assert "MY_SIZE from configmap more, key size" in kubectl("set", "env", "deploy/web", "--list")
    kubectl("set", "env", "deployment/web", "COLOR-", "MY_SIZE-")
    assert kubectl("set", "env", "deployment/web", "--list") == "# Deployment web, container a\n"


def test_set_selector_and_subject(kubectl, field):
    kubectl("create", "service", "clusterip", "web", "--tcp=80")
    kubectl("set", "selector", "service", "web", "app=other")
    assert field("{.spec.selector.app}", "svc", "web") == "other"
    kubectl("create", "role", "reader", "--verb=get", "--resource=pods")
    kubectl("create", "rolebinding", "reads", "--role=reader", "--user=ann")
    kubectl("set", "subject", "rolebinding", "reads", "--user=ben")
    assert field("{.subjects[*].name}", "rolebinding", "reads") == "ann ben"


def test_autoscale_makes_an_autoscaler(kubectl, field):
    said = kubectl("autoscale", "deployment", "web", "--min=1", "--max=3", "--cpu=80%")
    assert said == "horizontalpodautoscaler.autoscaling/web autoscaled\n"
    assert field("{.spec.minReplicas}-{.spec.maxReplicas}", "hpa", "web") == "1-3"
    utilization = "{.spec.metrics[0].resource.target.averageUtilization}"
    assert field(utilization, "hpa", "web") == "80"
