"""Rows of tables, for objects that say only what a test is about."""

from datetime import UTC, datetime

from kubelearn.embedded.apiserver import builtin, serializer
from kubelearn.embedded.apiserver.table import to_table

KINDS = builtin.built_in()
NOW = datetime(2026, 1, 1, 1, tzinfo=UTC)
HOUR_AGO = "2026-01-01T00:00:00Z"


def table(api_version, kind, *, metadata=None, **fields):
    """A Table with one object."""
    found = KINDS.for_object(api_version, kind)
    meta = {"name": "x", "creationTimestamp": HOUR_AGO, **(metadata or {})}
    body = {"apiVersion": api_version, "kind": kind, "metadata": meta, **fields}
    return to_table(found, [serializer.decode(found, body).object], now=NOW)


def row(*args, **fields):
    """The cells of its row, by the names of the columns."""
    made = table(*args, **fields)
    (found,) = made["rows"]
    names = [column["name"] for column in made["columnDefinitions"]]
    return dict(zip(names, found["cells"], strict=True))
