"""Values that fit nowhere, for the places of sound ones."""

from __future__ import annotations

import base64
from typing import Any

WILD: list[Any] = [
    None, True, 0, -1, 1.5, 1e308, 2**31, 2**63, 2**64, -(2**63), "", " ", "\0", "é", "\ud800",
    "a" * 300, "../../etc/passwd", "%s%n{}", "$(A)", "1e9999999", "9" * 400, "0x10", "NaN", "-0",
    [], {}, [[]], [None], {"": ""}, {"$patch": "delete"}, {"$patch": "replace"},
    [{"$patch": "merge"}], {"$retainKeys": ["x"]}, "2026-99-99T99:99:99Z", "0001-01-01T00:00:00Z",
    "9999-12-31T23:59:60Z",
]  # fmt: skip
TEXTS = [
    "", "-1", "0", "1", "abc", "1e400", "NaN", "9" * 40, "true", "maybe", "%00", "%ff%fe", "%",
    "%zz", "a%2Cb", "in (", "!", "a in (b", "a=b,,c", "a==b==c", "metadata.name=",
    "spec.nodeName=x", "metadata.nothing=x", "\u00e9".encode("latin-1").decode("latin-1"),
    "x" * 9000, "../..", "*", "0" * 100, "2026-01-01T00:00:00Z", "All", "Foreground", "Orphan",
    "Strict", "Ignore", "NotOlderThan", "Exact",
    base64.urlsafe_b64encode(b'{"v":"meta.k8s.io/v1","rv":-5,"start":"../x"}').decode(),
    base64.urlsafe_b64encode(b'{"v":"meta.k8s.io/v1","rv":99999999999,"start":"x\\u0000"}').decode(),
    base64.urlsafe_b64encode(b'{"v":"meta.k8s.io/v1","rv":1e999,"start":[]}').decode(), "e30",
    "bnVsbA",
]  # fmt: skip
