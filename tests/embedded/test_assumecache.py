import pytest

from kubelearn.embedded.assumecache import AssumeCache


class Copy:
    """An informer's copy that a test fills."""

    def __init__(self):
        self.objects = {}

    def get(self, object_key):
        return self.objects.get(object_key)

    def items(self):
        return list(self.objects.values())

    def put(self, obj):
        self.objects[obj["metadata"]["name"]] = obj


def disk(version, note="", uid="u"):
    return {"metadata": {"name": "disk", "uid": uid, "resourceVersion": str(version)}, "note": note}


@pytest.fixture
def copy():
    copy = Copy()
    copy.put(disk(5))
    return copy


@pytest.fixture
def cache(copy):
    return AssumeCache(copy)


def test_an_assumption_counts_until_the_copy_is_newer(cache, copy):
    cache.assume(disk(5, "mine"))
    assert cache.get("disk")["note"] == "mine"
    assert [obj["note"] for obj in cache.items()] == ["mine"]
    copy.put(disk(6, "theirs"))
    assert cache.get("disk")["note"] == "theirs"


def test_an_assumption_can_be_taken_back(cache):
    cache.assume(disk(5, "mine"))
    cache.restore("disk")
    assert cache.get("disk")["note"] == ""


def test_an_assumption_ends_with_its_object(cache, copy):
    cache.assume(disk(9, "mine"))
    copy.put(disk(6, uid="another"))
    assert cache.get("disk")["note"] == ""
    copy.objects.clear()
    assert cache.get("disk") is None
