from __future__ import annotations

import pytest

from kubelearn.embedded.apiserver.patching import field_meta
from kubelearn.embedded.apiserver.strategicpatch import (
    StrategicPatchError,
    printed,
    strategic_merge,
)

POD_SPEC = "core.v1.PodSpec"
TWO = {"containers": [{"name": "a", "image": "x"}, {"name": "b", "image": "y"}]}


def merged(original, patch, type_name=POD_SPEC):
    return strategic_merge(original, patch, field_meta, type_name)


def test_a_keyed_list_is_merged_by_its_key() -> None:
    result = merged(TWO, {"containers": [{"name": "b", "image": "z"}, {"name": "c"}]})
    assert result == {
        "containers": [{"name": "a", "image": "x"}, {"name": "b", "image": "z"}, {"name": "c"}]
    }


def test_an_atomic_list_is_replaced() -> None:
    original = {"tolerations": [{"key": "a"}]}
    assert merged(original, {"tolerations": [{"key": "b"}]}) == {"tolerations": [{"key": "b"}]}


def test_an_element_can_be_deleted_by_its_key() -> None:
    result = merged(TWO, {"containers": [{"name": "a", "$patch": "delete"}]})
    assert result == {"containers": [{"name": "b", "image": "y"}]}


def test_a_list_can_be_replaced_as_a_whole() -> None:
    result = merged(TWO, {"containers": [{"$patch": "replace"}, {"name": "c"}]})
    assert result == {"containers": [{"name": "c"}]}


def test_a_map_can_be_replaced_as_a_whole() -> None:
    result = merged({"nodeSelector": {"a": "1"}}, {"nodeSelector": {"b": "2", "$patch": "replace"}})
    assert result == {"nodeSelector": {"b": "2"}}


def test_the_order_that_a_patch_names_is_kept() -> None:
    order = [{"name": "b"}, {"name": "c"}, {"name": "a"}]
    patch = {"$setElementOrder/containers": order, "containers": [{"name": "c"}]}
    assert [each["name"] for each in merged(TWO, patch)["containers"]] == ["b", "c", "a"]


def test_elements_that_the_order_does_not_name_stay_where_they_were() -> None:
    live = {"containers": [{"name": name} for name in "wxyz"]}
    patch = {"$setElementOrder/containers": [{"name": "z"}, {"name": "x"}]}
    assert [each["name"] for each in merged(live, patch)["containers"]] == ["w", "y", "z", "x"]


def test_retain_keys_clears_the_rest() -> None:
    original = {"strategy": {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": 1}}}
    patch = {"strategy": {"$retainKeys": ["type"], "type": "Recreate"}}
    result = merged(original, patch, "apps.v1.DeploymentSpec")
    assert result == {"strategy": {"type": "Recreate"}}


def test_values_leave_a_list_of_primitives() -> None:
    original = {"finalizers": ["a", "b", "c"]}
    patch = {"$deleteFromPrimitiveList/finalizers": ["b"], "finalizers": ["d"]}
    result = merged(original, patch, "meta.v1.ObjectMeta")
    assert sorted(result["finalizers"]) == ["a", "c", "d"]


def test_null_removes_a_field() -> None:
    assert merged(TWO | {"nodeName": "n"}, {"nodeName": None}) == TWO


@pytest.mark.parametrize(
    ("patch", "message"),
    [
        (
            {"containers": [{"image": "x"}]},
            "map: map[image:x] does not contain declared merge key: name",
        ),
        ({"nodeSelector": {"$patch": "jump"}}, "unknown patch type: jump in map: map[]"),
        (
            {"containers": [{"name": "a", "$patch": "merge"}]},
            "merging lists cannot yet be specified in the patch",
        ),
        ({"$setElementOrder": []}, "invalid patch format of setElementOrder list"),
    ],
)
def test_a_patch_that_cannot_be_merged_is_explained(patch, message) -> None:
    with pytest.raises(StrategicPatchError) as caught:
        merged(TWO | {"nodeSelector": {"a": "b"}}, patch)
    assert str(caught.value) == message


def test_neither_object_nor_patch_is_changed() -> None:
    patch = {"containers": [{"name": "a", "$patch": "delete"}]}
    merged(TWO, patch)
    assert patch == {"containers": [{"name": "a", "$patch": "delete"}]}
    assert len(TWO["containers"]) == 2


def test_values_are_printed_as_go_does() -> None:
    assert printed({"b": [1, True], "a": None}) == "map[a:<nil> b:[1 true]]"
