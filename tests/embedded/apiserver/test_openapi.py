import json
import struct

import pytest

from kubelearn.embedded.apiserver import builtin
from kubelearn.embedded.apiserver.openapi import OpenApi, gnostic


@pytest.fixture
def kinds():
    return builtin.built_in()


def document(kinds, group, version="v1"):
    return json.loads(OpenApi(kinds).document(group, version))


def patch_of(found, path):
    return found["paths"][path]["patch"]


def test_every_kind_can_be_patched_with_field_validation(kinds):
    for group, versions in kinds.groups().items():
        for version in versions:
            found = document(kinds, group, version)
            patched = {
                operations["patch"]["x-kubernetes-group-version-kind"]["kind"]
                for operations in found["paths"].values()
                if "patch" in operations
                and {"fieldValidation", "dryRun"}
                <= {each["name"] for each in operations["patch"].get("parameters", ())}
            }
            served = {k.kind for k in kinds.in_group(group, version) if k.has_verb("patch")}
            assert patched - {"Scale"} == served


def test_the_parts_of_a_kind_are_told_with_their_own_kinds(kinds):
    paths = document(kinds, "apps")["paths"]
    scale = paths["/apis/apps/v1/namespaces/{namespace}/deployments/{name}/scale"]
    gvk = {"group": "autoscaling", "kind": "Scale", "version": "v1"}
    assert scale["patch"]["x-kubernetes-group-version-kind"] == gvk
    proxy = document(kinds, "")["paths"]["/api/v1/namespaces/{namespace}/pods/{name}/proxy"]
    assert proxy["patch"]["x-kubernetes-action"] == "connect"
    assert "parameters" not in proxy["patch"]


def test_built_in_kinds_take_strategic_merge_patches_and_custom_ones_do_not(kinds, custom_kind):
    strategic = "application/strategic-merge-patch+json"
    item = "/apis/apps/v1/namespaces/{namespace}/deployments/{name}"
    assert strategic in patch_of(document(kinds, "apps"), item)["requestBody"]["content"]
    kinds.add(custom_kind("Car", group="ex.org"))
    item = "/apis/ex.org/v1/namespaces/{namespace}/cars/{name}"
    assert strategic not in patch_of(document(kinds, "ex.org"), item)["requestBody"]["content"]


def test_schemas_carry_merge_keys(kinds):
    schemas = document(kinds, "")["components"]["schemas"]
    containers = schemas["io.k8s.api.core.v1.PodSpec"]["properties"]["containers"]
    assert containers["x-kubernetes-patch-merge-key"] == "name"
    assert containers["x-kubernetes-patch-strategy"] == "merge"
    assert containers["x-kubernetes-list-map-keys"] == ["name"]


def test_schemas_name_their_kind(kinds):
    schemas = document(kinds, "")["components"]["schemas"]
    assert schemas["io.k8s.api.core.v1.Pod"]["x-kubernetes-group-version-kind"] == [
        {"group": "", "kind": "Pod", "version": "v1"}
    ]


def test_every_reference_leads_somewhere(kinds):
    found = document(kinds, "apps")
    prefix = "#/components/schemas/"
    references = [
        text.split('"')[0] for text in json.dumps(found).split(prefix)[1:] if text.split('"')[0]
    ]
    assert references
    assert set(references) <= set(found["components"]["schemas"])


def test_scalars_with_a_name_keep_it_for_explain(kinds):
    schemas = document(kinds, "")["components"]["schemas"]
    port = schemas["io.k8s.api.core.v1.ServicePort"]["properties"]["targetPort"]
    name = "io.k8s.apimachinery.pkg.util.intstr.IntOrString"
    assert port["allOf"] == [{"$ref": f"#/components/schemas/{name}"}]
    assert name in schemas
    time = schemas["io.k8s.apimachinery.pkg.apis.meta.v1.Time"]
    assert time["description"].startswith("Time is a wrapper around time.Time")
    quantity = schemas["io.k8s.apimachinery.pkg.api.resource.Quantity"]["description"]
    assert quantity.startswith("Quantity is a fixed-point representation of a number. It provides")
    assert "\n\n\t(Note that <suffix> may be empty" in quantity
    entry = schemas["io.k8s.apimachinery.pkg.apis.meta.v1.ManagedFieldsEntry"]["properties"]
    name = "io.k8s.apimachinery.pkg.apis.meta.v1.FieldsV1"
    assert entry["fieldsV1"]["allOf"] == [{"$ref": f"#/components/schemas/{name}"}]
    assert schemas[name]["type"] == "object"


