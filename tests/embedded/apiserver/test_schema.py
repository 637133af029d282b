from kubelearn.embedded.apiserver import builtin, schema
from kubelearn.embedded.apiserver.schema import List, Map, Scalar, Struct


def struct(name):
    return schema.built_in().struct(name)


def test_a_list_of_structs_has_keys_and_a_merge_key():
    field = struct("core.v1.PodSpec").fields["containers"]
    assert isinstance(field.type, List)
    assert field.type.item == struct("core.v1.Container")
    assert field.list_type == "map"
    assert field.list_keys == ("name",)
    assert field.merge_key == "name"
    assert field.patch_strategy == ("merge",)


def test_volumes_also_retain_keys():
    strategy = struct("core.v1.PodSpec").fields["volumes"].patch_strategy
    assert strategy == ("merge", "retainKeys")


def test_tolerations_are_taken_as_one_value():
    assert struct("core.v1.PodSpec").fields["tolerations"].list_type == "atomic"


def test_fields_of_an_inlined_struct_stand_among_its_parents():
    fields = struct("core.v1.Volume").fields
    assert {"name", "emptyDir", "configMap"} <= set(fields)
    assert struct("core.v1.Volume").go_paths["emptyDir"] == "VolumeSource.emptyDir"


def test_named_strings_keep_their_go_name_and_their_values():
    kind = struct("core.v1.ContainerPort").fields["protocol"].type
    assert kind == Scalar("string", "v1.Protocol", ("SCTP", "TCP", "UDP"))


def test_maps_know_the_type_of_their_values():
    data = struct("core.v1.Secret").fields["data"].type
    assert isinstance(data, Map)
    assert data.value == Scalar("[]byte", "[]uint8")


def test_a_type_may_contain_itself():
    properties = struct("apiextensions.v1.JSONSchemaProps").fields["properties"].type
    assert isinstance(properties, Map)
    assert properties.value == struct("apiextensions.v1.JSONSchemaProps")


def test_pointers_required_fields_and_defaults_are_known():
    port = struct("core.v1.ContainerPort").fields
    assert port["containerPort"].required
    assert port["protocol"].default == "TCP"
    assert struct("apps.v1.DeploymentSpec").fields["replicas"].pointer


def test_every_built_in_kind_has_a_schema_all_the_way_down():
    seen = set()

    def walk(kind):
        match kind:
            case Struct(name):
                if name not in seen:
                    seen.add(name)
                    for field in kind.fields.values():
                        walk(field.type)
            case List(item):
                walk(item)
            case Map(value):
                walk(value)

    for kind in builtin.BUILT_IN:
        walk(struct(kind.type_name))
    assert len(seen) > 300
