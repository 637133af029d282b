import pytest

from kubelearn.jsonpath import JsonPathError, json_path

OBJ = {
    "metadata": {"name": "a", "annotations": {"x.io/y": "z"}},
    "spec": {"n": 3, "list": [{"k": "a", "v": 1}, {"k": "b", "v": 2}]},
    "status": {"conditions": [{"type": "Ready", "status": "True"}, {"type": "Old"}]},
}


@pytest.mark.parametrize(
    ("path", "found"),
    [
        (".spec.n", [3]),
        ("$.spec.n", [3]),
        (".spec.missing.deep", []),
        (".metadata.annotations.x\\.io/y", ["z"]),
        (".metadata.annotations['x.io/y']", ["z"]),
        (".spec.list[0].k", ["a"]),
        (".spec.list[-1].k", ["b"]),
        (".spec.list[*].v", [1, 2]),
        (".spec.list[0:1].v", [1]),
        ('.status.conditions[?(@.type=="Ready")].status', ["True"]),
        ("..type", ["Ready", "Old"]),
        (".spec.list[?(@.v>1)].k", ["b"]),
        (".status.conditions[?(@.status)].type", ["Ready"]),
    ],
)
def test_a_path_finds_what_kubectl_would(path, found):
    assert json_path(path).find(OBJ) == found


@pytest.mark.parametrize("path", ["spec", ".a[", ".a[?(@.b==x)]"])
def test_a_path_that_is_none_is_refused(path):
    with pytest.raises(JsonPathError):
        json_path(path)
