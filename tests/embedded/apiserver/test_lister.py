"""Objects that are looked at with each request."""

import orjson

from kubelearn.embedded.apiserver.lister import Lister

PREFIX = "/registry/cars/"


async def put(store, name, wheels):
    value = orjson.dumps({"metadata": {"name": name}, "wheels": wheels})
    return await store.create(name, lambda _: value)


async def test_what_is_stored_counts_at_once_and_is_decoded_once(store):
    lister = Lister(store, PREFIX)
    assert lister.objects() == {}
    await put(store, f"{PREFIX}a", 4)
    first = lister.objects()
    assert first["a"]["wheels"] == 4
    await put(store, "/registry/cartoons/b", 0)
    assert lister.objects()["a"] is first["a"]
    kv = store.get(f"{PREFIX}a")
    await store.delete(kv.key, lambda _: kv.value, expected=kv.mod_revision)
    assert lister.objects() == {}


async def test_what_was_there_before_is_found_too(store):
    await put(store, f"{PREFIX}a", 4)
    assert list(Lister(store, PREFIX).objects()) == ["a"]
