"""kubectl with kinds of one's own: it knows their columns, their fields, their names.

The tests of this module follow one another: a kind is defined, an object of it made, looked at,
changed, and removed with its kind.
"""

import json

import pytest

GROUP = "kubectl.example.com"
FROG = f"""
apiVersion: {GROUP}/v1
kind: Frog
metadata: {{name: kermit}}
spec: {{color: green}}
"""


@pytest.fixture(scope="module", autouse=True)
def kermit(kubectl, frogs):
    definition = frogs(GROUP)
    definition["spec"]["names"] |= {"shortNames": ["frg"], "categories": ["pond"]}
    said = kubectl("apply", "-f", "-", stdin=json.dumps(definition))
    assert said == f"customresourcedefinition.apiextensions.k8s.io/frogs.{GROUP} created\n"
    kubectl("wait", "--for=condition=Established", f"crd/frogs.{GROUP}", "--timeout=30s")
    said = kubectl("apply", "-f", "-", stdin=FROG)
    assert said == f"frog.{GROUP}/kermit created\n"


@pytest.mark.parametrize("name", ["frogs", "frog", "frg", "pond", f"frogs.{GROUP}"])
def test_get_knows_every_name_and_prints_the_columns_of_the_definition(kubectl, name):
    heading, row = kubectl("get", name).splitlines()
    assert heading.split() == ["NAME", "COLOR", "READY"]
    assert row.split()[0].endswith("kermit")
    assert row.split()[1:] == ["green"]


def test_api_resources_lists_the_kind(kubectl):
    _, row = kubectl("api-resources", f"--api-group={GROUP}").splitlines()
    assert row.split() == ["frogs", "frg", f"{GROUP}/v1", "true", "Frog"]


def test_describe_and_yaml_show_all_fields(kubectl):
    assert "Color:     green" in kubectl("describe", "frog", "kermit")
    assert "  replicas: 1\n" in kubectl("get", "frog", "kermit", "-o", "yaml")


def test_explain_knows_the_fields_and_what_they_are_for(kubectl):
    said = kubectl("explain", "frog.spec")
    assert "What the frog should be." in said
    assert "color\t<string> -required-" in said
    assert "Green, mostly." in said


def test_apply_changes_what_the_file_says_and_nothing_else(kubectl):
    kubectl("patch", "frog", "kermit", "--type=merge", "-p", '{"spec":{"replicas":2}}')
    said = kubectl("apply", "-f", "-", stdin=FROG.replace("green", "blue"))
    assert said == f"frog.{GROUP}/kermit configured\n"
    assert kubectl("get", "frog", "kermit", "-o", "jsonpath={.spec}") == (
        '{"color":"blue","replicas":2}'
    )
    again = kubectl("apply", "-f", "-", stdin=FROG.replace("green", "blue"))
    assert again == f"frog.{GROUP}/kermit unchanged\n"


def test_apply_on_the_servers_side_finds_conflicts(kubectl):
    patch = '{"spec":{"color":"red"}}'
    kubectl("patch", "frog", "kermit", "--type=merge", "-p", patch, "--field-manager=somebody")
    said = kubectl("apply", "--server-side", "-f", "-", stdin=FROG, code=1)
    assert 'conflict with "somebody"' in said
    said = kubectl("apply", "--server-side", "--force-conflicts", "-f", "-", stdin=FROG)
    assert said == f"frog.{GROUP}/kermit serverside-applied\n"


def test_a_field_that_the_kind_does_not_have_is_an_error(kubectl):
    wrong = FROG.replace("color: green", "color: green, wings: 2")
    said = kubectl("create", "--dry-run=server", "-f", "-", stdin=wrong, code=1)
    assert 'strict decoding error: unknown field "spec.wings"' in said


def test_scale_and_wait_work_on_any_kind(kubectl):
    assert kubectl("scale", "frog", "kermit", "--replicas=3") == f"frog.{GROUP}/kermit scaled\n"
    ready = '{"status":{"conditions":[{"type":"Ready","status":"True"}]}}'
    kubectl("patch", "frog", "kermit", "--subresource=status", "--type=merge", "-p", ready)
    said = kubectl("wait", "--for=condition=Ready", "frog/kermit", "--timeout=10s")
    assert said == f"frog.{GROUP}/kermit condition met\n"
    assert kubectl("get", "frogs").splitlines()[1].split() == ["kermit", "green", "True"]


def test_a_file_can_be_edited(kubectl):
    kubectl("edit", "frog", "kermit", EDITOR="sed -i s/green/blue/")
    assert kubectl("get", "frog", "kermit", "-o", "jsonpath={.spec.color}") == "blue"


def test_with_the_definition_goes_the_kind(kubectl):
    kubectl("delete", "crd", f"frogs.{GROUP}")
    said = kubectl("get", "frogs", code=1)
    assert "the server doesn't have a resource type" in said or "could not find" in said
