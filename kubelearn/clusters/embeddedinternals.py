"""The internals of an embedded cluster: its daemon is asked through the control socket."""

from __future__ import annotations

import base64
import contextlib
import json
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

from kubelearn.clusters.controlsocket import ask, stream
from kubelearn.clusters.internals import (
    REGISTRY,
    ComponentState,
    ControllerState,
    Decision,
    Entry,
    EtcdStatus,
    Internals,
    KeyEvent,
    KeyValue,
    NodeContainer,
    NodeProcess,
    Refusal,
    ServicePath,
    Step,
    Target,
)
from kubelearn.embedded import audittrail
from kubelearn.embedded.state import StateFolder
from kubelearn.objects import Object


class EmbeddedInternals(Internals):
    """What lies behind the API of an embedded cluster."""

    def __init__(self, folder: StateFolder) -> None:
        self._folder = folder

    # --- components and machines ---

    def components(self) -> list[ComponentState]:
        """All components, with their states."""
        return [ComponentState(**entry) for entry in ask(self._folder, "GET", "components")]

    def stop(self, component: str) -> None:
        """Stop one component."""
        ask(self._folder, "POST", "components", component, "stop")

    def start(self, component: str) -> None:
        """Start one component."""
        ask(self._folder, "POST", "components", component, "start")

    def stop_node(self, name: str) -> None:
        """Switch a machine off, with all that runs on it."""
        ask(self._folder, "POST", "nodes", name, "stop")

    def start_node(self, name: str) -> None:
        """Switch a machine on."""
        ask(self._folder, "POST", "nodes", name, "start")

    # --- etcd ---

    def etcd(self) -> EtcdStatus:
        """The current revision, and how much of the past is left."""
        return EtcdStatus(**ask(self._folder, "GET", "etcd"))

    def keys(self, prefix: str = REGISTRY, *, revision: int = 0, limit: int = 0) -> list[KeyValue]:
        """The keys that begin with `prefix`, in order, at a revision of the past or (0) now."""
        found = ask(
            self._folder, "GET", "etcd", "keys", prefix=prefix, revision=revision, limit=limit
        )
        return [_key_value(each) for each in found]

    def watch_keys(
        self, prefix: str = REGISTRY, *, start: int = 0, seconds: float | None = None
    ) -> Iterator[KeyEvent]:
        """The changes of such keys from the revision `start` on, or (0) those to come."""
        found = stream(self._folder, "etcd", "watch", seconds=seconds, prefix=prefix, start=start)
        return (
            KeyEvent(
                each["type"],
                _key_value(each["kv"]),
                _key_value(each["prev"]) if each["prev"] else None,
            )
            for each in found
        )

    def compact(self, revision: int) -> None:
        """Forget the states that were replaced or deleted before a revision."""
        ask(self._folder, "POST", "etcd", "compact", revision=revision)

    # --- nodes ---

    def containers(self, node: str) -> list[NodeContainer]:
        """The containers that the node's runtime knows, dead ones too, newest first."""
        found = ask(self._folder, "GET", "nodes", node, "containers")
        return [NodeContainer(**_timed(each, "created")) for each in found]

    def processes(self, node: str) -> list[NodeProcess]:
        """The node's processes: those of its containers, and the program that has its kubelet."""
        found = ask(self._folder, "GET", "nodes", node, "processes")
        return [NodeProcess(**_timed(each, "started")) for each in found]

    # --- Services ---

    def service_path(
        self, service: str, namespace: str = "default", *, node: str = ""
    ) -> ServicePath:
        """Where connections to a Service's addresses go that begin on a node, or on the first."""
        found = ask(self._folder, "GET", "services", namespace, service, node=node)
        entries = tuple(
            Entry(**{**each, "targets": tuple(Target(**one) for one in each["targets"])})
            for each in found["entries"]
        )
        return ServicePath(**{**found, "entries": entries})

    # --- audit ---

    def audit(self, *, since: datetime | None = None, after: str = "") -> Iterator[Object]:
        """The events of the audit trail, oldest first, whether the cluster runs or not."""
        lines = (line for path in audittrail.files(self._folder.audit) for line in _lines(path))
        return audittrail.events(lines, since=since, after=after)

    # --- control loops ---

    def controllers(self) -> list[ControllerState]:
        """The controllers, and as one more the scheduler, with their queues."""
        return [
            ControllerState(
                **{**each, "working": tuple(each["working"]), "waiting": tuple(each["waiting"])}
            )
            for each in ask(self._folder, "GET", "controllers")
        ]

    def pause(self, controller: str) -> None:
        """Let a controller do nothing more, until `resume` or until its component is stopped."""
        ask(self._folder, "POST", "controllers", controller, "pause")

    def resume(self, controller: str) -> None:
        """Let it go on."""
        ask(self._folder, "POST", "controllers", controller, "resume")

    def step(self, controller: str, key: str = "") -> Step:
        """Let a paused controller reconcile once: that key, or the first that waits."""
        return Step(**ask(self._folder, "POST", "controllers", controller, "step", key=key))

    def decision(self, pod: str, namespace: str = "default") -> Decision:
        """Which nodes the scheduler rejected for a pod, how others scored, and which it took."""
        found = ask(self._folder, "GET", "decisions", namespace, pod)
        rejections = {
            node: Refusal(each["plugin"], tuple(each["reasons"]))
            for node, each in found["rejections"].items()
        }
        return Decision(**{**_timed(found, "time"), "rejections": rejections})


def _key_value(entry: Object) -> KeyValue:
    value = base64.b64decode(entry["value"])
    return KeyValue(**{**entry, "value": value, "object": json.loads(value) if value else None})


def _lines(path: Path) -> Iterator[bytes]:
    # Between finding a file and opening it, it may have got another name: it was full.
    with contextlib.suppress(FileNotFoundError), path.open("rb") as file:
        yield from file


def _timed(entry: dict[str, Any], moment: str) -> dict[str, Any]:
    return {**entry, moment: datetime.fromisoformat(entry[moment])}
