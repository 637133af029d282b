"""Requests that are hostile before their body is read."""

from __future__ import annotations

import base64
import random

from tests.faults.hostile.request import MAX_BODY, Hostile, request
from tests.faults.hostile.values import TEXTS
from tests.faults.hostile.victims import CORE, NAMESPACE, PARTS, target

_PARAMETERS = [
    "limit", "continue", "resourceVersion", "resourceVersionMatch", "labelSelector",
    "fieldSelector", "timeoutSeconds", "watch", "allowWatchBookmarks", "sendInitialEvents",
    "pretty", "includeObject", "dryRun", "fieldManager", "fieldValidation", "force",
    "gracePeriodSeconds", "propagationPolicy", "orphanDependents", "tailLines", "sinceSeconds",
    "sinceTime", "limitBytes", "container", "command", "stdin", "tty", "ports", "path",
    "timestamps", "verbose", "exclude", "timeout", "",
]  # fmt: skip


def paths(rng: random.Random) -> Hostile:
    """Paths that lead out, astray, or nowhere."""
    pieces = [
        "api", "apis", "v1", "apps", "namespaces", NAMESPACE, "pods", "victim", "..", ".", "",
        "%2e%2e", "%2f", "%00", "%ff", "%c0%ae", "%zz", "%", "é", "~", "*", "?", "#", ";", ":", "@",
        "a" * 300, "status", "watch", "proxy", "openapi", "v3", "v2", "version", "healthz",
        "readyz", "metrics", "log", "logs", "{namespace}", "${jndi:x}", "<script>", "'", '"', "\\",
        "|", "^", "exec", "\x7f", "%0d%0aX-Evil:%201", ".well-known", "openid-configuration",
        "livez", "etcd",
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
        [
            "get", "PROPFIND", "TRACE", "OPTIONS", "CONNECT", "HEAD", "X" * 9000, "G\0T", "",
            "GET GET", "PRI", "\xff", "DELETE\t", "PATCH", "<", "LINK",
        ]
    )  # fmt: skip
    version = rng.choice(["HTTP/1.1", "HTTP/1.0", "HTTP/2.0", "HTTP/9.9", "HTTP/", "", "ICY/1.1"])
    head = f"{method} {target(rng)} {version}\r\nHost: a\r\n\r\n"
    return Hostile("method", head.encode("latin-1"))


def headers(rng: random.Random) -> Hostile:
    """Headers that are too long, too many, malformed, or full of lies."""
    claims = b'{"iss":"kubernetes/serviceaccount","sub":[]}'
    jwt = ".".join(
        base64.urlsafe_b64encode(each).decode().rstrip("=")
        for each in (b'{"alg":"none"}', claims, b"")
    )
    accepted = [
        ";;;,=q", "*/*;q=NaN", "application/json;as=Table;v=v9;g=x", "application/json;as=;g=;v=",
        ",".join(["a/b"] * 3000), "\xff", "application/yaml", "application/vnd.kubernetes.protobuf",
    ]  # fmt: skip
    sent = [
        ";", "application/json; charset=utf-99", "a" * 5000, "\xff/x",
        "multipart/form-data; boundary=", "application/cbor",
    ]  # fmt: skip
    tokens = [
        "Bearer " + "x" * 30000, "Bearer " + jwt, "Bearer ..", "Bearer \xff", "Basic !!!",
        "Bearer", "Bearer a.b.c",
    ]  # fmt: skip
    name, text = rng.choice(
        [
            ("Accept", rng.choice(accepted)),
            ("Content-Type", rng.choice(sent)),
            ("Authorization", rng.choice(tokens)),
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
    )
    head = [f"GET {target(rng)} HTTP/1.1", "Host: a", f"{name}: {text}"]
    head += rng.choice(
        [
            [], ["no colon"], [" folded"], ["A\0B: c"], [": nameless"], ["A : b"],
            [f"H{i}: x" for i in range(400)], ["Host: b"], ["A: b\0c"],
        ]
    )  # fmt: skip
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
    lines = [f"{rng.choice(['POST', 'PUT', 'PATCH', 'DELETE', 'GET'])} {target(rng)} HTTP/1.1"]
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
    pairs = [f"{rng.choice(_PARAMETERS)}={rng.choice(TEXTS)}" for _ in range(rng.randrange(1, 6))]
    if rng.random() < 0.05:
        pairs += ["a=b"] * rng.choice([100, 5000])
    path = target(rng)
    if rng.random() < 0.3:
        collection = rng.choice(list(PARTS))
        path = f"{collection}/victim/{rng.choice(PARTS[collection])}"
    query = "&".join(pairs).replace(" ", "%20")
    method = rng.choice(["GET", "GET", "GET", "POST", "PUT", "PATCH", "DELETE"])
    if method == "DELETE" and not path.endswith("nothing"):
        query += "&dryRun=All"
    return request(method, f"{path}?{query}", what="query")
