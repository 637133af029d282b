"""From a folder to a public URL: the steps, and how far an app has come.

What is seen of the folder, the images and the cluster goes in, one line for each step comes out.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from kubelearn.diagrams import svg
from kubelearn.diagrams.clustermap import CONTROL_PLANE
from kubelearn.diagrams.phases import phase, status_word
from kubelearn.objects import condition, is_active, is_ready

Row = dict[str, Any]

_WIDTH = 760
_LINE = 18

# Okabe and Ito's colours; the glyphs, paths in a box of 16 by 16, say the same without them.
LOOKS = {
    "done": {"colour": "#009E73", "edge": "#006B4E", "glyph": "M3.5 8.5l3 3 6-7", "words": "done"},
    "moving": {
        "colour": "#F0E442",
        "edge": "#8A8200",
        "glyph": "M8 3.5v5l3 2",
        "words": "under way",
    },
    "failed": {
        "colour": "#D55E00",
        "edge": "#9A4400",
        "glyph": "M4 4l8 8M12 4l-8 8",
        "words": "fails",
    },
    "next": {"colour": "#56B4E9", "edge": "#1F78AD", "glyph": "M5.5 3.5v9l7-4.5z", "words": "next"},
    "later": {"colour": "#FFFFFF", "edge": "#767676", "glyph": "M8 8h.01", "words": "not yet"},
}


@dataclass(frozen=True)
class Order:
    """What is to be shipped, and as what."""

    name: str
    """Of the Deployment and its Service."""
    namespace: str
    image: str
    full_image: str
    """Its name as nodes list it: with registry and tag."""
    folder: str
    files: Sequence[str]
    build: str
    """The line that builds it."""
    load: str
    """The line that brings it to the nodes."""


@dataclass
class Seen:
    """What is so at present."""

    files: Mapping[str, bool] = field(default_factory=dict)
    built: bool = False
    nodes: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    deployment: Mapping[str, Any] | None = None
    pods: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    service: Mapping[str, Any] | None = None
    slices: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    answer: tuple[str, int, str] = ("", 0, "")
    """The address that was asked, the code (0: no answer) and the first line of the answer."""


Verdict = tuple[str, str]


def steps(order: Order, seen: Seen) -> list[Row]:
    """A row for each step. The first that is not done is next, if nothing is wrong with it."""
    kubectl = f"kubectl -n {order.namespace}"
    url = seen.answer[0] or "http://NODE:PORT/"
    listed = [
        ("folder", "The app has a folder", f"ls {order.folder}", _folder(order, seen)),
        ("image", "Its image is built", order.build, _image(order, seen)),
        ("cluster", "A cluster is up", "kubectl get nodes", _cluster(seen)),
        ("nodes", "The image is on the nodes", order.load, _nodes(order, seen)),
        (
            "pods",
            "Pods run it",
            f"{kubectl} apply -f {order.folder}/{order.files[-1]}",
            _pods(seen),
        ),
        ("service", "A Service finds them", f"{kubectl} get endpointslices", _service(seen)),
        ("public", "The public gets in", f"curl {url}", _public(seen)),
    ]
    rows: list[Row] = []
    waiting = False
    for key, title, command, (state, words) in listed:
        if state == "later" and not waiting:
            state = "next"
        waiting = waiting or state != "done"
        rows.append({"key": key, "title": title, "command": command, "state": state, "seen": words})
    return rows


def _folder(order: Order, seen: Seen) -> Verdict:
    missing = [name for name in order.files if not seen.files.get(name)]
    if missing:
        return "later", f"missing: {', '.join(missing)}"
    return "done", ", ".join(order.files)


def _image(order: Order, seen: Seen) -> Verdict:
    return ("done", order.image) if seen.built else ("later", f"there is no image {order.image}")


def _cluster(seen: Seen) -> Verdict:
    ready = [name for name, node in seen.nodes.items() if is_ready(node)]
    words = f"{len(ready)} of {len(seen.nodes)} nodes ready"
    return ("done" if ready and len(ready) == len(seen.nodes) else "later"), words


def _nodes(order: Order, seen: Seen) -> Verdict:
    homes = [node for node in seen.nodes.values() if _takes_pods(node)]
    having = sum(has_image(node, order.full_image) for node in homes)
    words = f"{having} of {len(homes)} nodes for pods have it"
    if not homes or not having:
        return "later", words
    return ("done" if having == len(homes) else "moving"), words


def has_image(node: Mapping[str, Any], image: str) -> bool:
    """Whether a node tells that it has an image of that full name."""
    images = (node.get("status") or {}).get("images") or []
    return any(image in (each.get("names") or []) for each in images)


def _takes_pods(node: Mapping[str, Any]) -> bool:
    spec = node.get("spec") or {}
    taints = [taint["key"] for taint in spec.get("taints") or []]
    return is_ready(node) and CONTROL_PLANE not in taints


def _pods(seen: Seen) -> Verdict:
    if seen.deployment is None:
        return "later", "there is no Deployment yet"
    wanted = int(seen.deployment["spec"].get("replicas", 1))
    pods = [pod for pod in seen.pods.values() if is_active(pod)]
    ready = sum(is_ready(pod) for pod in pods)
    counts = Counter(status_word(pod) for pod in pods)
    words = f"{ready} of {wanted} ready"
    others = ", ".join(f"{count} {word}" for word, count in counts.items() if word != "Running")
    words += f": {others}" if others else ""
    if any(phase(pod) == "Failed" for pod in pods):
        return "failed", words
    available = condition(dict(seen.deployment), "Available") or {}
    done = ready >= wanted and available.get("status") == "True"
    return ("done" if done else "moving"), words


def _service(seen: Seen) -> Verdict:
    if seen.service is None:
        return "later", "there is no Service yet"
    endpoints = [each for one in seen.slices.values() for each in one.get("endpoints") or []]
    ready = sum((each.get("conditions") or {}).get("ready") is not False for each in endpoints)
    words = f"{ready} of {len(endpoints)} endpoints ready" if endpoints else "it has no endpoints"
    return ("done" if ready else "moving"), words


def _public(seen: Seen) -> Verdict:
    port = node_port(seen.service)
    url, code, text = seen.answer
    if not port:
        return "later", "no port of the nodes leads to it"
    if 200 <= code < 400:
        return "done", f"{url} → {code} {text}"
    return "moving", f"{url} → {code or 'no answer'} {text}".rstrip()


def node_port(service: Mapping[str, Any] | None) -> int:
    """The port of all nodes that leads to a Service, or 0."""
    ports = (service or {"spec": {}})["spec"].get("ports") or []
    return next((int(port["nodePort"]) for port in ports if port.get("nodePort")), 0)


def summary(rows: Iterable[Row]) -> str:
    """`5 of 7 steps done; next: A Service finds them`."""
    listed = list(rows)
    done = sum(row["state"] == "done" for row in listed)
    first = next((row for row in listed if row["state"] != "done"), None)
    words = f"{done} of {len(listed)} steps done"
    return f"{words}; {LOOKS[first['state']]['words']}: {first['title']}" if first else words


def draw(name: str, rows: Iterable[Row], *, notice: str = "") -> str:
    """The checklist as SVG."""
    listed = list(rows)
    parts = [
        svg.text(f"Ship {name}", x=20, y=30, size=15, weight="600"),
        svg.text(notice or summary(listed), x=20, y=49, fill=svg.ALARM if notice else svg.MUTED),
    ]
    y = 66.0
    for row in listed:
        look = LOOKS[row["state"]]
        seen = svg.wrap(row["seen"], width=_WIDTH - 290)[:3]
        mark = svg.element("circle", cx=9, cy=9, r=9, fill=look["colour"], stroke=look["edge"])
        glyph = svg.element(
            "path", d=look["glyph"], transform="translate(1 1)", fill="none", stroke="#111",
            stroke_width=1.9, stroke_linecap="round", stroke_linejoin="round",
        )  # fmt: skip
        parts += [
            svg.element("g", mark, glyph, transform=f"translate(20 {svg.number(y + 3)})"),
            svg.text(row["title"], x=50, y=y + 17, size=13, weight="600"),
            *(svg.text(line, x=250, y=y + 17 + i * _LINE) for i, line in enumerate(seen)),
        ]
        y += max(len(seen), 1) * _LINE + 14
    return svg.document(*parts, width=_WIDTH, height=y + 8, label=f"Ship {name}: {summary(listed)}")
