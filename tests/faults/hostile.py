"""Requests that nobody should send, made from a seed: the same seed gives the same request."""

from __future__ import annotations

import base64
import copy
import json
import random
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

NAMESPACE = "hostile"
MAX_BODY = 3 * 2**20
CORE = f"/api/v1/namespaces/{NAMESPACE}"
APPS = f"/apis/apps/v1/namespaces/{NAMESPACE}"
BATCH = f"/apis/batch/v1/namespaces/{NAMESPACE}"
NETWORK = f"/apis/networking.k8s.io/v1/namespaces/{NAMESPACE}"
RBAC = f"/apis/rbac.authorization.k8s.io/v1/namespaces/{NAMESPACE}"

_LABELS = {"app": "victim"}
# Never scheduled: hostile as they may become, no node is to start processes for them.
_POD = {
    "schedulerName": "nobody",
    "containers": [
        {
            "name": "c",
            "image": "busybox",
            "env": [{"name": "A", "value": "b"}],
            "ports": [{"containerPort": 80}],
            "resources": {"limits": {"cpu": "1", "memory": "1Gi"}},
            "livenessProbe": {"httpGet": {"path": "/", "port": 80}},
            "volumeMounts": [{"name": "v", "mountPath": "/v"}],
        }
    ],
    "volumes": [{"name": "v", "emptyDir": {}}],
    "tolerations": [{"key": "a", "operator": "Exists"}],
    "affinity": {"podAntiAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": []}},
}
_TEMPLATE = {"metadata": {"labels": _LABELS}, "spec": _POD}
_SELECTOR = {"matchLabels": _LABELS}
_JOB = {"template": {"spec": _POD | {"restartPolicy": "Never"}}}
_RULE = {"apiGroups": [""], "resources": ["pods"], "verbs": ["get"]}

