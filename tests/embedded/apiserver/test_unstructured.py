from __future__ import annotations

import pytest

from kubelearn.embedded.apiserver import unstructured
from kubelearn.embedded.apiserver.schema import built_in


@pytest.mark.parametrize(
    ("of", "value", "expected"),
    [
        ("apps.v1.DeploymentSpec", {"replicas": "many"}, "unrecognized type: int32"),
        ("apps.v1.DeploymentSpec", {"replicas": 1.5}, "cannot convert float64 to int32"),
        ("apps.v1.DeploymentSpec", {"template": {"spec": 1}}, "cannot restore struct from: int64"),
        ("core.v1.PodSpec", {"hostNetwork": 1}, "unrecognized type: bool"),
        ("core.v1.PodSpec", {"containers": {}}, "cannot restore slice from map"),
        ("core.v1.PodSpec", {"nodeSelector": "a"}, "cannot restore map from string"),
        ("core.v1.PodSpec", {"containers": [{}, {"image": 1}]}, "cannot convert int64 to string"),
        ("core.v1.Container", {"imagePullPolicy": 1}, "cannot convert int64 to v1.PullPolicy"),
        ("core.v1.Container", {"imagePullPolicy": True}, "unrecognized type: string"),
        ("core.v1.Secret", {"data": {"a": 1}}, "cannot restore slice from int64"),
        (
            "core.v1.ServicePort",
            {"targetPort": True},
            "json: cannot unmarshal bool into Go value of type int32",
        ),
        (
            "meta.v1.ObjectMeta",
            {"creationTimestamp": 1},
            "json: cannot unmarshal number into Go value of type string",
        ),
        ("core.v1.Container", {"image": None, "command": ["a"], "ports": []}, ""),
    ],
)
def test_a_wrong_type_is_told_in_the_converters_words(of, value, expected):
    assert unstructured.problem(built_in().struct(of), value) == expected
