"""Definitions that are refused, in the words of a real API server."""

from __future__ import annotations

import copy

import pytest

from kubelearn.embedded.apiserver import builtin, defaults, serializer
from kubelearn.embedded.apiserver.validation import validate_create, validate_part_update
from kubelearn.embedded.apiserver.validation.fieldpath import FieldPathError, field_at

KIND = builtin.built_in().find("apiextensions.k8s.io", "v1", "customresourcedefinitions")
SCHEMA = "spec.validation.openAPIV3Schema"


def stored(body):
    """The definition as the server holds it when it is created."""
    obj = serializer.decode(KIND, copy.deepcopy(body)).object
    defaults.apply(KIND, obj)
    obj["metadata"] |= {"uid": "1", "resourceVersion": "1"}
    return obj


def errors(body):
    return {f"{each.field}: {each.message}" for each in validate_create(KIND, stored(body))}


def of(**properties):
    return {"type": "object", "properties": properties}


@pytest.fixture
def refused(definition):
    def call(schema=None, **more):
        return errors(definition("Frog", schema, **more))

    return call


def test_a_definition_that_is_well_formed_passes(refused):
    assert refused() == set()


def test_names_have_a_form(refused):
    found = refused(plural="Frogs", shortNames=["A"], listKind="Frog")
    assert (
        'spec.names.listKind: Invalid value: "Frog": kind and listKind may not be the same' in found
    )
    fields = {text.partition(":")[0] for text in found}
    assert {"metadata.name", "spec.names.plural", "spec.names.shortNames[0]"} <= fields


def test_a_group_has_a_dot(refused):
    text = 'spec.group: Invalid value: "nodot": should be a domain with at least one dot'
    assert text in refused(group="nodot")


def test_the_projects_own_groups_need_its_approval(refused):
    (text,) = refused(group="frogs.k8s.io")
    assert text.startswith("metadata.annotations[api-approved.kubernetes.io]: Required value")


@pytest.mark.parametrize(
    ("note", "is_right"),
    [
        ("https://example.com/1", True),
        ("unapproved, only a test", True),
        ("example.com", False),
        ("https://", False),
        ("https://a b/1", False),
        ("https://a:b/1", False),
    ],
)
def test_the_approval_is_an_address_or_says_that_there_is_none(definition, note, is_right):
    frogs = definition(group="frogs.k8s.io")
    frogs["metadata"]["annotations"] = {"api-approved.kubernetes.io": note}
    assert (not errors(frogs)) == is_right


def test_what_versions_share_is_named_where_upstream_keeps_it(definition):
    wrong = {"openAPIV3Schema": of(a={})}
    one = {"name": "v1", "served": True, "storage": True, "schema": wrong}
    two = one | {"name": "v2", "storage": False}
    text = "Required value: must not be empty for specified object fields"
    assert errors(definition(versions=[one, two])) == {f"{SCHEMA}.properties[a].type: {text}"}
    two["schema"] = {"openAPIV3Schema": of()}
    found = errors(definition(versions=[one, two]))
    assert found == {f"spec.versions[0].schema.openAPIV3Schema.properties[a].type: {text}"}


@pytest.mark.parametrize(
    ("version", "text"),
    [
        (
            {"deprecationWarning": "x"},
            'deprecationWarning: Invalid value: "x": can only be set for deprecated versions',
        ),
        (
            {"additionalPrinterColumns": [{"name": "A", "type": "x", "jsonPath": ".a"}]},
            'additionalPrinterColumns[0].type: Invalid value: "x": '
            "must be one of boolean,date,integer,number,string",
        ),
        (
            {"subresources": {"scale": {"specReplicasPath": "spec.n", "statusReplicasPath": ""}}},
            "scale.statusReplicasPath: Required value",
        ),
        (
            {"selectableFields": [{"jsonPath": ".spec.b"}]},
            'selectableFields[0].jsonPath: Invalid value: ".spec.b": must point to a field of',
        ),
        (
            {"selectableFields": [{"jsonPath": ".spec.c"}]},
            'selectableFields[0].jsonPath: Invalid value: ".spec.c": is an invalid path',
        ),
    ],
)
def test_what_a_version_says_makes_sense(refused, version, text):
    schema = of(spec=of(a={"type": "string"}, b={"type": "object"}))
    shown = {"openAPIV3Schema": schema}
    found = refused(version={"schema": shown, **version})
    assert any(text in each for each in found), found