VICTIMS: dict[str, dict[str, Any]] = {
    f"{CORE}/configmaps": {"data": {"a": "b"}, "binaryData": {"c": "ZA=="}},
    f"{CORE}/secrets": {"type": "Opaque", "data": {"a": "Yg=="}},
    f"{CORE}/pods": {"spec": _POD},
    f"{CORE}/services": {"spec": {"selector": _LABELS, "ports": [{"port": 80, "name": "web"}]}},
    f"{CORE}/serviceaccounts": {"secrets": [{"name": "s"}]},
    f"{CORE}/events": {
        "involvedObject": {"kind": "Pod", "name": "victim", "namespace": NAMESPACE},
        "reason": "Reason",
        "type": "Normal",
    },
    f"{CORE}/persistentvolumeclaims": {
        "spec": {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}}
    },
    f"{CORE}/resourcequotas": {"spec": {"hard": {"configmaps": "1000"}}},
    f"{CORE}/limitranges": {"spec": {"limits": [{"type": "Container", "default": {"cpu": "1"}}]}},
    f"{APPS}/deployments": {"spec": {"replicas": 1, "selector": _SELECTOR, "template": _TEMPLATE}},
    f"{APPS}/statefulsets": {
        "spec": {"serviceName": "s", "selector": _SELECTOR, "template": _TEMPLATE}
    },
    f"{APPS}/daemonsets": {"spec": {"selector": _SELECTOR, "template": _TEMPLATE}},
    f"{BATCH}/jobs": {"spec": {"parallelism": 1, **_JOB}},
    f"{BATCH}/cronjobs": {"spec": {"schedule": "0 0 1 1 *", "jobTemplate": {"spec": _JOB}}},
    f"{NETWORK}/ingresses": {
        "spec": {"defaultBackend": {"service": {"name": "s", "port": {"number": 80}}}}
    },
    f"{RBAC}/roles": {"rules": [_RULE]},
    f"{RBAC}/rolebindings": {
        "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": "victim"},
        "subjects": [{"kind": "ServiceAccount", "name": "default"}],
    },
}
_PARTS = {
    f"{CORE}/pods": ["status", "log", "exec", "attach", "portforward", "eviction", "binding",
                     "ephemeralcontainers", "resize", "proxy", "proxy/a/../b", "nothing"],
    f"{CORE}/services": ["status", "proxy", "proxy/%2e%2e/x"],
    f"{CORE}/serviceaccounts": ["token"],
    f"{APPS}/deployments": ["scale", "status", "rollback"],
}  # fmt: skip
_REVIEWS = [
    "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews",
    "/apis/authorization.k8s.io/v1/selfsubjectrulesreviews",
    "/apis/authorization.k8s.io/v1/subjectaccessreviews",
    "/apis/authentication.k8s.io/v1/tokenreviews",
    "/apis/authentication.k8s.io/v1/selfsubjectreviews",
]
_PATCHES = {
    "json": "application/json-patch+json",
    "merge": "application/merge-patch+json",
    "strategic": "application/strategic-merge-patch+json",
    "apply": "application/apply-patch+yaml",
}
_WILD: list[Any] = [
    None, True, 0, -1, 1.5, 1e308, 2**31, 2**63, 2**64, -(2**63), "", " ", "\0", "é", "\ud800",
    "a" * 300, "../../etc/passwd", "%s%n{}", "$(A)", "1e9999999", "9" * 400, "0x10", "NaN", "-0",
    [], {}, [[]], [None], {"": ""}, {"$patch": "delete"}, {"$patch": "replace"},
    [{"$patch": "merge"}],
    {"$retainKeys": ["x"]}, "2026-99-99T99:99:99Z", "0001-01-01T00:00:00Z", "9999-12-31T23:59:60Z",
]  # fmt: skip
_TEXTS = [
    "", "-1", "0", "1", "abc", "1e400", "NaN", "9" * 40, "true", "maybe", "%00", "%ff%fe", "%",
    "%zz",
    "a%2Cb", "in (", "!", "a in (b", "a=b,,c", "a==b==c", "metadata.name=", "spec.nodeName=x",
    "metadata.nothing=x", "\u00e9".encode("latin-1").decode("latin-1"), "x" * 9000, "../..", "*",
    "0" * 100,
    "2026-01-01T00:00:00Z", "All", "Foreground", "Orphan", "Strict", "Ignore", "NotOlderThan",
    "Exact",
    base64.urlsafe_b64encode(b'{"v":"meta.k8s.io/v1","rv":-5,"start":"../x"}').decode(),
    base64.urlsafe_b64encode(b'{"v":"meta.k8s.io/v1","rv":99999999999,"start":"x\\u0000"}').decode(),
    base64.urlsafe_b64encode(b'{"v":"meta.k8s.io/v1","rv":1e999,"start":[]}').decode(), "e30",
    "bnVsbA",
]  # fmt: skip
_PARAMETERS = [
    "limit", "continue", "resourceVersion", "resourceVersionMatch", "labelSelector",
    "fieldSelector",
    "timeoutSeconds", "watch", "allowWatchBookmarks", "sendInitialEvents", "pretty",
    "includeObject",
    "dryRun", "fieldManager", "fieldValidation", "force", "gracePeriodSeconds", "propagationPolicy",
    "orphanDependents", "tailLines", "sinceSeconds", "sinceTime", "limitBytes", "container",
    "command",
    "stdin", "tty", "ports", "path", "timestamps", "verbose", "exclude", "timeout", "",
]  # fmt: skip


@dataclass(frozen=True)
class Hostile:
    """Bytes for a connection."""

    what: str
    data: bytes
    # An incomplete request has no answer: whoever sends it goes.
    complete: bool = True


def hostile(seed: int) -> Hostile:
    """The hostile request of that number."""
    rng = random.Random(seed)
    return rng.choice(_MAKERS)(rng)


def request(
    method: str,
    path: str,
    body: bytes = b"",
    headers: dict[str, str] | None = None,
    *,
    what: str,
) -> Hostile:
    """A well-formed frame around whatever it holds."""
    sent = {"Host": "kubernetes", "Content-Length": str(len(body))} | (headers or {})
    lines = [f"{method} {path} HTTP/1.1", *(f"{name}: {text}" for name, text in sent.items())]
    return Hostile(what, "\r\n".join(lines).encode("utf-8", "surrogatepass") + b"\r\n\r\n" + body)


