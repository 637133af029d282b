"""`%%manifest`, as a learner sees it."""

from __future__ import annotations

from kubelearn.clusters.transport import send
from kubelearn.objects import CONFIG_MAPS

MAP = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: %s}\ndata: {a: b}\n"
POD = """apiVersion: v1
kind: Pod
metadata: {name: wrong}
spec:
  containers:
  - name: UPPER
    image: a:1
    ports:
    - containerPort: 70000
"""


def test_what_is_made_changed_and_left_alone_is_told(run):
    cell = f"%%manifest\n{MAP % 'told'}"
    assert run(cell) == (
        "$ kubectl -n magics apply -f -\n"
        "  POST /api/v1/namespaces/magics/configmaps?fieldValidation=Strict → 201\n"
        "configmap/told created\n"
    )
    assert "configmap/told unchanged" in run(cell)
    assert "configmap/told configured" in run(cell.replace("a: b", "a: c"))


def test_a_dry_run_stores_nothing(run, cluster):
    said = run(f"%%manifest --dry-run\n{MAP % 'dry'}")
    assert "configmap/dry created (server dry run)" in said
    assert "apply -f - --dry-run=server" in said
    assert send(cluster.api_client, "GET", CONFIG_MAPS.path("magics", "dry")).code == 404


def test_another_namespace_can_be_named_in_the_line_or_in_the_manifest(run, cluster):
    assert "/namespaces/default/configmaps" in run(f"%%manifest -n default\n{MAP % 'far'}")
    named = (MAP % "far").replace("{name: far}", "{name: far, namespace: default}")
    assert "configmap/far unchanged" in run(f"%%manifest\n{named}")
    send(cluster.api_client, "DELETE", CONFIG_MAPS.path("default", "far")).checked()


def test_every_complaint_of_the_server_is_shown_at_its_line(run):
    said = run(f"%%manifest\n{MAP % 'first'}---\n{POD}")
    assert "configmap/first created" in said
    assert 'line 11: spec.containers[0].name: Invalid value: "UPPER"' in said
    assert "line 14: spec.containers[0].ports[0].containerPort: Invalid value: 70000" in said
    assert "        - containerPort: 70000" in said


def test_an_unknown_field_and_a_wrong_type_are_shown_at_their_lines(run):
    said = run(f"%%manifest\n{POD.replace('image', 'imag')}")
    assert "line 7: spec.containers[0].imag: unknown field\n        imag: a:1" in said
    said = run(f"%%manifest\n{POD.replace('70000', 'eighty')}")
    assert "line 9: spec.containers" in said
    assert "cannot unmarshal string into a field of type int32" in said


def test_wrong_yaml_and_wrong_options_are_messages_and_no_tracebacks(run):
    for cell in (
        "%%manifest\na: b: c",
        "%%manifest --what\na: b",
        "%%manifest 'a\nb",
        "%%manifest\n",
    ):
        said = run(cell)
        assert "Traceback" not in said
        assert "→" in said or "UsageError" in said
