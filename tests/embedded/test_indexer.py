from __future__ import annotations

import pytest

from kubelearn.embedded.indexer import Indexer


def thing(name, *colours):
    return {"metadata": {"name": name}, "colours": colours}


def names(objects):
    return {obj["metadata"]["name"] for obj in objects}


@pytest.fixture
def indexer():
    indexer = Indexer()
    indexer.add_index("colour", lambda obj: obj["colours"])
    return indexer


def test_an_object_is_found_by_each_of_its_values(indexer):
    indexer.put(thing("a", "red", "blue"))
    indexer.put(thing("b", "blue"))
    assert names(indexer.by_index("colour", "red")) == {"a"}
    assert names(indexer.by_index("colour", "blue")) == {"a", "b"}
    assert indexer.by_index("colour", "green") == []


def test_a_changed_object_is_found_by_its_new_values_only(indexer):
    indexer.put(thing("a", "red"))
    old = indexer.put(thing("a", "blue"))
    assert old == thing("a", "red")
    assert indexer.by_index("colour", "red") == []
    assert names(indexer.by_index("colour", "blue")) == {"a"}


def test_a_removed_object_is_found_no_more(indexer):
    indexer.put(thing("a", "red"))
    assert indexer.remove("a") == thing("a", "red")
    assert indexer.remove("a") is None
    assert indexer.by_index("colour", "red") == indexer.items() == []


def test_a_late_index_knows_what_is_there(indexer):
    indexer.put(thing("a", "red"))
    indexer.add_index("initial", lambda obj: obj["metadata"]["name"][0])
    assert names(indexer.by_index("initial", "a")) == {"a"}
    indexer.add_index("initial", lambda obj: [])  # the first one stays
    assert names(indexer.by_index("initial", "a")) == {"a"}