# --- paths, methods, headers -------------------------------------------------------------------


def _collection(rng: random.Random) -> str:
    return rng.choice(list(VICTIMS))


def _target(rng: random.Random) -> str:
    collection = _collection(rng)
    return rng.choice([collection, f"{collection}/victim", f"{collection}/nothing"])


def paths(rng: random.Random) -> Hostile:
    """Paths that lead out, astray, or nowhere."""
    pieces = [
        "api", "apis", "v1", "apps", "namespaces", NAMESPACE, "pods", "victim", "..", ".", "",
        "%2e%2e", "%2f", "%00", "%ff", "%c0%ae", "%zz", "%", "é", "~", "*", "?", "#", ";", ":", "@",
        "a" * 300, "status", "watch", "proxy", "openapi", "v3", "v2", "version", "healthz",
        "readyz",
        "metrics", "log", "logs", "{namespace}", "${jndi:x}", "<script>", "'", '"', "\\", "|", "^",
        "exec", "\x7f", "%0d%0aX-Evil:%201", ".well-known", "openid-configuration", "livez", "etcd",
    ]  # fmt: skip
    path = "/".join(rng.choices(pieces, k=rng.randrange(1, 12)))
    prefix = rng.choice(
        ["/", "//", "", "http://other/", "https://[::1", "*", "/api/v1/", f"{CORE}/"]
    )
    method = rng.choice(["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD"])
    return request(method, prefix + path, what="path")


def methods(rng: random.Random) -> Hostile:
    """Methods that do not exist, and versions that do not."""
    method = rng.choice(
        ["get", "PROPFIND", "TRACE", "OPTIONS", "CONNECT", "HEAD", "X" * 9000, "G\0T", "",
        "GET GET",
         "PRI", "\xff", "DELETE\t", "PATCH", "<", "LINK"]
    )  # fmt: skip
    version = rng.choice(["HTTP/1.1", "HTTP/1.0", "HTTP/2.0", "HTTP/9.9", "HTTP/", "", "ICY/1.1"])
    head = f"{method} {_target(rng)} {version}\r\nHost: a\r\n\r\n"
    return Hostile("method", head.encode("latin-1"))


def headers(rng: random.Random) -> Hostile:
    """Headers that are too long, too many, malformed, or full of lies."""
    jwt = ".".join(base64.urlsafe_b64encode(each).decode().rstrip("=") for each in (
        b'{"alg":"none"}', b'{"iss":"kubernetes/serviceaccount","sub":[]}', b""))  # fmt: skip
    name, text = rng.choice(
        [
            ("Accept", rng.choice([";;;,=q", "*/*;q=NaN", "application/json;as=Table;v=v9;g=x",
                                   "application/json;as=;g=;v=", ",".join(["a/b"] * 3000), "\xff",
                                   "application/yaml", "application/vnd.kubernetes.protobuf"])),
            ("Content-Type", rng.choice([";", "application/json; charset=utf-99", "a" * 5000,
            "\xff/x",
                                         "multipart/form-data; boundary=", "application/cbor"])),
            ("Authorization", rng.choice(["Bearer " + "x" * 30000, "Bearer " + jwt, "Bearer ..",
                                          "Bearer \xff", "Basic !!!", "Bearer", "Bearer a.b.c"])),
            ("Impersonate-User", rng.choice(["", "\xff", "system:serviceaccount:a:b", "x" * 9000])),
            ("Impersonate-Group", rng.choice(["g", "", "\xe9"])),
            ("Impersonate-Uid", "x"),
            ("Impersonate-Extra-%zz", "x"),
            ("Content-Encoding", rng.choice(["gzip", "deflate", "br", "x" * 999])),
            ("Accept-Encoding", rng.choice(["gzip;q=2", "\xff", "*;q=x"])),
            ("Expect", rng.choice(["100-continue", "200-ok", "x" * 999])),
            ("Range", "bytes=0-18446744073709551615"),
            ("Connection", rng.choice(["upgrade", "keep-alive, close, x", "\xff"])),
            ("If-None-Match", rng.choice(["*", '"', "W/" * 999])),
            ("User-Agent", rng.choice(["", "\xff\xfe", "a/" * 20000, "curl/\x01"])),
            ("Cookie", "a=" + "b" * 60000),
            ("X-Long", "y" * rng.choice([8000, 70_000, 200_000])),
            ("Sec-WebSocket-Key", "x"),
        ]
    )  # fmt: skip
    head = [f"GET {_target(rng)} HTTP/1.1", "Host: a", f"{name}: {text}"]
    head += rng.choice([[], ["no colon"], [" folded"], ["A\0B: c"], [": nameless"], ["A : b"],
                        [f"H{i}: x" for i in range(400)], ["Host: b"], ["A: b\0c"]])  # fmt: skip
    return Hostile("header", ("\r\n".join(head) + "\r\n\r\n").encode("latin-1"))


