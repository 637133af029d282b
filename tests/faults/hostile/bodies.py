"""Bodies that are broken, or hold what nobody expects."""

from __future__ import annotations

import copy
import json
import random
from typing import Any

from tests.faults.hostile.request import MAX_BODY, PATCH_TYPES, Hostile, request
from tests.faults.hostile.values import WILD
from tests.faults.hostile.victims import VICTIMS, collection_of


def valid(rng: random.Random, collection: str, name: str) -> dict[str, Any]:
    """A sound object of that collection."""
    return {"metadata": {"name": name}} | json.loads(json.dumps(VICTIMS[collection]))


def places(value: Any) -> list[tuple[Any, Any]]:
    """Each container in a value, with each of its keys."""
    items = value.items() if isinstance(value, dict) else enumerate(value)
    found: list[tuple[Any, Any]] = []
    for key, below in items:
        found.append((value, key))
        if isinstance(below, dict | list):
            found += places(below)
    return found


_META_FIELDS = [
    "labels", "annotations", "finalizers", "ownerReferences", "managedFields", "generateName",
    "resourceVersion", "uid", "deletionTimestamp", "namespace", "creationTimestamp", "generation",
    "selfLink",
]  # fmt: skip
_META_WILD: list[Any] = [
    *WILD,
    [{"apiVersion": "v1", "kind": "Pod", "name": "x", "uid": "y"}],
    [{"manager": "m", "operation": "Update", "fieldsType": "FieldsV1", "fieldsV1": {"f:spec": 1}}],
    [{"manager": "m", "operation": "Apply", "apiVersion": "v1", "fieldsV1": {"x": {}}}],
]


def mutated(rng: random.Random, obj: dict[str, Any]) -> dict[str, Any]:
    """An object with some of its parts replaced, removed or added."""
    for _ in range(rng.randrange(1, 4)):
        where, key = rng.choice(places(obj) or [(obj, "metadata")])
        match rng.randrange(4):
            case 0:
                where.pop(key)
            case 1 if isinstance(where, dict):
                where[rng.choice(["", "unknown", "$patch", "a.b/c"])] = _wild(rng, WILD)
            case _:
                where[key] = _wild(rng, WILD)
        meta = obj.setdefault("metadata", {})
        if isinstance(meta, dict) and rng.random() < 0.2:
            meta[rng.choice(_META_FIELDS)] = _wild(rng, _META_WILD)
    return obj


def _wild(rng: random.Random, values: list[Any]) -> Any:
    return copy.deepcopy(rng.choice(values))


def as_json(value: Any) -> bytes:
    """JSON, even of what is no valid text."""
    return json.dumps(value).encode("utf-8", "surrogatepass")


def objects(rng: random.Random) -> Hostile:
    """Objects with wild values in the places of sound ones."""
    collection = collection_of(rng)
    if rng.random() < 0.5:
        name = f"made-{rng.randrange(300)}"
        body = as_json(mutated(rng, valid(rng, collection, name)))
        return request("POST", collection, body, _media(rng), what=f"POST {collection}")
    path = f"{collection}/victim"
    body = as_json(mutated(rng, valid(rng, collection, "victim")))
    return request("PUT", path, body, _media(rng), what=f"PUT {path}")


def _media(rng: random.Random) -> dict[str, str]:
    media = rng.choice(["application/json"] * 8 + ["application/yaml", "text/plain", ""])
    return {"Content-Type": media} if media else {}


