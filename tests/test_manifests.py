"""Manifests: what is taken, and what a learner reads when it is not."""

import pytest

from kubelearn import manifests
from kubelearn.errors import ManifestError

POD = "apiVersion: v1\nkind: Pod\nmetadata: {name: a}\n"


def test_documents_are_separated_by_three_dashes_and_empty_ones_are_passed_over():
    assert [found["kind"] for found in manifests.load(f"---\n{POD}---\n---\n{POD}")] == ["Pod"] * 2


def test_a_list_is_opened():
    text = "apiVersion: v1\nkind: List\nitems:\n- {apiVersion: v1, kind: Pod}\n"
    assert manifests.load(text) == [{"apiVersion": "v1", "kind": "Pod"}]


def test_what_looks_like_a_date_is_text_as_for_kubectl():
    assert manifests.load(f"{POD}data: 2026-01-01\n")[0]["data"] == "2026-01-01"


def test_broken_yaml_is_shown_with_line_column_and_a_caret():
    with pytest.raises(ManifestError) as caught:
        manifests.load("apiVersion: v1\nkind: Pod\n  metadata: x\n")
    assert "line 3, column 11" in caught.value.message
    assert caught.value.message.splitlines()[-1].endswith("^")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "is empty"),
        ("just words", "is a str, not an object"),
        ("- a\n- b\n", "is a list, not an object"),
        ("kind: Pod\n", "has no apiVersion"),
        ("apiVersion: v1\n", "has no kind"),
        (f"{POD}---\napiVersion: 1\nkind: Pod\n", "document 2 has no apiVersion"),
        ("\tkind: Pod", "not valid YAML"),
        (f"{POD}metadata: text\n", "metadata of the manifest has no fields"),
        (f"{POD}data: !!binary aGk=\n", "JSON cannot say"),
        (f"{POD}data: &a [*a]\n", "JSON cannot say"),
        ("apiVersion: v1\nkind: List\nitems: [text]\n", "item 1 of the list is a str"),
        ("kind: \x00", "not valid YAML"),
    ],
)
def test_what_is_no_object_is_refused_in_words_with_a_next_step(text, words):
    with pytest.raises(ManifestError, match=words) as caught:
        manifests.load(text)
    assert caught.value.hint