def framing(rng: random.Random) -> Hostile:
    """Bodies whose length is a lie."""
    chunked = "Transfer-Encoding: chunked"
    head, body, complete = rng.choice(
        [
            (["Content-Length: -1"], "{}", True),
            (["Content-Length: 1e3"], "{}", True),
            (["Content-Length: " + "9" * 40], "{}", True),
            (["Content-Length: 2", "Content-Length: 3"], "{}x", True),
            (["Content-Length: 99"], "{}", False),
            (["Content-Length: 2", chunked], "0\r\n\r\n", True),
            ([chunked], "zz\r\n{}\r\n0\r\n\r\n", True),
            ([chunked], "-2\r\n{}\r\n0\r\n\r\n", True),
            ([chunked], "f" * 40 + "\r\n{}", True),
            ([chunked], "2\r\n{}", False),
            ([chunked], "2\r\n{}XX0\r\n\r\n", True),
            ([chunked], "2;" + "e" * 20_000 + "\r\n{}\r\n0\r\n\r\n", True),
            ([chunked], "2\r\n{}\r\n0\r\nTrailer: x\r\n\r\n", True),
            (["Transfer-Encoding: gzip"], "{}", True),
            (["Transfer-Encoding: chunked, identity"], "0\r\n\r\n", True),
            ([f"Content-Length: {MAX_BODY + 1}"], "", True),
        ]
    )
    lines = [f"{rng.choice(['POST', 'PUT', 'PATCH', 'DELETE', 'GET'])} {_target(rng)} HTTP/1.1"]
    lines += ["Host: a", "Content-Type: application/json", *head]
    return Hostile("framing", ("\r\n".join(lines) + "\r\n\r\n" + body).encode(), complete)


def rubbish(rng: random.Random) -> Hostile:
    """Bytes that are no HTTP at all."""
    data = rng.choice(
        [
            rng.randbytes(rng.randrange(1, 3000)),
            b"\r\n" * rng.randrange(1, 500),
            b"\x16\x03\x01" + rng.randbytes(200),
            b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + rng.randbytes(40),
            b"GET / HTTP/1.1\r\nHost: a\r\n",
            b"GET " + b"/" * 100_000,
            b"SSH-2.0-x\r\n",
            b"\0" * 100,
        ]
    )
    return Hostile("rubbish", data, complete=False)


def queries(rng: random.Random) -> Hostile:
    """Parameters that nobody would think of."""
    pairs = [f"{rng.choice(_PARAMETERS)}={rng.choice(_TEXTS)}" for _ in range(rng.randrange(1, 6))]
    if rng.random() < 0.05:
        pairs += ["a=b"] * rng.choice([100, 5000])
    path = _target(rng)
    if rng.random() < 0.3:
        collection = rng.choice(list(_PARTS))
        path = f"{collection}/victim/{rng.choice(_PARTS[collection])}"
    query = "&".join(pairs).replace(" ", "%20")
    method = rng.choice(["GET", "GET", "GET", "POST", "PUT", "PATCH", "DELETE"])
    if method == "DELETE" and not path.endswith("nothing"):
        query += "&dryRun=All"
    return request(method, f"{path}?{query}", what="query")


