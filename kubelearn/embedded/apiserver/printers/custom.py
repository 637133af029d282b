"""The columns of custom resources, which their definition lists.

Stands for k8s.io/apiextensions-apiserver `pkg/registry/customresource/tableconvertor`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

import orjson

from kubelearn.embedded.apiserver.apiextensions.version import CustomVersion
from kubelearn.embedded.apiserver.printers.columns import Cells, Column, Printer, since
from kubelearn.embedded.apiserver.status import number
from kubelearn.jsonpath import JsonPathError, json_path
from kubelearn.objects import Object

NAME = Column("Name", format="name")
_AGE = {"name": "Age", "type": "date", "jsonPath": ".metadata.creationTimestamp"}


def custom_printer(version: CustomVersion) -> Printer:
    """The printer of a version: its own columns behind the name, or else the age."""
    columns = version.columns or (_AGE,)
    try:
        paths = [json_path(column["jsonPath"]) for column in columns]
    except JsonPathError:
        # Upstream shows such objects by their names, too.
        return Printer((NAME,), lambda obj, _: [obj["metadata"]["name"]])

    def cells(obj: Object, now: datetime) -> Cells:
        found: Cells = [obj["metadata"]["name"]]
        for column, path in zip(columns, paths, strict=True):
            values = path.find(obj)
            found.append(_cell(column["type"], values[0], now) if values else None)
        return found

    return Printer((NAME, *map(_column, columns)), cells)


def _column(column: Mapping[str, Any]) -> Column:
    path = column["jsonPath"]
    about = f"Custom resource definition column (in JSONPath format): {path}"
    return Column(
        column["name"],
        column["type"],
        priority=column.get("priority", 0),
        format=column.get("format", ""),
        description=column.get("description") or about,
    )


def _cell(kind: str, value: Any, now: datetime) -> Any:
    """A value as a cell of that type; of another type it is no cell at all."""
    if kind == "string":
        return _text(value)
    if kind == "date":
        return _date(value, now)
    if kind == "boolean":
        return value if isinstance(value, bool) else None
    convert: Callable[[Any], Any] | None = {"integer": int, "number": float}.get(kind)
    is_number = isinstance(value, (int, float)) and not isinstance(value, bool)
    return convert(value) if convert and is_number else None


def _text(value: Any) -> str:
    match value:
        case str():
            return value
        case None:
            return "<no value>"
        case float():
            return number(value)
    return orjson.dumps(value).decode()


def _date(value: Any, now: datetime) -> str | None:
    if not isinstance(value, str):
        return None
    try:
        return since(value, now)
    except ValueError:
        return "<invalid>"