@pytest.mark.parametrize(
    ("schema", "text"),
    [
        (of(a={"type": "strong"}), '.properties[a].type: Unsupported value: "strong"'),
        (of(a={"type": "string", "uniqueItems": True}), ".properties[a].uniqueItems: Forbidden"),
        (of(a={"type": "string", "default": 3}),
         '.properties[a].default: Invalid value: "integer"'),
        (of(a=of() | {"default": {"x": 1}}),
         '.default: Invalid value: {"x":1}: must not have unknown fields'),
        (of(a={"type": "array", "items": of(), "x-kubernetes-list-type": "set"}),
         "must be atomic as item of a list with x-kubernetes-list-type=set"),
        (of(a={"type": "array", "items": of(), "x-kubernetes-list-type": "map"}),
         "x-kubernetes-list-map-keys: Required value: must not be empty"),
        (of(a={"type": "array", "items": of(n={"type": "string"}), "x-kubernetes-list-type": "map",
               "x-kubernetes-list-map-keys": ["n"]}),
         ".items.properties[n].default: Required value: this property is in x-kubernetes-list-map"),
        (of(a=of(b={"type": "string"}) | {"additionalProperties": {"type": "string"}}),
         "additionalProperties and properties are mutual exclusive"),
        (of(a={"type": "object", "$ref": "#/x"}), ".$ref: Forbidden: $ref is not supported"),
        (of(metadata=of(name={"type": "string", "default": "x"})),
         ".default: Forbidden: must not be set in top-level metadata"),
    ],
)  # fmt: skip
def test_a_schema_that_means_nothing_is_refused(refused, schema, text):
    found = refused(schema)
    assert any(text in each for each in found), found


@pytest.mark.parametrize(
    ("rule", "text"),
    [
        ({"rule": " "}, "rule: Required value: rule is not specified"),
        ({"rule": "self >\n 0"}, "message must be specified if rule contains line breaks"),
        ({"rule": "self > 0", "reason": "Foo"}, 'reason: Unsupported value: "Foo"'),
        (
            {"rule": "self > 0", "fieldPath": ".x"},
            'fieldPath: Invalid value: ".x": must be a valid',
        ),
        ({"rule": "self > "}, "compilation failed: ERROR: <input>:1:"),
        ({"rule": "me > 0"}, "undeclared reference to 'me' (in container '')"),
        ({"rule": "self > 0", "optionalOldSelf": True}, "if oldSelf is not used in rule"),
    ],
)
def test_a_rule_that_cannot_be_checked_is_refused(refused, rule, text):
    schema = of(a={"type": "integer", "x-kubernetes-validations": [rule]})
    found = refused(schema)
    assert any(text in each for each in found), found


def test_once_established_the_scope_and_the_kind_stay(definition):
    old = stored(definition())
    changed = copy.deepcopy(old)
    changed["spec"]["scope"] = "Cluster"
    assert validate_part_update(KIND, changed, old, subresource="") == []
    old["status"]["conditions"] = [{"type": "Established", "status": "True"}]
    (error,) = validate_part_update(KIND, changed, old, subresource="")
    assert (error.field, error.message) == (
        "spec.scope",
        'Invalid value: "Cluster": field is immutable',
    )


def test_a_path_leads_to_a_field():
    schema = of(spec=of(a={"type": "string"}), m={"additionalProperties": {"type": "integer"}})
    assert field_at(".spec.a", schema) == (["spec", "a"], {"type": "string"})
    assert field_at(".m['x.y']", schema) == (["m", "x.y"], {"type": "integer"})
    for path, text in (
        ("spec", "expected [ or . but got: spec"),
        (".spec.b", "does not refer to a valid field"),
        (".m[", "unexpected end of JSON path"),
        (".m[x]", "expected single quoted string but got x"),
    ):
        with pytest.raises(FieldPathError) as caught:
            field_at(path, schema)
        assert str(caught.value) == text
