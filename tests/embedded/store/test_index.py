from __future__ import annotations

from kubelearn.embedded.store.index import Index
from kubelearn.embedded.store.keyvalue import KeyValue


def state(key: str, version: int = 1) -> KeyValue:
    return KeyValue(key, b"", create_revision=2, mod_revision=2, version=version)


def keys(index: Index, prefix: str, *, start: str = "", limit: int = 0) -> list[str]:
    return [each.key for each in index.range(prefix, start=start, limit=limit)]


PODS = ["/registry/pods/a/1", "/registry/pods/a/2", "/registry/pods/b/1"]
OTHERS = ["/registry/podtemplates/a/1", "/registry/nodes/x", "/registry/pods", "/registry/pods0"]


def test_keys_come_in_order_whatever_order_they_were_put_in():
    index = Index(map(state, reversed(PODS)))
    index.apply(state("/registry/pods/a/10"))
    assert keys(index, "/registry/pods/") == [PODS[0], "/registry/pods/a/10", *PODS[1:]]


def test_a_prefix_finds_its_own_keys_only():
    index = Index(map(state, PODS + OTHERS))
    assert keys(index, "/registry/pods/") == PODS
    assert keys(index, "/registry/pods/b/") == PODS[2:]
    assert keys(index, "/registry/none/") == []


def test_the_empty_prefix_finds_everything():
    index = Index(map(state, PODS + OTHERS))
    assert keys(index, "") == sorted(PODS + OTHERS)


def test_a_page_begins_at_its_start_and_ends_at_its_limit():
    index = Index(map(state, PODS))
    assert keys(index, "/registry/pods/", limit=2) == PODS[:2]
    assert keys(index, "/registry/pods/", start=PODS[1] + "\0", limit=2) == PODS[2:]
    assert keys(index, "/registry/pods/", start="/registry/secrets/", limit=2) == []


def test_a_count_agrees_with_the_range():
    index = Index(map(state, PODS + OTHERS))
    assert index.count("/registry/pods/", start="") == 3
    assert index.count("/registry/pods/", start=PODS[1]) == 2
    assert index.count("/registry/pods/", start="/registry/secrets/") == 0


def test_names_beyond_ascii_lie_within_their_prefix():
    index = Index(map(state, ["/r/é", "/r/\U0001f40b", "/s/a"]))
    assert keys(index, "/r/") == ["/r/é", "/r/\U0001f40b"]


def test_a_tombstone_takes_its_key_out():
    index = Index(map(state, PODS))
    index.apply(state(PODS[1], version=0))
    assert keys(index, "/registry/pods/") == [PODS[0], PODS[2]]
    assert index.get(PODS[1]) is None


def test_the_last_change_is_that_of_the_collection():
    index = Index(map(state, PODS))
    assert index.last_change("/registry/pods/") == 0
    index.apply(KeyValue(PODS[0], b"", create_revision=2, mod_revision=7, version=2))
    index.apply(KeyValue(PODS[1], b"", create_revision=2, mod_revision=8, version=0))
    assert index.last_change("/registry/pods/") == 8
    assert index.last_change("/registry/pods/b/") == 8
    assert index.last_change("/registry/podtemplates/") == 0
