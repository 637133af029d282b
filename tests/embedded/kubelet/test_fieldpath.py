"""The downward API."""

import pytest

from kubelearn.embedded.kubelet.fieldpath import field_value, resource_value

POD = {
    "metadata": {
        "name": "p",
        "namespace": "shop",
        "uid": "u1",
        "labels": {"tier": "web", "app": "a b"},
        "annotations": {"note": 'say "hi"\n'},
    },
    "spec": {"nodeName": "w1", "serviceAccountName": "default"},
    "status": {"hostIP": "127.64.0.3", "podIP": "127.64.2.9", "podIPs": [{"ip": "127.64.2.9"}]},
}


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("metadata.name", "p"),
        ("metadata.namespace", "shop"),
        ("metadata.uid", "u1"),
        ("metadata.labels", 'app="a b"\ntier="web"'),
        ("metadata.annotations", 'note="say \\"hi\\"\\n"'),
        ("metadata.labels['tier']", "web"),
        ("metadata.annotations['nope']", ""),
        ("spec.nodeName", "w1"),
        ("spec.serviceAccountName", "default"),
        ("status.hostIP", "127.64.0.3"),
        ("status.podIP", "127.64.2.9"),
        ("status.podIPs", "127.64.2.9"),
    ],
)
def test_fields_are_texts(path, value):
    assert field_value(POD, path) == value


def test_an_unknown_field_is_an_error():
    with pytest.raises(ValueError, match=r"unsupported fieldPath: spec\.containers"):
        field_value(POD, "spec.containers")


@pytest.mark.parametrize(
    ("resource", "divisor", "value"),
    [
        ("limits.cpu", None, "1"),
        ("limits.cpu", "1m", "500"),
        ("limits.memory", "1Mi", "32"),
        ("limits.memory", None, "33554432"),
        ("requests.cpu", "1m", "0"),
        ("limits.ephemeral-storage", "1Gi", "8"),
    ],
)
def test_resources_are_counted_in_units_of_the_divisor(resource, divisor, value):
    container = {"resources": {"limits": {"cpu": "500m", "memory": "32Mi"}}}
    source = {"resource": resource, **({"divisor": divisor} if divisor else {})}
    assert resource_value(container, source, {"cpu": "4", "ephemeral-storage": "8Gi"}) == value
