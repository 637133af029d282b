from __future__ import annotations

import pytest

from kubelearn.embedded.apiserver.jsonpatch import PatchError, apply_json_patch, merge_patch

DOCUMENT = {"a": {"b/c": 1, "~": 2}, "list": [1, 2, 3], "null": None}


@pytest.mark.parametrize(
    ("operation", "expected"),
    [
        ({"op": "add", "path": "/a/x", "value": 9}, {"a": {"b/c": 1, "~": 2, "x": 9}}),
        ({"op": "add", "path": "/list/-", "value": 9}, {"list": [1, 2, 3, 9]}),
        ({"op": "add", "path": "/list/1", "value": 9}, {"list": [1, 9, 2, 3]}),
        ({"op": "remove", "path": "/a/b~1c"}, {"a": {"~": 2}}),
        ({"op": "remove", "path": "/list/0"}, {"list": [2, 3]}),
        ({"op": "replace", "path": "/new", "value": 3}, {"new": 3}),
        ({"op": "replace", "path": "/a/~0", "value": 3}, {"a": {"b/c": 1, "~": 3}}),
        ({"op": "replace", "path": "/list/-1", "value": 9}, {"list": [1, 2, 9]}),
        ({"op": "move", "from": "/list/0", "path": "/list/-"}, {"list": [2, 3, 1]}),
        ({"op": "copy", "from": "/list", "path": "/a"}, {"a": [1, 2, 3]}),
        ({"op": "test", "path": "/list", "value": [1, 2, 3]}, {}),
        ({"op": "test", "path": "/missing", "value": None}, {}),
    ],
)
def test_an_operation_changes_what_it_names(operation, expected) -> None:
    assert apply_json_patch(DOCUMENT, [operation]) == DOCUMENT | expected


@pytest.mark.parametrize(
    "operation",
    [
        {"op": "jump", "path": "/a"},
        {"op": "remove", "path": "/missing"},
        {"op": "replace", "path": "/missing/x", "value": 1},
        {"op": "add", "path": "/list/9", "value": 1},
        {"op": "add", "path": "/list/x", "value": 1},
        {"op": "add", "path": "/no/where", "value": 1},
        {"op": "add", "path": "a", "value": 1},
        {"op": "add", "value": 1},
        {"op": "add", "path": "/list/0/x", "value": 1},
        {"op": "test", "path": "/list/0", "value": True},
        {"op": "move", "from": "/missing", "path": "/a"},
    ],
)
def test_an_operation_that_does_not_fit_is_refused(operation) -> None:
    with pytest.raises(PatchError):
        apply_json_patch(DOCUMENT, [operation])


def test_the_document_itself_stays_as_it_was() -> None:
    apply_json_patch(DOCUMENT, [{"op": "remove", "path": "/list/0"}])
    merge_patch(DOCUMENT, {"a": {"x": 1}})
    assert DOCUMENT == {"a": {"b/c": 1, "~": 2}, "list": [1, 2, 3], "null": None}


def test_a_merge_patch_removes_with_null_and_replaces_lists() -> None:
    patch = {"a": {"b/c": None, "new": {"x": None, "y": 1}}, "list": [4]}
    expected = {"a": {"~": 2, "new": {"y": 1}}, "list": [4], "null": None}
    assert merge_patch(DOCUMENT, patch) == expected
