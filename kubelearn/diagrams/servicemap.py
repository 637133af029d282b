"""A Service and the pods around it: which labels fit its selector, which pods are its endpoints."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

from kubelearn.diagrams import svg
from kubelearn.diagrams.clustermap import natural
from kubelearn.diagrams.endpointreasons import (
    STATES,
    declares,
    endpoints_of,
    find_port,
    label_rows,
    target_of,
    verdict,
)
from kubelearn.diagrams.looks import badge
from kubelearn.objects import Object, labels_of

Row = dict[str, Any]

# Of pods that fit less than others, so many are shown.
MOST_PODS = 24

_WIDTH = 760.0
_SERVICE = 220.0
_LEFT = 300.0
_LINE = 46.0
_MATCHES = {"yes": "✓", "no": "✗", "missing": "∅"}
_ORDER = ("endpoint", "held", "leaving", "other")


def service_row(service: Mapping[str, Any], slices: Iterable[Object] = ()) -> Row:
    """What is shown of the Service; of its EndpointSlices, how many addresses are no pod's."""
    spec = service["spec"]
    kind = str(spec.get("type") or "ClusterIP")
    headless = spec.get("clusterIP") == "None"
    return {
        "name": service["metadata"]["name"],
        "type": "headless" if headless else kind,
        "meaning": _MEANINGS["headless" if headless else kind],
        "ip": "" if headless else str(spec.get("clusterIP") or spec.get("externalName") or ""),
        "selector": dict(spec.get("selector") or {}),
        "outside": sum(
            "targetRef" not in e for each in slices for e in each.get("endpoints") or []
        ),
        "ports": [
            {
                "name": port.get("name") or "",
                "port": port["port"],
                "protocol": port.get("protocol", "TCP"),
                "target": str(target_of(port)),
                "node": port.get("nodePort") or 0,
            }
            for port in spec.get("ports") or []
        ],
    }


_MEANINGS = {
    "ClusterIP": "an address that answers only inside the cluster",
    "NodePort": "also a port of every node, open to whoever reaches a node",
    "LoadBalancer": "also an address outside, from whoever provides load balancers",
    "ExternalName": "only another name in DNS: no selector, no address, no endpoints",
    "headless": "no address of its own: its name leads straight to the pods' addresses",
}


def pod_rows(
    service: Mapping[str, Any], pods: Iterable[Object], slices: Iterable[Object]
) -> list[Row]:
    """What is shown of each pod: those that requests reach come first.

    Without a selector it is only those that EndpointSlices name.
    """
    endpoints = endpoints_of(slices)
    selector = service["spec"].get("selector") or {}
    rows = []
    for pod in pods:
        name = str(pod["metadata"]["name"])
        if not selector and name not in endpoints:
            continue
        labels = label_rows(selector, labels_of(pod))
        state, reason = verdict(service, pod, endpoints.get(name))
        rows.append(
            {
                "name": name,
                "state": state,
                "reason": reason,
                "ip": (pod.get("status") or {}).get("podIP") or "",
                "labels": labels,
                "fitting": sum(label["match"] == "yes" for label in labels),
                "ports": [_port_row(port, pod) for port in service["spec"].get("ports") or []],
            }
        )
    rows.sort(key=lambda row: (_ORDER.index(row["state"]), -row["fitting"], natural(row["name"])))
    return rows


def _port_row(port: Mapping[str, Any], pod: Mapping[str, Any]) -> Row:
    target = target_of(port)
    found = find_port(pod, target, port.get("protocol", "TCP"))
    if found is None:
        words = f"no container has a port named {target}"
    elif isinstance(target, str):
        words = f"{target} is {found} here"
    elif declares(pod, found):
        words = f"{found}, which a container declares"
    else:
        words = f"{found}, which no container declares; it may listen there all the same"
    return {"target": str(target), "found": found or 0, "words": words}


def slice_row(piece: Mapping[str, Any]) -> Row:
    """What is shown of an EndpointSlice."""
    endpoints = [
        {
            "address": ", ".join(each.get("addresses") or []),
            "pod": str((each.get("targetRef") or {}).get("name") or ""),
            **{
                key: (each.get("conditions") or {}).get(key, default)
                for key, default in (("ready", True), ("serving", True), ("terminating", False))
            },
        }
        for each in piece.get("endpoints") or []
    ]
    return {
        "name": piece["metadata"]["name"],
        "type": piece.get("addressType", ""),
        "ports": [
            f"{each.get('name') or ''} {each.get('port') or 'any'}".strip()
            for each in piece.get("ports") or []
        ],
        "endpoints": endpoints,
    }


