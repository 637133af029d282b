"""Keys of etcd, as rows and as a picture."""

from __future__ import annotations

from xml.etree import ElementTree

from kubelearn.clusters.internals import KeyValue
from kubelearn.diagrams.etcdkeys import draw, key_row, value_lines


def key(name, revision, *, value=b"{}", obj=None):
    return KeyValue(f"/registry/{name}", value, 1, revision, version=2, object=obj)


def test_the_encoding_is_told_by_the_first_bytes():
    assert key_row(key("a", 3))["encoding"] == "JSON"
    assert key_row(key("a", 3, value=b"k8s\x00\n\x0c"))["encoding"] == "protobuf"


def test_values_are_shown_as_yaml_or_as_bytes():
    assert value_lines(key("a", 3, obj={"kind": "Pod", "spec": {"a": 1}})) == [
        "kind: Pod",
        "spec:",
        "  a: 1",
    ]
    assert value_lines(key("a", 3, value=b"\x00x")) == ["b'\\x00x'"]


def test_managed_fields_are_left_out():
    obj = {"kind": "Pod", "metadata": {"name": "a", "managedFields": [{"manager": "kubectl"}]}}
    assert value_lines(key("a", 3, obj=obj)) == ["kind: Pod", "metadata:", "  name: a"]


def test_the_picture_shows_what_changed_last_first():
    rows = [key_row(key(name, revision)) for name, revision in (("a", 3), ("b", 9), ("c", 5))]
    drawn = draw(9, rows, title="etcd")
    ElementTree.fromstring(drawn)
    places = [drawn.index(f">/registry/{name}<") for name in "bca"]
    assert places == sorted(places)
    assert "revision 9, 3 keys; these changed last" in drawn
