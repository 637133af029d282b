from __future__ import annotations

from kubelearn.embedded.apiserver.managedfields.fieldset import FieldSet, field, key, shown, value

FIELDS = {
    "f:metadata": {"f:labels": {".": {}, "f:app": {}}},
    "f:spec": {"f:replicas": {}, "f:items": {'k:{"name":"a"}': {".": {}, "f:name": {}}}},
}


def test_fields_are_read_and_written_alike() -> None:
    assert FieldSet.from_fields(FIELDS).to_fields() == FIELDS


def test_paths_are_those_of_the_members() -> None:
    found = FieldSet.from_fields(FIELDS)
    assert ("f:metadata", "f:labels") in found
    assert ("f:metadata",) not in found
    assert ("f:spec", "f:items", 'k:{"name":"a"}', "f:name") in found
    assert len(list(found.paths())) == 5


def test_sets_are_joined_cut_and_compared() -> None:
    one = FieldSet.of(("a",), ("a", "x"), ("b", "y"))
    other = FieldSet.of(("a",), ("b", "y"), ("c",))
    assert (one | other) == FieldSet.of(("a",), ("a", "x"), ("b", "y"), ("c",))
    assert (one & other) == FieldSet.of(("a",), ("b", "y"))
    assert (one - other) == FieldSet.of(("a", "x"))
    assert not one - one


def test_a_path_can_be_left_out_with_all_below_it() -> None:
    fields = FieldSet.of(("a",), ("a", "x"), ("b", "y"), ("b", "z"))
    assert fields.without(FieldSet.of(("a",), ("b", "z"))) == FieldSet.of(("b", "y"))


def test_an_empty_path_is_no_member() -> None:
    assert not FieldSet.of(())


def test_paths_are_shown_as_errors_print_them() -> None:
    path = (field("spec"), field("ports"), key({"protocol": "TCP", "port": 80}), value("x"))
    assert shown(path) == '.spec.ports[port=80,protocol="TCP"][="x"]'