# --- bodies ------------------------------------------------------------------------------------


def _valid(rng: random.Random, collection: str, name: str) -> dict[str, Any]:
    return {"metadata": {"name": name}} | json.loads(json.dumps(VICTIMS[collection]))


def _places(value: Any) -> list[tuple[Any, Any]]:
    items = value.items() if isinstance(value, dict) else enumerate(value)
    found: list[tuple[Any, Any]] = []
    for key, below in items:
        found.append((value, key))
        if isinstance(below, dict | list):
            found += _places(below)
    return found


_META_FIELDS = [
    "labels", "annotations", "finalizers", "ownerReferences", "managedFields", "generateName",
    "resourceVersion", "uid", "deletionTimestamp", "namespace", "creationTimestamp", "generation",
    "selfLink",
]  # fmt: skip
_META_WILD: list[Any] = [
    *_WILD,
    [{"apiVersion": "v1", "kind": "Pod", "name": "x", "uid": "y"}],
    [{"manager": "m", "operation": "Update", "fieldsType": "FieldsV1", "fieldsV1": {"f:spec": 1}}],
    [{"manager": "m", "operation": "Apply", "apiVersion": "v1", "fieldsV1": {"x": {}}}],
]


def mutated(rng: random.Random, obj: dict[str, Any]) -> dict[str, Any]:
    """An object with some of its parts replaced, removed or added."""
    for _ in range(rng.randrange(1, 4)):
        where, key = rng.choice(_places(obj) or [(obj, "metadata")])
        match rng.randrange(4):
            case 0:
                where.pop(key)
            case 1 if isinstance(where, dict):
                where[rng.choice(["", "unknown", "$patch", "a.b/c"])] = _wild(rng, _WILD)
            case _:
                where[key] = _wild(rng, _WILD)
        meta = obj.setdefault("metadata", {})
        if isinstance(meta, dict) and rng.random() < 0.2:
            meta[rng.choice(_META_FIELDS)] = _wild(rng, _META_WILD)
    return obj


def _wild(rng: random.Random, values: list[Any]) -> Any:
    return copy.deepcopy(rng.choice(values))


def _json(value: Any) -> bytes:
    return json.dumps(value).encode("utf-8", "surrogatepass")


def objects(rng: random.Random) -> Hostile:
    """Objects with wild values in the places of sound ones."""
    collection = _collection(rng)
    if rng.random() < 0.5:
        name = f"made-{rng.randrange(300)}"
        body = _json(mutated(rng, _valid(rng, collection, name)))
        return request("POST", collection, body, _media(rng), what=f"POST {collection}")
    path = f"{collection}/victim"
    body = _json(mutated(rng, _valid(rng, collection, "victim")))
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
            b"\xff\xfe{\0}\0",
            b'{"metadata":{"name":"\xff"}}', b'{"a":1,"a":2}',
            b'{"metadata":{"name":"a","name":"b"}}',
            b'{"data":{"a":"\\ud800"}}', b'{"a":1e999999}', b'{"a":NaN}',
            b'{"a":' + b"9" * 5000 + b"}",
            b'{"kind":"Pod","apiVersion":"v9"}', b'{"kind":7,"apiVersion":[]}', b'{"metadata":[]}',
            b'{"metadata":{"name":"x\\u0000y"}}', b'{"metadata":null}', b'{"metadata":{"name":{}}}',
            b"[" * deep, b'{"a":' * deep + b"1" + b"}" * deep,
            b'{"data":' + b"[" * deep + b"]" * deep + b"}",
            b'{"data":{"x":"' + b"y" * (MAX_BODY - 100) + b'"}}', b" " * (MAX_BODY + 10),
            b"{" + b'"k":1,' * 20_000 + b'"z":1}',
        ]
    )  # fmt: skip
    method = rng.choice(["POST", "PUT", "DELETE"])
    path = _collection(rng) if method == "POST" else f"{_collection(rng)}/nothing"
    return request(method, path, body, _media(rng), what="document")


