import pytest

from kubelearn.embedded.apiserver import builtin, serializer
from kubelearn.embedded.apiserver.serializer import DecodeError

KINDS = builtin.built_in()


def decode(api_version, kind, **fields):
    return serializer.decode(KINDS.for_object(api_version, kind), fields)


def pod(**spec):
    return decode("v1", "Pod", metadata={"name": "p"}, spec=spec)


def error_of(*args, **fields):
    with pytest.raises(DecodeError) as caught:
        decode(*args, **fields)
    return str(caught.value)


def test_unknown_fields_are_dropped_and_named():
    found = pod(replicas=2, containers=[{"name": "a", "imagePolicy": "Never"}])
    assert found.unknown == ["spec.replicas", "spec.containers[0].imagePolicy"]
    assert "replicas" not in found.object["spec"]
    assert found.object["spec"]["containers"] == [{"name": "a", "resources": {}}]


def test_structs_that_go_always_writes_are_there():
    found = decode("apps/v1", "Deployment", metadata={"name": "d"}).object
    assert found["status"] == {}
    assert found["spec"]["strategy"] == {}
    assert found["spec"]["template"]["spec"] == {"containers": None}
    service = decode("v1", "Service", metadata={"name": "s"}).object
    assert service["status"] == {"loadBalancer": {}}


def test_empty_optional_fields_vanish_but_pointers_stay():
    found = pod(hostname="", hostNetwork=False, priority=0, containers=[]).object
    assert found["spec"] == {"priority": 0, "containers": None}


def test_null_means_not_given():
    found = decode("v1", "ConfigMap", metadata={"name": "c", "labels": None}, data=None)
    assert found.object == {"metadata": {"name": "c"}}


def test_quantities_and_times_take_their_one_form():
    resources = {"limits": {"cpu": 0.5, "memory": "1024Mi"}}
    found = pod(containers=[{"name": "a", "resources": resources}]).object
    assert found["spec"]["containers"][0]["resources"] == {
        "limits": {"cpu": "500m", "memory": "1Gi"}
    }
    lease = {"renewTime": "2026-01-01T01:00:00.5+01:00"}
    assert decode("coordination.k8s.io/v1", "Lease", metadata={}, spec=lease).object["spec"] == {
        "renewTime": "2026-01-01T00:00:00.500000Z"
    }


def test_a_time_that_is_not_set_is_written_as_null():
    conditions = [{"type": "Ready", "status": "True"}]
    found = decode("v1", "Pod", metadata={}, status={"conditions": conditions}).object
    assert found["status"]["conditions"] == [
        {"type": "Ready", "status": "True", "lastProbeTime": None, "lastTransitionTime": None}
    ]


def test_a_wrong_type_is_told_with_gos_names():
    assert error_of("v1", "Pod", spec={"containers": "nothing"}) == (
        "json: cannot unmarshal string into Go struct field "
        "PodSpec.spec.containers of type []v1.Container"
    )
    assert error_of("v1", "ConfigMap", data={"port": 80}) == (
        "json: cannot unmarshal number into Go struct field ConfigMap.data of type string"
    )
    ports = [{"ports": [{"protocol": 5}]}]
    assert error_of("v1", "Pod", spec={"containers": ports}) == (
        "json: cannot unmarshal number into Go struct field "
        "ContainerPort.spec.containers.ports.protocol of type v1.Protocol"
    )


def test_fields_of_inlined_structs_are_named_with_the_struct():
    volumes = [{"name": "v", "configMap": "c"}]
    assert "Volume.spec.volumes.VolumeSource.configMap of type" in error_of(
        "v1", "Pod", spec={"volumes": volumes}
    )


def test_numbers_have_to_fit():
    assert error_of("apps/v1", "Deployment", spec={"replicas": 2**40}) == (
        "json: cannot unmarshal number 1099511627776 into Go struct field "
        "DeploymentSpec.spec.replicas of type int32"
    )
    assert "number 1.5" in error_of("apps/v1", "Deployment", spec={"replicas": 1.5})


def test_secrets_have_to_be_base64():
    assert error_of("v1", "Secret", data={"a": "%%%"}) == "illegal base64 data at input byte 0"


def test_a_bad_time_says_where_it_goes_wrong():
    assert error_of("v1", "Pod", metadata={"creationTimestamp": "yesterday"}) == (
        'parsing time "yesterday" as "2006-01-02T15:04:05Z07:00": '
        'cannot parse "yesterday" as "2006"'
    )


def test_a_bad_quantity_is_reported_before_other_wrong_types():
    containers = [{"name": 5, "resources": {"limits": {"cpu": "much"}}}]
    assert "quantities must match" in error_of("v1", "Pod", spec={"containers": containers})


def test_a_body_that_is_no_object_is_refused():
    with pytest.raises(DecodeError, match=r"array into Go value of type v1\.Pod"):
        serializer.decode(KINDS.for_object("v1", "Pod"), [])


def test_null_in_a_list_becomes_an_empty_item():
    assert pod(containers=[None]).object["spec"]["containers"] == [{"name": "", "resources": {}}]


def test_a_custom_resource_is_read_as_its_definition_says(custom_kind):
    schema = {"type": "object", "properties": {"spec": {"type": "object"}}}
    body = {"metadata": {"name": "c", "labels": None, "wheels": 4}, "spec": {"x": 1}}
    found = serializer.decode(custom_kind("Car", schema), body)
    assert found.object == {"metadata": {"name": "c"}, "spec": {}}
    assert found.unknown == ["metadata.wheels", "spec.x"]
    assert body["spec"] == {"x": 1}


def test_years_have_four_digits():
    renewed = "0001-01-01T00:00:02.000000Z"
    lease = decode("coordination.k8s.io/v1", "Lease", metadata={}, spec={"renewTime": renewed})
    assert lease.object["spec"]["renewTime"] == renewed