def summary(service: Row | None, rows: Iterable[Row]) -> str:
    """`3 endpoints, 1 held back, 2 not selected`."""
    if service is None:
        return "no such Service"
    counts = Counter(row["state"] for row in rows)
    words = [f"{counts['endpoint']} endpoint{'' if counts['endpoint'] == 1 else 's'}"]
    outside = service["outside"]
    if outside:
        words.append(f"{outside} address{'' if outside == 1 else 'es'} outside of pods")
    words += [f"{counts[key]} {STATES[key].label.lower()}" for key in _ORDER[1:] if counts[key]]
    return ", ".join(words)


def draw(service: Row | None, rows: Iterable[Row], *, title: str, notice: str = "") -> str:
    """The Service with its selector, and the pods with their labels, as SVG."""
    listed = list(rows)
    words = notice or summary(service, listed)
    shown = listed[:MOST_PODS] if service else []
    height = max(len(shown) * _LINE, 120.0)
    parts = [
        svg.text(title, x=20, y=30, size=15, weight="600"),
        svg.text(words, x=20, y=49, fill=svg.ALARM if notice else svg.MUTED),
    ]
    if service:
        middle = 68 + height / 2
        parts += [_pod_line(row, y=68 + i * _LINE, middle=middle) for i, row in enumerate(shown)]
        parts.append(_service_box(service, middle=middle))
    if len(listed) > len(shown) > 0:
        rest = f"and {len(listed) - len(shown)} pods more"
        parts.append(svg.text(rest, x=_LEFT, y=84 + height, fill=svg.MUTED))
    return svg.document(*parts, width=_WIDTH, height=98 + height, label=f"{title}; {words}")


def _service_box(service: Row, *, middle: float) -> str:
    ports = [f"{each['port']} → {each['target']}" for each in service["ports"]]
    lines = [
        (" ".join(part for part in (service["type"], service["ip"]) if part), svg.MUTED),
        (f"ports {', '.join(ports) or 'none'}", svg.MUTED),
        ("selector:" if service["selector"] else "no selector", svg.MUTED),
        *((f"{key}={value}", svg.INK) for key, value in service["selector"].items()),
    ]
    height = 34 + len(lines) * 16
    top = middle - height / 2
    return (
        svg.box(x=20, y=top, width=_SERVICE, height=height, fill=svg.SHADE)
        + svg.text(service["name"], x=34, y=top + 22, size=13, weight="600")
        + "".join(
            svg.text(
                svg.shorten(line, width=_SERVICE - 28, size=11.5),
                x=34,
                y=top + 40 + i * 16,
                size=11.5,
                fill=fill,
            )
            for i, (line, fill) in enumerate(lines)
        )
    )


def _pod_line(row: Row, *, y: float, middle: float) -> str:
    centre = y + _LINE / 2
    labels = " ".join(_label(each) for each in row["labels"] if each["match"])
    below = row["reason"] or row["ip"]
    room = _WIDTH - _LEFT - 44
    return (
        _way(row, centre=centre, middle=middle)
        + badge(STATES[row["state"]], x=_LEFT, y=centre - 9)
        + svg.text(svg.shorten(row["name"], width=240), x=_LEFT + 28, y=centre - 3, weight="600")
        + svg.text(
            svg.shorten(labels, width=room - 190, size=11), x=_LEFT + 220, y=centre - 3, size=11
        )
        + svg.text(
            svg.shorten(below, width=room, size=11),
            x=_LEFT + 28,
            y=centre + 12,
            size=11,
            fill=svg.MUTED,
        )
    )


def _label(label: Row) -> str:
    value = "" if label["value"] is None else f"={label['value']}"
    return f"{_MATCHES[label['match']]} {label['key']}{value}"


def _way(row: Row, *, centre: float, middle: float) -> str:
    """A line where the selector fits: whole with an arrow for an endpoint, else dashed."""
    if row["state"] == "other":
        return ""
    start, end = 20 + _SERVICE, _LEFT - 8
    bend = (start + end) / 2
    numbers = [start, middle, bend, middle, bend, centre, end, centre]
    x, y, *rest = (svg.number(each) for each in numbers)
    whole = row["state"] == "endpoint"
    dashes = {} if whole else {"stroke_dasharray": "4 3"}
    colour = STATES[row["state"]].edge
    line = svg.element("path", d=f"M{x} {y}C{' '.join(rest)}", fill="none", stroke=colour, **dashes)
    tip = f"M{svg.number(end)} {svg.number(centre)}"
    head = svg.element("path", d=f"{tip}l-8 -4v8z", fill=colour) if whole else ""
    return line + head
