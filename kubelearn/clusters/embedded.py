"""The embedded cluster: a daemon of this user, which outlives notebooks and is shared by them."""

from __future__ import annotations

from collections import deque
from pathlib import Path
from typing import Any

from kubelearn.clusters import daemon
from kubelearn.clusters.base import Cluster
from kubelearn.clusters.controlsocket import ask
from kubelearn.clusters.embeddedinternals import EmbeddedInternals
from kubelearn.clusters.internals import Internals
from kubelearn.embedded.state import DEFAULT_NAME, Settings, StateFolder
from kubelearn.errors import ClusterError
from kubelearn.progress import Say, telling

# What the daemon tells of while it starts.
_STEPS = ("state", "certificates", "runtime", "store", "API server", "nodes")
_LOG_LINES = 200
_LOAD_SECONDS = 600


class EmbeddedCluster(Cluster):
    """One embedded cluster of this user, by name, whether it runs or not.

    `nodes`, `port` and `runtime` are for `up`; without them a cluster has what it had before.
    With the runtime `fake` nodes have no machines: pods are told to run, and nothing does.
    """

    backend = "embedded"

    def __init__(
        self,
        name: str = DEFAULT_NAME,
        *,
        nodes: int | None = None,
        port: int | None = None,
        runtime: str | None = None,
        why: str = "you asked for it",
    ) -> None:
        super().__init__(why=why)
        self.name = name
        self.folder = StateFolder.named(name)
        self._nodes = nodes
        self._port = port
        self._runtime = runtime

    @property
    def internals(self) -> Internals:
        """What lies behind the API, through the daemon's control socket."""
        return EmbeddedInternals(self.folder)

    @property
    def kubeconfig(self) -> Path:
        """A file with everything inside; there after the first start."""
        return self.folder.kubeconfig

    def exists(self) -> bool:
        """Whether it was ever started, and not deleted since."""
        return self.folder.settings.exists()

    def ready(self) -> bool:
        """Whether its daemon runs and has the API server answer."""
        return bool((self.status() or {}).get("ready"))

    def status(self) -> dict[str, Any] | None:
        """What the daemon says of itself, or None when it does not run."""
        return daemon.status(self.folder)

    def up(self, *, say: Say | None = None) -> None:
        """Start it and wait until the API answers; harmless when it runs.

        Raises StateError or ClusterError with the daemon's own reason.
        """
        with telling(say, f"start cluster {self.name}") as work:

            def step(name: str, result: str) -> None:
                if not work.planned:
                    work.plan(*_STEPS)
                work.finish(name, result)

            chosen = {"nodes": self._nodes, "port": self._port}
            if daemon.start(self.folder, **chosen, runtime=self._runtime, step=step):
                self.reconnect()
            else:
                self._refuse_changes()
                work(f"cluster {self.name} runs already")

    def down(self, *, say: Say = print) -> None:
        """End the daemon and every process of the cluster; its objects stay."""
        if daemon.stop(self.folder):
            say(f"cluster {self.name} is stopped; its objects are kept")
        else:
            say(f"cluster {self.name} does not run")

    def delete(self, *, say: Say = print) -> None:
        """Stop it and remove all that it kept."""
        if self.folder.path.exists():
            daemon.stop(self.folder)
            self.folder.delete()
            say(f"cluster {self.name} is deleted")
        else:
            say(f"there is no cluster {self.name}")

    def reset(self, *, say: Say | None = None) -> None:
        """Throw everything in it away and start it empty, with as many nodes, at the same port."""
        if known := Settings.read(self.folder.settings):
            self._nodes, self._port = self._nodes or known.nodes, self._port or known.port
            self._runtime = self._runtime or known.runtime
        self.delete(say=say or print)
        self.up(say=say)

    def load_image(self, *names: str, say: Say = print) -> None:
        """Bring images of the image store, or of Docker Engine, to all nodes.

        Raises ClusterError, and ContainerError for an image that neither has.
        """
        from kubelearn.clusters.images import bring

        for name in names:
            bring(name)
        for name in names:
            ask(self.folder, "POST", "images", "load", timeout=_LOAD_SECONDS, name=name)
            say(f"  ✔ {name} is on all nodes")

    def remove_image(self, *names: str, say: Say = print) -> None:
        """Take images off all nodes; the image store keeps them. Raises ClusterError."""
        for name in names:
            ask(self.folder, "POST", "images", "remove", name=name)
            say(f"  ✔ {name} is on no node")

    def logs(self, component: str = "") -> str:
        """The last lines of the daemon's log; `component` leaves only those of that one."""
        if not self.folder.log.exists():
            return ""
        mark = f" {component}: "
        with self.folder.log.open(errors="replace") as file:
            return "".join(
                deque((line for line in file if mark in line or not component), _LOG_LINES)
            )

    def _refuse_changes(self) -> None:
        running = Settings.read(self.folder.settings)
        if running and (
            self._nodes not in (None, running.nodes) or self._port not in (None, 0, running.port)
        ):
            raise ClusterError(
                f"cluster {self.name} runs with {running.nodes} nodes on port {running.port}; "
                "that cannot change while it runs",
                hint=f"kubelearn down --name {self.name}   # and up again; or: --name OTHER",
            )
