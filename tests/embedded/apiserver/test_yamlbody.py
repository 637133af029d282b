from __future__ import annotations

import pytest
import yaml

from kubelearn.embedded.apiserver.yamlbody import dump_yaml


@pytest.mark.parametrize(
    ("value", "written"),
    [
        ("plain", "plain"),
        ("", '""'),
        ("true", '"true"'),
        ("1", '"1"'),
        ("2026-01-01T12:00:00Z", '"2026-01-01T12:00:00Z"'),
        ("y", '"y"'),
        ("*", "'*'"),
        ("a: b", "'a: b'"),
        ("one\ntwo\n", "|\n  one\n  two"),
        ("café", "café"),
        (True, "true"),
        (1, "1"),
        (None, "null"),
        ({}, "{}"),
        ([], "[]"),
    ],
)
def test_a_value_is_written_as_go_writes_it(value, written):
    assert dump_yaml({"key": value}).decode() == f"key: {written}\n"
    assert yaml.safe_load(dump_yaml({"key": value})) == {"key": value}


def test_keys_are_sorted_and_nothing_refers_to_anything_else():
    shared = {"z": [{"b": "1"}]}
    assert dump_yaml({"two": shared, "one": shared}).decode() == (
        'one:\n  z:\n  - b: "1"\ntwo:\n  z:\n  - b: "1"\n'
    )