def yamls(rng: random.Random) -> Hostile:
    """YAML as it should never be loaded."""
    bomb = "a: &a [x,x,x,x,x,x,x,x,x]\n" + "".join(
        f"{chr(98 + i)}: &{chr(98 + i)} [{','.join([f'*{chr(97 + i)}'] * 9)}]\n" for i in range(9)
    )
    body = rng.choice(
        [
            bomb, "!!python/object/apply:os.system ['id']", "a: !!binary x\n", "? [a]\n: b\n",
            "- a\n",
            "a: &a\n  b: *a\n", "<<: *nothing\n", "a: b: c\n", "\t", "---\n---\n",
            "%YAML 9.9\n---\n{}",
            "[" * 5000, "metadata: {name: 2026-01-01}\n",
            "metadata: {name: 0o17}\nkind: ConfigMap\n",
            "a: .inf\n", "a: 1" + "0" * 5000, "{" * 300, "\ufeffkind: x", "a: \x01\n",
            "kind: yes\n",
            "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: x}\ndata: {1: 2, y: ~}\n",
            "&a a: *a\n",
        ]
    ).encode()  # fmt: skip
    if rng.random() < 0.5:
        path = f"{_collection(rng)}/made-{rng.randrange(300)}?fieldManager=m"
        kind = {"Content-Type": _PATCHES["apply"]}
        return request("PATCH", path, body, kind, what="yaml apply")
    kind = {"Content-Type": "application/yaml"}
    return request("POST", _collection(rng), body, kind, what="yaml")


def protobufs(rng: random.Random) -> Hostile:
    """Protobuf that is truncated, nested without end, or noise."""

    def field(number: int, data: bytes) -> bytes:
        return _varint(number << 3 | 2) + _varint(len(data)) + data

    nested = b""
    for _ in range(rng.choice([5, 200, 3000])):
        nested = field(rng.choice([1, 2]), nested)[:60_000]
    raw = rng.choice([rng.randbytes(rng.randrange(400)), nested, b"\x0a\xff\xff\xff\xff\x7f",
    b"\xff" * 30,
                      field(1, field(1, b"victim")) + rng.randbytes(20)])  # fmt: skip
    meta = field(1, b"v1") + field(2, rng.choice([b"ConfigMap", b"Pod", b"\xff", b""]))
    unknown = field(1, meta) + field(2, raw)
    body = rng.choice(
        [b"k8s\0" + unknown, b"k8s\0" + unknown[: len(unknown) // 2], b"k8s", b"k8s\0", raw]
    )
    media = {"Content-Type": "application/vnd.kubernetes.protobuf"}
    return request("POST", _collection(rng), body, media, what="protobuf")


def _varint(number: int) -> bytes:
    out = bytearray()
    while number > 127:
        out.append(number & 127 | 128)
        number >>= 7
    out.append(number)
    return bytes(out)


# --- patches and subresources ------------------------------------------------------------------


def patches(rng: random.Random) -> Hostile:
    """Patches of each type, from slightly wrong to bombs."""
    collection = _collection(rng)
    kind = rng.choice(list(_PATCHES))
    if kind == "json":
        body = _json(_json_patch(rng))
    elif kind == "apply":
        wish = _valid(rng, collection, "victim")
        wish |= {"apiVersion": rng.choice(["v1", "apps/v1", "", "x/y/z"]), "kind": "ConfigMap"}
        body = _json(mutated(rng, wish))
    else:
        body = _json(mutated(rng, _directives(rng, _valid(rng, collection, "victim"))))
    part = rng.choice(["", "", "", "/status", *(f"/{each}" for each in _PARTS.get(collection, []))])
    query = rng.choice(
        ["", "?fieldManager=m", "?fieldManager=m&force=true", "?force=true", "?dryRun=All"]
    )
    path = f"{collection}/victim{part}{query}"
    return request("PATCH", path, body, {"Content-Type": _PATCHES[kind]}, what=f"{kind} {path}")


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
                [{"op": op, "path": path, "from": other, "value": rng.choice(_WILD)}]
                for op in ["add", "remove", "replace", "move", "copy", "test", "", "x"]
                for path in ["", "/", "/~2", "/-", "x", "/metadata", "/spec/containers/-1",
                "/a/b/c",
                             "/spec/containers/1e9", "/spec/containers/00", "/metadata/labels/a~1b",
                             "/kind", "/metadata/name", "/metadata/managedFields", "/status",
                             "/spec"]
                for other in ["/metadata", "", "/spec", "/nothing", "/~"]
            ],
            {}, [], [[]], [None], [{}], [{"op": 1}], [{"path": 1, "op": "add"}], "x", None,
        ]
    )  # fmt: skip