def test_a_custom_kind_brings_its_own_schema(kinds, custom_kind):
    schema = {"type": "object", "properties": {"spec": {"type": "object"}}}
    kinds.add(custom_kind("Car", schema, group="ex.org"))
    schemas = document(kinds, "ex.org")["components"]["schemas"]
    car = schemas["org.ex.v1.Car"]
    assert car["properties"]["spec"] == {"type": "object"}
    assert "io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta" in schemas
    assert car["x-kubernetes-group-version-kind"][0]["kind"] == "Car"


def test_an_object_within_a_custom_one_has_a_version_and_a_kind(kinds, custom_kind):
    inner = {"type": "object", "x-kubernetes-embedded-resource": True}
    schema = {"type": "object", "properties": {"template": inner}}
    kinds.add(custom_kind("Car", schema, group="ex.org"))
    car = document(kinds, "ex.org")["components"]["schemas"]["org.ex.v1.Car"]
    template = car["properties"]["template"]
    assert template["required"] == ["kind", "apiVersion"]
    assert template["properties"].keys() == {"apiVersion", "kind", "metadata"}
    assert template["properties"]["kind"]["description"].startswith("kind is a string value")
    assert car["properties"]["kind"]["description"].startswith("Kind is a string value")


def test_the_selectable_fields_of_a_custom_kind_are_told(kinds, custom_kind):
    version = {"selectableFields": [{"jsonPath": ".metadata.namespace"}, {"jsonPath": ".spec.a"}]}
    kinds.add(custom_kind("Car", group="ex.org", version=version))
    car = document(kinds, "ex.org")["components"]["schemas"]["org.ex.v1.Car"]
    fields = [{"fieldPath": "metadata.namespace"}, {"fieldPath": "spec.a"}]
    assert car["x-kubernetes-selectable-fields"] == fields


def test_the_index_names_each_document_by_its_content(kinds, custom_kind):
    openapi = OpenApi(kinds)
    before = json.loads(openapi.index())["paths"]
    url = before["apis/apps/v1"]["serverRelativeURL"]
    assert url == f"/openapi/v3/apis/apps/v1?hash={openapi.hash('apps', 'v1')}"
    kinds.add(custom_kind("Car", group="apps"))
    after = json.loads(openapi.index())["paths"]
    assert after["apis/apps/v1"] != before["apis/apps/v1"]
    assert after["api/v1"] == before["api/v1"]


def test_a_changed_schema_of_a_custom_kind_changes_its_hash(kinds, custom_kind):
    openapi = OpenApi(kinds)
    hashes = set()
    for kind in ("string", "integer"):
        schema = {"type": "object", "properties": {"spec": {"type": kind}}}
        kinds.add(custom_kind("Car", schema, group="ex.org"))
        hashes.add(openapi.hash("ex.org", "v1"))
    assert len(hashes) == 2


def test_what_is_not_served_has_no_document(kinds):
    assert OpenApi(kinds).document("apps", "v2") is None


def test_types_and_fields_are_described_in_kubernetes_own_words(kinds):
    schemas = document(kinds, "")["components"]["schemas"]
    pod = schemas["io.k8s.api.core.v1.Pod"]
    assert pod["description"].startswith("Pod is a collection of containers")
    spec = pod["properties"]["spec"]
    assert spec["description"].startswith("Specification of the desired behavior of the pod.")
    # What stands beside a reference is not read.
    assert spec["allOf"] == [{"$ref": "#/components/schemas/io.k8s.api.core.v1.PodSpec"}]
    # Fields of structs that Go puts inside others belong to the outer one here.
    volume = schemas["io.k8s.api.core.v1.Volume"]["properties"]
    assert volume["configMap"]["description"].startswith("configMap represents")


def test_a_field_says_what_each_of_its_values_means(kinds):
    strategy = document(kinds, "apps")["components"]["schemas"][
        "io.k8s.api.apps.v1.DeploymentStrategy"
    ]
    kind = strategy["properties"]["type"]
    assert kind["enum"] == ["Recreate", "RollingUpdate"]
    told = '\n\nPossible enum values:\n - `"Recreate"` Kill all existing pods before creating new'
    assert told in kind["description"]
    # Some are told by constants of another package, some stand in a struct that another one has.
    slices = document(kinds, "discovery.k8s.io")["components"]["schemas"]
    kind = slices["io.k8s.api.discovery.v1.EndpointSlice"]["properties"]["addressType"]
    assert kind["enum"] == ["FQDN", "IPv4", "IPv6"]
    core = document(kinds, "")["components"]["schemas"]
    policy = core["io.k8s.api.core.v1.EphemeralContainer"]["properties"]["imagePullPolicy"]
    assert '`"Never"` means that kubelet never pulls an image' in policy["description"]


