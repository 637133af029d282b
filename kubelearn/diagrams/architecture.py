"""The parts of a cluster and who talks to whom: the control plane and two workers.

As kubeadm sets a cluster up (upstream `cmd/kubeadm`). Left out: the cloud controller manager, and
add-ons such as CoreDNS, which are pods like any others. An arrow begins at who opens the
connection: all but etcd come to the API server, and nobody else talks to etcd.
"""

from __future__ import annotations

from collections.abc import Iterable

from kubelearn.diagrams.components import PURPOSES
from kubelearn.diagrams.parts import Part, Talk, picture, title

_HEIGHT = 506.0
_PLANE, _WORKER, _PROGRAM, _POD = "#F6F8FA", "#F6F8FA", "#FFFFFF", "#BDE0F5"
_SERVER = "#FBE3B0"
_WORKERS = {"worker-1": 20.0, "worker-2": 400.0}
# Below the API server: where the lines from below come in.
_DOOR = 176.0


def draw(*, mark: Iterable[str] = ()) -> str:
    """The whole cluster.

    `mark` names parts by their ids, such as `etcd`, `kube-scheduler`, `worker-1`,
    `worker-2-kubelet` or `kube-scheduler--kube-apiserver`.
    """
    workers = [part for name, x in _WORKERS.items() for part in _worker(name, x)]
    return picture(
        [*_control_plane(), *workers],
        [*_upper_talks(), *(talk for name in _WORKERS for talk in _worker_talks(name))],
        mark=mark,
        height=_HEIGHT,
        label="A cluster: the control plane with API server, etcd, controllers and scheduler, and "
        "two workers with kubelet, kube-proxy, a container runtime and pods",
        words=title("A cluster", "arrows begin at who opens the connection"),
    )


def _program(part: str, x: float, y: float, *, words: str, **more: float | str) -> Part:
    name = part.removeprefix("worker-1-").removeprefix("worker-2-")
    meaning, without = PURPOSES[name]
    return Part(
        part,
        x,
        y,
        float(more.get("width", 166)),
        float(more.get("height", 50)),
        name,
        "component",
        words=words,
        meaning=f"{meaning}. Without it: {without}.",
        fill=str(more.get("fill", _PROGRAM)),
    )


def _control_plane() -> list[Part]:
    return [
        Part("you", 20, 112, 128, 58, "you", "client", words="kubectl, Python, a dashboard"),
        Part(
            "control-plane",
            196,
            72,
            544,
            196,
            "control plane",
            "node",
            words="once called the master",
            meaning="the node whose programs decide",
            fill=_PLANE,
            frame=True,
        ),
        _program(
            "kube-apiserver", 322, 112, words="the only door, for all", height=64, fill=_SERVER
        ),
        _program("etcd", 590, 116, words="keeps every object", width=132, height=56),
        _program("kube-controller-manager", 206, 204, words="makes, replaces, heals", width=182),
        _program("kube-scheduler", 454, 204, words="chooses a node for each pod", width=176),
    ]


def _worker(name: str, x: float) -> list[Part]:
    runtime = Part(
        f"{name}-runtime",
        x + 14,
        404,
        152,
        34,
        "container runtime",
        "component",
        meaning="containerd: pulls images, starts and ends containers",
    )
    pods = [
        Part(
            f"{name}-pod-{number}",
            x + 14 + (number - 1) * 104,
            456,
            96,
            24,
            f"pod {number}",
            "pod",
            meaning="containers that belong together, with one address",
            fill=_POD,
        )
        for number in (1, 2, 3)
    ]
    frame = Part(
        name,
        x,
        304,
        340,
        186,
        name.replace("-", " "),
        "node",
        meaning="a machine that runs pods",
        fill=_WORKER,
        frame=True,
    )
    return [
        frame,
        _program(f"{name}-kubelet", x + 14, 334, words="runs this node's pods", width=152),
        _program(f"{name}-kube-proxy", x + 176, 334, words="Services' addresses", width=152),
        runtime,
        *pods,
    ]


def _upper_talks() -> list[Talk]:
    server = "kube-apiserver"
    return [
        Talk(
            "you",
            server,
            ((148, 144), (322, 144)),
            "HTTPS: get, apply, delete",
            "HTTPS",
            (204, 138),
        ),
        Talk(
            server,
            "etcd",
            ((488, 144), (590, 144)),
            "reads, writes and watches keys",
            "reads, writes",
            (502, 138),
        ),
        Talk(
            "kube-controller-manager",
            server,
            ((340, 204), (340, _DOOR)),
            "watches all kinds, writes what is missing",
            "watches, writes",
            (252, 194),
        ),
        Talk(
            "kube-scheduler",
            server,
            ((470, 204), (470, _DOOR)),
            "watches pods without a node, binds them",
            "watches, binds",
            (478, 194),
        ),
    ]


def _worker_talks(name: str) -> list[Talk]:
    x = _WORKERS[name]
    # The outer one goes above the inner one, so that no two lines cross.
    outer, inner = (284.0, 296.0)
    mirrored = name == "worker-2"
    doors = (430.0, 442.0) if mirrored else (394.0, 406.0)
    heights = (inner, outer) if mirrored else (outer, inner)
    kubelet, proxy = f"{name}-kubelet", f"{name}-kube-proxy"
    lines = []
    for part, start, height, door in (
        (kubelet, x + 116, heights[0], doors[0]),
        (proxy, x + 280, heights[1], doors[1]),
    ):
        points = ((start, 334.0), (start, height), (door, height), (door, _DOOR))
        lines.append(
            Talk(part, "kube-apiserver", points, _REASONS[part == kubelet], both=part == kubelet)
        )
    middle = x + 90
    return [
        *lines,
        Talk(
            kubelet,
            f"{name}-runtime",
            ((middle, 384), (middle, 404)),
            "CRI: run this container, how is it?",
            "CRI",
            (middle + 8, 398),
        ),
        Talk(
            f"{name}-runtime",
            f"{name}-pod-1",
            ((x + 62, 438), (x + 62, 456)),
            "starts and ends the containers",
            "starts",
            (x + 70, 451),
        ),
    ]


_REASONS = {
    True: "watches its pods, tells how they and the node are, renews its Lease; for logs, exec and "
    "port-forward the API server calls back",
    False: "watches Services and EndpointSlices",
}

if __name__ == "__main__":
    print(draw())
