"""LogView: what the containers of one pod, or of many, write, as they write it."""

from __future__ import annotations

import shlex
import time
from typing import Any

from kubelearn.diagrams.loglines import PALETTE, draw
from kubelearn.errors import KubelearnError
from kubelearn.labelselector import matches
from kubelearn.objects import (
    DAEMON_SETS,
    DEPLOYMENTS,
    JOBS,
    PODS,
    REPLICA_SETS,
    STATEFUL_SETS,
    Object,
    Resource,
    split_key,
)
from kubelearn.widgets.base import Cluster, LiveWidget, script, style
from kubelearn.widgets.logfeed import EVERY, LAST, MAX_STREAMS, LogFeed

WORKLOADS = {
    each.kind.lower(): each
    for each in (DEPLOYMENTS, REPLICA_SETS, STATEFUL_SETS, DAEMON_SETS, JOBS)
}

# How long a first picture may wait for lines, in seconds.
_FIRST_LINES = 1.0


class LogView(LiveWidget):
    """The logs of a pod (`"web-0"`), of a workload's pods (`"deployment/web"`), or of a selector.

    Each line tells its pod. Sequences that colour a terminal are left out of it. What is written
    too fast for eyes is left out, and how much is told. Raises KubelearnError for a kind that has
    no pods, and for a selector that is not written `key=value,...`.
    """

    _esm = script("sparing", "logpane", "logview")
    _css = style("logpane")

    look_every = 0.2
    _feed: LogFeed | None = None

    def __init__(
        self,
        cluster: Cluster,
        of: str = "",
        namespace: str = "default",
        *,
        selector: str = "",
        container: str = "",
        previous: bool = False,
        last: int = 200,
    ) -> None:
        self.namespace = namespace
        kind, _, self._name = of.rpartition("/")
        self._workload = _workload(kind.lower(), of)
        self._selector: Object | None = _labels(selector) if selector else None
        self._of, self._words = of, selector
        self._pods: dict[str, Object] = {}
        self._first = {"container": container, "previous": previous, "last": last}
        facts = {
            "title": of or selector,
            "namespace": namespace,
            "palette": PALETTE,
            "lasts": LAST,
            "every": EVERY,
        }
        watched = [(self._workload, namespace)] if self._workload else []
        super().__init__(cluster, [*watched, (PODS, namespace)], facts=facts)

    # --- what is followed -----------------------------------------------------------------------

    def attach(self) -> None:
        """Follow the logs, if it is not done already."""
        if self._feed is None:
            self._feed = LogFeed(self.document)
            self._choose(self._first)
        self._feed.start(self.cluster.api_client)
        super().attach()

    def detach(self) -> None:
        """Follow no more; what comes meanwhile is read later."""
        if self._feed is not None:
            self._feed.stop()
        super().detach()

    def look(self) -> None:
        """Take what the streams have read to the document."""
        if self._feed is not None:
            self._feed.flush()

    def forget(self) -> None:
        """The watch tells all pods again."""
        self._pods.clear()

    def show(self, resource: Resource, name: str, obj: Object | None) -> None:
        """A pod or the workload is new, or gone."""
        if resource is PODS:
            self._pods.pop(name, None)
            if obj is not None:
                self._pods[name] = obj
            self._follow(name, obj)
        elif split_key(name)[1] == self._name:
            self._selector = (obj or {}).get("spec", {}).get("selector")
            for each, pod in self._pods.items():
                self._follow(each, pod)

    def _follow(self, name: str, pod: Object | None) -> None:
        if self._feed is not None:
            self._feed.pod(name, pod if pod and self._wanted(name, pod) else None)

    def _wanted(self, name: str, pod: Object) -> bool:
        if self._workload or self._words:
            return matches(self._selector, pod["metadata"].get("labels"))
        return split_key(name)[1] == self._name

    def on_connection(self, reason: str | None) -> None:
        """Once all has been told, what was not is gone."""
        if reason is None and self._feed is not None:
            self._feed.forget(set(self._pods))
        super().on_connection(reason)

    # --- choosing -------------------------------------------------------------------------------

    def act(self, name: str, arguments: dict[str, Any]) -> None:
        """Read other containers, the run before, or keep more lines."""
        if name == "choose":
            self._choose(arguments)

    def _choose(self, choice: dict[str, Any]) -> None:
        container, previous = str(choice.get("container") or ""), bool(choice.get("previous"))
        last = min(max(int(choice.get("last") or LAST[0]), 1), LAST[-1])
        if self._feed is not None:
            self._feed.choose(container=container, previous=previous, last=last)
        command = self._command(container, previous=previous, last=last)
        self.document.put("feed", "command", command)

    def _command(self, container: str, *, previous: bool, last: int) -> str:
        """The kubectl line that prints the same."""
        words = ["kubectl", "logs", *(["-l", self._words] if self._words else [self._of])]
        words += ["-n", self.namespace]
        if self._workload:
            words.append("--all-pods")
        if self._workload or self._words:
            words += ["--prefix", f"--max-log-requests={MAX_STREAMS}"]
        if container:
            words += ["--all-containers"] if container == EVERY else ["-c", container]
        words += ["--previous"] if previous else ["--follow"]
        return shlex.join([*words, f"--tail={last}"])

    # --- without a browser ----------------------------------------------------------------------

    def wait(self, seconds: float = 3.0) -> bool:
        """Wait until the cluster has answered and, for a moment, until there are lines."""
        answered = super().wait(seconds)
        until = time.monotonic() + _FIRST_LINES
        self.look()
        while self._silent() and time.monotonic() < until:
            time.sleep(0.02)
            self.look()
        return answered

    def _silent(self) -> bool:
        streams, lines = self.document.section("streams"), self.document.section("lines")
        return bool(streams) and not lines

    def picture(self) -> str:
        """The last lines."""
        words = self.line()
        rows = self.document.section("lines").values()
        return draw(self._title(), rows, words=words, alarm=bool(self.disconnected))

    def line(self) -> str:
        """How many logs are followed."""
        self.wait()
        streams = len(self.document.section("streams"))
        words = f"{streams} {'log' if streams == 1 else 'logs'} followed"
        return f"{self._of or self._words}: {self.disconnected or words}"

    def _title(self) -> str:
        return f"Log of {self._of or self._words}"


def _workload(kind: str, of: str) -> Resource | None:
    if kind in ("", "pod"):
        return None
    if kind not in WORKLOADS:
        raise KubelearnError(
            f"{of!r} names nothing that has logs",
            hint=f"pod/NAME, or one of {', '.join(WORKLOADS)}",
        )
    return WORKLOADS[kind]


def _labels(selector: str) -> Object:
    pairs = [part.partition("=") for part in selector.split(",")]
    if not all(key and equals for key, equals, _ in pairs):
        raise KubelearnError(
            f"{selector!r} is not a selector", hint='selector="app=web,tier=front"'
        )
    return {"matchLabels": {key.strip(): value.strip() for key, _, value in pairs}}


def _demo(cluster: Any) -> LogView:
    return LogView(cluster, "deployment/web", "demo")


if __name__ == "__main__":
    from kubelearn.widgets.demo import run

    run(_demo, title="LogView")