def version_2(kinds):
    return json.loads(OpenApi(kinds).version_2())


def test_version_2_tells_of_all_kinds_in_one_document(kinds):
    found = version_2(kinds)
    told = {
        each["kind"]
        for definition in found["definitions"].values()
        for each in definition.get("x-kubernetes-group-version-kind", ())
    }
    assert told == {kind.kind for kind in kinds}
    patch = found["paths"]["/api/v1/namespaces/{namespace}/pods/{name}"]["patch"]
    assert "application/strategic-merge-patch+json" in patch["consumes"]
    assert "fieldValidation" in {each["name"] for each in patch["parameters"]}


def test_version_2_writes_references_in_its_own_way_and_no_defaults(kinds):
    definitions = version_2(kinds)["definitions"]
    port = definitions["io.k8s.api.core.v1.ServicePort"]["properties"]
    name = "io.k8s.apimachinery.pkg.util.intstr.IntOrString"
    assert port["targetPort"]["$ref"] == f"#/definitions/{name}"
    assert port["targetPort"]["description"].startswith("Number or name of the port")
    assert definitions[name]["type"] == "string"
    assert "default" not in port["protocol"]


def test_version_2_says_less_of_custom_kinds_than_their_definition(kinds, custom_kind):
    integer = {"type": "integer", "default": 3}
    spec = {
        "type": "object",
        "required": ["may", "must"],
        "anyOf": [{"required": ["must"]}],
        "properties": {
            "may": {"type": "array", "nullable": True, "items": integer},
            "must": integer,
            "free": {
                "type": "object",
                "x-kubernetes-preserve-unknown-fields": True,
                "properties": {"a": integer},
            },
        },
    }
    kinds.add(custom_kind("Car", {"type": "object", "properties": {"spec": spec}}, group="ex.org"))
    definitions = version_2(kinds)["definitions"]
    assert definitions["org.ex.v1.Car"]["properties"]["spec"] == {
        "type": "object",
        "required": ["must"],
        "properties": {
            "may": {},
            "must": {"type": "integer"},
            "free": {"x-kubernetes-preserve-unknown-fields": True},
        },
    }
    assert definitions["org.ex.v1.CarList"]["required"] == ["items"]


def test_of_a_kind_that_takes_everything_version_2_lists_no_fields(kinds, custom_kind):
    schema = {"type": "object", "x-kubernetes-preserve-unknown-fields": True}
    kinds.add(custom_kind("Car", schema, group="ex.org"))
    gvk = {"group": "ex.org", "kind": "Car", "version": "v1"}
    expected = {"type": "object", "x-kubernetes-group-version-kind": [gvk]}
    assert version_2(kinds)["definitions"]["org.ex.v1.Car"] == expected


def test_version_2_is_made_anew_when_kinds_change(kinds, custom_kind):
    openapi = OpenApi(kinds)
    car = custom_kind("Car", group="ex.org")
    kinds.add(car)
    assert b"org.ex.v1.Car" in openapi.version_2()
    assert openapi.version_2() is openapi.version_2()
    kinds.remove(car)
    assert b"org.ex.v1.Car" not in openapi.version_2()
    assert b"org.ex.v1.Car" not in openapi.version_2_in_protobuf()


def test_a_schema_is_the_message_that_older_kubectls_read():
    schema = {
        "type": "object",
        "properties": {"a": {"$ref": "#/definitions/b", "minimum": 1}},
        "additionalProperties": True,
        "x-kubernetes-map-type": "atomic",
    }
    message = gnostic.document({"swagger": "2.0", "definitions": {"b": schema}})
    minimum = b"\x49" + struct.pack("<d", 1)
    a = b"\x0a\x0f#/definitions/b" + minimum
    field = b"\x0a\x01a" + b"\x12" + bytes([len(a)]) + a
    properties = b"\x0a" + bytes([len(field)]) + field
    extension = b'\x0a\x15x-kubernetes-map-type\x12\x0b\x12\x09"atomic"\n'
    value = b"\xb2\x01\x08\x0a\x06object"
    value += b"\xca\x01" + bytes([len(properties)]) + properties
    value += b"\xaa\x01\x02\x10\x01"
    value += b"\xfa\x01" + bytes([len(extension)]) + extension
    named = b"\x0a\x01b" + b"\x12" + bytes([len(value)]) + value
    definitions = b"\x0a" + bytes([len(named)]) + named
    assert message == b"\x0a\x032.0" + b"\x4a" + bytes([len(definitions)]) + definitions
