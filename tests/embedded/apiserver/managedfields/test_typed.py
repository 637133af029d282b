from __future__ import annotations

import pytest

from kubelearn.embedded.apiserver import builtin
from kubelearn.embedded.apiserver.managedfields.fieldset import FieldSet
from kubelearn.embedded.apiserver.managedfields.shape import shape_of
from kubelearn.embedded.apiserver.managedfields.typed import (
    ABSENT,
    compare,
    field_set,
    merge,
    problems,
    remove,
)

KINDS = builtin.built_in()
POD = shape_of(KINDS.for_object("v1", "Pod"))
CONFIG_MAP = shape_of(KINDS.for_object("v1", "ConfigMap"))


def containers(*names: str, **more: object) -> dict[str, object]:
    return {"spec": {"containers": [{"name": name, **more} for name in names]}}


def names(pod) -> str:
    return "".join(each["name"] for each in pod["spec"]["containers"])


def test_a_comparison_tells_added_modified_and_removed_apart() -> None:
    old = {"data": {"a": "1", "b": "2"}}
    found = compare(old, {"data": {"a": "9", "c": "3"}}, CONFIG_MAP)
    assert found.modified == FieldSet.of(("f:data", "f:a"))
    assert found.removed == FieldSet.of(("f:data", "f:b"))
    assert found.added == FieldSet.of(("f:data", "f:c"))


def test_a_map_that_is_new_is_added_itself() -> None:
    found = compare({}, {"data": {"a": "1"}}, CONFIG_MAP)
    assert found.added == FieldSet.of(("f:data",), ("f:data", "f:a"))
    assert not compare({"data": None}, {"data": {"a": "1"}}, CONFIG_MAP).added.members


def test_items_of_a_keyed_list_are_found_by_their_keys() -> None:
    old, new = containers("a", "b", image="x"), containers("b", "a", image="x")
    assert not any(
        (found := compare(old, new, POD)).added or found.modified or found.removed for _ in "x"
    )


def test_an_atomic_list_changes_as_a_whole() -> None:
    old, new = ({"spec": {"tolerations": [{"key": each}]}} for each in "ab")
    assert compare(old, new, POD).modified == FieldSet.of(("f:spec", "f:tolerations"))


def test_what_is_applied_is_owned_leaf_by_leaf() -> None:
    found = field_set(containers("a", args=["x"], ports=[{"containerPort": 80}]), POD)
    container = ("f:spec", "f:containers", 'k:{"name":"a"}')
    port = (*container, "f:ports", 'k:{"containerPort":80,"protocol":"TCP"}')
    assert found == FieldSet.of(
        container,
        (*container, "f:name"),
        (*container, "f:args"),
        port,
        (*port, "f:containerPort"),
    )


@pytest.mark.parametrize(
    ("old", "new", "merged"),
    [
        ("ab", "ab", "ab"),
        ("ab", "ba", "ba"),
        ("ab", "nb", "anb"),
        ("xa", "na", "xna"),
        ("ax", "na", "nax"),
        ("", "ab", "ab"),
        ("ab", "", "ab"),
        ("abc", "cna", "bcna"),
    ],
)
def test_lists_are_merged_in_the_order_of_the_new_one(old, new, merged) -> None:
    assert names(merge(containers(*old), containers(*new), POD)) == merged


def test_merging_removes_nothing_and_replaces_what_is_one_thing() -> None:
    old = {"data": {"a": "1", "b": "2"}}
    assert merge(old, {"data": {"b": "3"}}, CONFIG_MAP) == {"data": {"a": "1", "b": "3"}}
    assert merge(old, ABSENT, CONFIG_MAP) == old


def test_fields_and_items_are_removed() -> None:
    gone = FieldSet.of(("f:spec", "f:containers", 'k:{"name":"a"}'))
    assert names(remove(containers("a", "b"), gone, POD)) == "b"
    assert remove({"data": {"a": "1"}}, FieldSet.of(("f:data", "f:a")), CONFIG_MAP) is ABSENT


@pytest.mark.parametrize(
    ("wish", "problem"),
    [
        ({"dada": {}}, ".dada: field not declared in schema"),
        ({"data": []}, ".data: expected map, got &{[]}"),
        ({"data": {"a": 1}}, ".data.a: expected string, got &value.valueUnstructured{Value:1}"),
        ({"immutable": "x"}, ".immutable: expected boolean, got &{x}"),
    ],
)
def test_what_does_not_fit_is_explained(wish, problem) -> None:
    assert list(problems(wish, CONFIG_MAP)) == [problem]


def test_list_items_need_their_keys_and_only_once() -> None:
    [problem] = problems({"spec": {"containers": [{"image": "x"}]}}, POD)
    assert problem.startswith(".spec.containers: element 0: associative list with keys has an")
    [problem] = problems(containers("a", "a"), POD)
    assert problem == '.spec.containers: duplicate entries for key [name="a"]'


def test_of_a_custom_resource_the_form_says_what_is_one_thing(custom_kind) -> None:
    shape = shape_of(custom_kind("Frog"))
    found = field_set({"metadata": {"labels": {"a": "b"}}, "spec": {"n": 1, "l": [{}]}}, shape)
    assert found == FieldSet.of(
        ("f:metadata", "f:labels", "f:a"),
        ("f:spec",),
        ("f:spec", "f:n"),
        ("f:spec", "f:l"),
    )
