"""What a dashboard shows of objects, and its overview as a picture."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from typing import Any

import yaml

from kubelearn.diagrams import svg
from kubelearn.diagrams.etcdkeys import readable
from kubelearn.diagrams.events import TYPES
from kubelearn.diagrams.looks import Look, badge
from kubelearn.diagrams.objectstates import LOOKS as STATES
from kubelearn.objects import Object

Row = dict[str, Any]

LOOKS: dict[str, Look] = {**STATES, **TYPES}
"""The states of objects, and the types of events."""

_APPLIED = "kubectl.kubernetes.io/last-applied-configuration"

_WIDTH = 760
_TILE, _GAP, _ACROSS = 170, 13, 4
_HIGH = 64


def masked(obj: Object) -> Object:
    """An object as it may be seen over one's shoulder: a Secret's values are only measured."""
    if obj.get("kind") != "Secret":
        return obj
    meta = {**obj["metadata"]}
    if _APPLIED in (meta.get("annotations") or {}):
        meta["annotations"] = {**meta["annotations"], _APPLIED: "(hidden)"}
    data = {
        key: f"(hidden: {len(base64.b64decode(value))} bytes)"
        for key, value in (obj.get("data") or {}).items()
    }
    return {**obj, "metadata": meta, **({"data": data} if data else {})}


def yaml_lines(obj: Object) -> list[str]:
    """An object as `kubectl get -o yaml` prints it."""
    return yaml.safe_dump(readable(masked(obj)), allow_unicode=True).splitlines()


def conditions(obj: Mapping[str, Any]) -> list[Row]:
    """The conditions of an object's status, as `kubectl describe` lists them."""
    return [
        {
            "type": str(each.get("type") or ""),
            "status": str(each.get("status") or ""),
            "reason": str(each.get("reason") or ""),
            "message": str(each.get("message") or ""),
            "since": str(each.get("lastTransitionTime") or ""),
        }
        for each in (obj.get("status") or {}).get("conditions") or []
    ]


def owners(obj: Mapping[str, Any]) -> list[Row]:
    """Whose an object is."""
    return [
        {"kind": each["kind"], "name": each["name"]}
        for each in obj["metadata"].get("ownerReferences") or []
    ]


def table_of(answer: Object) -> tuple[list[str], list[Row]]:
    """The titles and rows of a `Table`, without the columns that are for `-o wide` only.

    A server that knows no tables sends a list: then there are names, as kubectl does it.
    """
    if answer.get("kind") != "Table":
        metas = [item["metadata"] for item in answer.get("items") or []]
        return ["Name"], [_row([meta["name"]], meta) for meta in metas]
    columns = list(enumerate(answer["columnDefinitions"]))
    shown = [(i, column["name"]) for i, column in columns if not column.get("priority")]
    rows = [
        _row([row["cells"][i] for i, _ in shown], row["object"]["metadata"])
        for row in answer.get("rows") or []
    ]
    return [name for _, name in shown], rows


def _row(cells: list[Any], meta: Mapping[str, Any]) -> Row:
    texts = ["<none>" if cell is None else str(cell) for cell in cells]
    return {"cells": texts, "name": meta["name"], "namespace": meta.get("namespace") or ""}


def summary(tiles: Mapping[str, Row]) -> str:
    """`3 pods, 1 deployments`: what there is, in the kinds' plural names."""
    told = [f"{tile['count']} {plural}" for plural, tile in tiles.items() if tile["count"]]
    return ", ".join(told) or "nothing"


def draw(title: str, tiles: Mapping[str, Row], *, notice: str = "") -> str:
    """The overview as SVG: a tile for each kind of which there are objects."""
    shown = [(plural, tile) for plural, tile in tiles.items() if tile["count"] or tile["reason"]]
    words = notice or summary(tiles)
    parts = svg.heading(title, words, width=_WIDTH, alarm=bool(notice))
    for i, (plural, tile) in enumerate(shown):
        x = 20 + i % _ACROSS * (_TILE + _GAP)
        y = 64 + i // _ACROSS * (_HIGH + _GAP)
        parts += _tile(plural, tile, x=x, y=y)
    lines = -(-len(shown) // _ACROSS)
    height = 68 + lines * (_HIGH + _GAP)
    return svg.document(*parts, width=_WIDTH, height=height, label=f"{title}; {words}")


def _tile(plural: str, tile: Row, *, x: float, y: float) -> list[str]:
    parts = [
        svg.box(x=x, y=y, width=_TILE, height=_HIGH, fill=svg.SHADE),
        svg.text(svg.shorten(plural, width=_TILE - 60), x=x + 12, y=y + 24, fill=svg.MUTED),
    ]
    if tile["reason"]:
        words = svg.shorten(tile["reason"], width=_TILE - 24)
        return [*parts, svg.text(words, x=x + 12, y=y + 48, fill=svg.ALARM)]
    count = str(tile["count"])
    parts.append(svg.text(count, x=x + _TILE - 12, y=y + 25, size=15, weight="600", anchor="end"))
    at = x + 12
    for look, number in tile["looks"].items():
        parts += [
            badge(LOOKS[look], x=at, y=y + 36, size=16),
            svg.text(str(number), x=at + 20, y=y + 49),
        ]
        at += 26 + svg.text_width(str(number))
    return parts
