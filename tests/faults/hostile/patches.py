"""Patches, and what is asked of subresources and reviews."""

from __future__ import annotations

import random
from typing import Any

from tests.faults.hostile.bodies import as_json, mutated, places, valid
from tests.faults.hostile.request import PATCH_TYPES, Hostile, request
from tests.faults.hostile.values import WILD
from tests.faults.hostile.victims import PARTS, collection_of

_REVIEWS = [
    "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews",
    "/apis/authorization.k8s.io/v1/selfsubjectrulesreviews",
    "/apis/authorization.k8s.io/v1/subjectaccessreviews",
    "/apis/authentication.k8s.io/v1/tokenreviews",
    "/apis/authentication.k8s.io/v1/selfsubjectreviews",
]


def patches(rng: random.Random) -> Hostile:
    """Patches of each type, from slightly wrong to bombs."""
    collection = collection_of(rng)
    kind = rng.choice(list(PATCH_TYPES))
    if kind == "json":
        body = as_json(_json_patch(rng))
    elif kind == "apply":
        wish = valid(rng, collection, "victim")
        wish |= {"apiVersion": rng.choice(["v1", "apps/v1", "", "x/y/z"]), "kind": "ConfigMap"}
        body = as_json(mutated(rng, wish))
    else:
        body = as_json(mutated(rng, _directives(rng, valid(rng, collection, "victim"))))
    part = rng.choice(["", "", "", "/status", *(f"/{each}" for each in PARTS.get(collection, []))])
    query = rng.choice(
        ["", "?fieldManager=m", "?fieldManager=m&force=true", "?force=true", "?dryRun=All"]
    )
    path = f"{collection}/victim{part}{query}"
    return request("PATCH", path, body, {"Content-Type": PATCH_TYPES[kind]}, what=f"{kind} {path}")


_PATHS = [
    "", "/", "/~2", "/-", "x", "/metadata", "/spec/containers/-1", "/a/b/c",
    "/spec/containers/1e9", "/spec/containers/00", "/metadata/labels/a~1b", "/kind",
    "/metadata/name", "/metadata/managedFields", "/status", "/spec",
]  # fmt: skip


def _json_patch(rng: random.Random) -> Any:
    bomb = [{"op": "add", "path": "/metadata/annotations", "value": {"a": "x" * 1000}}]
    bomb += [
        {"op": "copy", "from": "/metadata/annotations", "path": f"/metadata/annotations/{i}"}
        for i in range(30)
    ]
    return rng.choice(
        [
            bomb,
            [{"op": "test", "path": "/metadata/name", "value": "victim"}] * 10_001,
            *[
                [{"op": op, "path": path, "from": other, "value": rng.choice(WILD)}]
                for op in ["add", "remove", "replace", "move", "copy", "test", "", "x"]
                for path in _PATHS
                for other in ["/metadata", "", "/spec", "/nothing", "/~"]
            ],
            {}, [], [[]], [None], [{}], [{"op": 1}], [{"path": 1, "op": "add"}], "x", None,
        ]
    )  # fmt: skip


def _directives(rng: random.Random, obj: dict[str, Any]) -> dict[str, Any]:
    where = rng.choice([each for each, _ in places(obj) if isinstance(each, dict)])
    name = rng.choice(
        [
            "$patch", "$retainKeys", "$setElementOrder/containers",
            "$deleteFromPrimitiveList/finalizers", "$setElementOrder/nothing",
            "$deleteFromPrimitiveList/x", "$setElementOrder", "$nothing",
        ]
    )  # fmt: skip
    where[name] = rng.choice([*WILD, "delete", "merge", "replace", [{"name": "x"}], ["x"]])
    return obj


def parts(rng: random.Random) -> Hostile:
    """Bodies for subresources and reviews."""
    nothing_asked: dict[str, Any] = {"resourceAttributes": {}}
    body = rng.choice(
        [
            {"spec": {"replicas": rng.choice(WILD)}}, {"spec": {"audiences": [""]}}, {"spec": []},
            {"target": {"kind": "Node", "name": rng.choice(["nothing", "", None, "../x"])}},
            {"deleteOptions": rng.choice(WILD)},
            {"spec": {"expirationSeconds": rng.choice(WILD)}},
            {"spec": {"resourceAttributes": rng.choice(WILD), "nonResourceAttributes": {}}},
            {"spec": {"token": rng.choice(["", "a.b.c", "x" * 9999, "\ud800"])}}, {"spec": None},
            {},
            {"spec": {"user": "\0", "groups": [None], "extra": {"a": ["b"]}, **nothing_asked}},
            {"status": rng.choice(WILD)}, {"metadata": {"name": "victim"}, "status": {"phase": 7}},
            {"metadata": {"name": "victim"}, "spec": {"ephemeralContainers": rng.choice(WILD)}},
        ]
    )  # fmt: skip
    path = rng.choice(_REVIEWS)
    if rng.random() < 0.7:
        collection = rng.choice(list(PARTS))
        path = f"{collection}/victim/{rng.choice(PARTS[collection])}?dryRun=All"
    method = rng.choice(["POST", "POST", "PUT", "GET"])
    sent = {"Content-Type": "application/json"}
    if rng.random() < 0.2:
        sent |= {
            "Connection": "Upgrade",
            "Upgrade": rng.choice(["websocket", "SPDY/3.1", "h2c", "x"]),
            "Sec-WebSocket-Version": "13",
            "Sec-WebSocket-Key": "AAAAAAAAAAAAAAAAAAAAAA==",
            "Sec-WebSocket-Protocol": rng.choice(["v5.channel.k8s.io", "x", "", "a,b"]),
        }
    return request(method, path, as_json(body), sent, what=f"{method} {path}")
