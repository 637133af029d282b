"""Keys of etcd: what they hold, in which revision they came and changed."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import yaml

from kubelearn.diagrams import svg
from kubelearn.objects import Object

if TYPE_CHECKING:
    from kubelearn.clusters.internals import KeyValue

Row = dict[str, Any]

_PROTOBUF = b"k8s\x00"
_WIDTH = 760
_LINE = 22
_MOST = 15


def key_row(found: KeyValue) -> Row:
    """What is shown of a key; its value is shown apart."""
    return {
        "key": found.key,
        "kind": (found.object or {}).get("kind", ""),
        "create": found.create_revision,
        "mod": found.mod_revision,
        "version": found.version,
        "lease": found.lease,
        "bytes": len(found.value),
        "encoding": "protobuf" if found.value.startswith(_PROTOBUF) else "JSON",
    }


def value_lines(found: KeyValue) -> list[str]:
    """A value as YAML, or its bytes where it is no object."""
    if found.object is None:
        return [repr(found.value)]
    return yaml.safe_dump(readable(found.object), allow_unicode=True).splitlines()


def readable(obj: Object) -> Object:
    """An object without its managedFields: half of its bytes, and hardly for eyes."""
    meta = {k: v for k, v in (obj.get("metadata") or {}).items() if k != "managedFields"}
    return {**obj, "metadata": meta} if meta else obj


def summary(revision: int, rows: Iterable[Row]) -> str:
    """`revision 225, 187 keys`."""
    return f"revision {revision}, {len(list(rows))} keys"


def draw(revision: int, rows: Iterable[Row], *, title: str, notice: str = "") -> str:
    """The keys that changed last as SVG."""
    listed = list(rows)
    words = notice or f"{summary(revision, listed)}; these changed last"
    parts = svg.heading(title, words, width=_WIDTH, alarm=bool(notice))
    latest = sorted(listed, key=lambda row: (-int(row["mod"]), row["key"]))[:_MOST]
    for i, row in enumerate(latest):
        y = 76 + i * _LINE
        told = f"revision {row['mod']}, version {row['version']}"
        parts += [
            svg.text(svg.shorten(row["key"], width=530), x=20, y=y),
            svg.text(told, x=_WIDTH - 20, y=y, fill=svg.MUTED, anchor="end"),
        ]
    height = 72 + len(latest) * _LINE
    return svg.document(*parts, width=_WIDTH, height=height, label=f"{title}; {words}")