def documents(rng: random.Random) -> Hostile:
    """JSON that is broken, deep, or not what it says."""
    deep = rng.choice([100, 1000, 10_000, 100_000])
    body = rng.choice(
        [
            b"", b" ", b"null", b"[]", b'"x"', b"1", b"{", b"{}", b"\xef\xbb\xbf{}",
            b"\xff\xfe{\0}\0", b'{"metadata":{"name":"\xff"}}', b'{"a":1,"a":2}',
            b'{"metadata":{"name":"a","name":"b"}}', b'{"data":{"a":"\\ud800"}}', b'{"a":1e999999}',
            b'{"a":NaN}', b'{"a":' + b"9" * 5000 + b"}", b'{"kind":"Pod","apiVersion":"v9"}',
            b'{"kind":7,"apiVersion":[]}', b'{"metadata":[]}', b'{"metadata":{"name":"x\\u0000y"}}',
            b'{"metadata":null}', b'{"metadata":{"name":{}}}', b"[" * deep,
            b'{"a":' * deep + b"1" + b"}" * deep, b'{"data":' + b"[" * deep + b"]" * deep + b"}",
            b'{"data":{"x":"' + b"y" * (MAX_BODY - 100) + b'"}}', b" " * (MAX_BODY + 10),
            b"{" + b'"k":1,' * 20_000 + b'"z":1}',
        ]
    )  # fmt: skip
    method = rng.choice(["POST", "PUT", "DELETE"])
    path = collection_of(rng) if method == "POST" else f"{collection_of(rng)}/nothing"
    return request(method, path, body, _media(rng), what="document")


def yamls(rng: random.Random) -> Hostile:
    """YAML as it should never be loaded."""
    bomb = "a: &a [x,x,x,x,x,x,x,x,x]\n" + "".join(
        f"{chr(98 + i)}: &{chr(98 + i)} [{','.join([f'*{chr(97 + i)}'] * 9)}]\n" for i in range(9)
    )
    body = rng.choice(
        [
            bomb, "!!python/object/apply:os.system ['id']", "a: !!binary x\n", "? [a]\n: b\n",
            "- a\n", "a: &a\n  b: *a\n", "<<: *nothing\n", "a: b: c\n", "\t", "---\n---\n",
            "%YAML 9.9\n---\n{}", "[" * 5000, "metadata: {name: 2026-01-01}\n",
            "metadata: {name: 0o17}\nkind: ConfigMap\n", "a: .inf\n", "a: 1" + "0" * 5000,
            "{" * 300, "\ufeffkind: x", "a: \x01\n", "kind: yes\n",
            "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: x}\ndata: {1: 2, y: ~}\n",
            "&a a: *a\n",
        ]
    ).encode()  # fmt: skip
    if rng.random() < 0.5:
        path = f"{collection_of(rng)}/made-{rng.randrange(300)}?fieldManager=m"
        kind = {"Content-Type": PATCH_TYPES["apply"]}
        return request("PATCH", path, body, kind, what="yaml apply")
    kind = {"Content-Type": "application/yaml"}
    return request("POST", collection_of(rng), body, kind, what="yaml")


def protobufs(rng: random.Random) -> Hostile:
    """Protobuf that is truncated, nested without end, or noise."""

    def field(number: int, data: bytes) -> bytes:
        return _varint(number << 3 | 2) + _varint(len(data)) + data

    nested = b""
    for _ in range(rng.choice([5, 200, 3000])):
        nested = field(rng.choice([1, 2]), nested)[:60_000]
    raw = rng.choice([
        rng.randbytes(rng.randrange(400)), nested, b"\x0a\xff\xff\xff\xff\x7f", b"\xff" * 30,
        field(1, field(1, b"victim")) + rng.randbytes(20),
    ])  # fmt: skip
    meta = field(1, b"v1") + field(2, rng.choice([b"ConfigMap", b"Pod", b"\xff", b""]))
    unknown = field(1, meta) + field(2, raw)
    body = rng.choice(
        [b"k8s\0" + unknown, b"k8s\0" + unknown[: len(unknown) // 2], b"k8s", b"k8s\0", raw]
    )
    media = {"Content-Type": "application/vnd.kubernetes.protobuf"}
    return request("POST", collection_of(rng), body, media, what="protobuf")


def _varint(number: int) -> bytes:
    out = bytearray()
    while number > 127:
        out.append(number & 127 | 128)
        number >>= 7
    out.append(number)
    return bytes(out)