def _directives(rng: random.Random, obj: dict[str, Any]) -> dict[str, Any]:
    where = rng.choice([each for each, _ in _places(obj) if isinstance(each, dict)])
    name = rng.choice(
        ["$patch", "$retainKeys", "$setElementOrder/containers",
        "$deleteFromPrimitiveList/finalizers",
         "$setElementOrder/nothing", "$deleteFromPrimitiveList/x", "$setElementOrder", "$nothing"]
    )  # fmt: skip
    where[name] = rng.choice([*_WILD, "delete", "merge", "replace", [{"name": "x"}], ["x"]])
    return obj


def parts(rng: random.Random) -> Hostile:
    """Bodies for subresources and reviews."""
    body = rng.choice(
        [
            {"spec": {"replicas": rng.choice(_WILD)}}, {"spec": {"audiences": [""]}}, {"spec": []},
            {"target": {"kind": "Node", "name": rng.choice(["nothing", "", None, "../x"])}},
            {"deleteOptions": rng.choice(_WILD)},
            {"spec": {"expirationSeconds": rng.choice(_WILD)}},
            {"spec": {"resourceAttributes": rng.choice(_WILD), "nonResourceAttributes": {}}},
            {"spec": {"token": rng.choice(["", "a.b.c", "x" * 9999, "\ud800"])}}, {"spec": None},
            {},
            {"spec": {"user": "\0", "groups": [None], "extra": {"a": ["b"]},
            "resourceAttributes": {}}},
            {"status": rng.choice(_WILD)}, {"metadata": {"name": "victim"}, "status": {"phase": 7}},
            {"metadata": {"name": "victim"}, "spec": {"ephemeralContainers": rng.choice(_WILD)}},
        ]
    )  # fmt: skip
    path = rng.choice(_REVIEWS)
    if rng.random() < 0.7:
        collection = rng.choice(list(_PARTS))
        path = f"{collection}/victim/{rng.choice(_PARTS[collection])}?dryRun=All"
    method = rng.choice(["POST", "POST", "PUT", "GET"])
    sent = {"Content-Type": "application/json"}
    if rng.random() < 0.2:
        sent |= {"Connection": "Upgrade", "Upgrade": rng.choice(["websocket", "SPDY/3.1", "h2c",
        "x"]),
                 "Sec-WebSocket-Version": "13", "Sec-WebSocket-Key": "AAAAAAAAAAAAAAAAAAAAAA==",
                 "Sec-WebSocket-Protocol": rng.choice(["v5.channel.k8s.io", "x", "",
                 "a,b"])}  # fmt: skip
    return request(method, path, _json(body), sent, what=f"{method} {path}")


_MAKERS: list[Callable[[random.Random], Hostile]] = [
    paths, methods, headers, framing, rubbish, queries, queries, objects, objects, objects,
    documents, yamls, protobufs, patches, patches, patches, parts, parts,
]  # fmt: skip
