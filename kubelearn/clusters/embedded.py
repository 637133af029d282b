"""The embedded cluster: a daemon of this user, which outlives notebooks and is shared by them."""

from __future__ import annotations

import http.client
import json
import os
import shutil
import socket
import subprocess
import sys
import time
from collections import deque
from pathlib import Path
from typing import Any
from urllib.parse import quote

from kubelearn.clusters.base import Cluster, ComponentState, Internals, Say
from kubelearn.embedded.control import short_path
from kubelearn.embedded.state import ClusterConfig, ClusterFolder
from kubelearn.errors import ClusterError, NotAvailable

DEFAULT_NAME = "kubelearn"
_START_SECONDS = 60
_STOP_SECONDS = 30
_LOG_LINES = 200
_LOG_BYTES = 5_000_000


class EmbeddedCluster(Cluster):
    """One embedded cluster of this user, by name, whether it runs or not.

    `nodes` and `port` count when the cluster is made, at its first start; `port` later as well.
    """

    backend = "embedded"

    def __init__(
        self,
        name: str = DEFAULT_NAME,
        *,
        nodes: int | None = None,
        port: int | None = None,
        why: str = "",
    ) -> None:
        super().__init__(why=why)
        self.name = name
        self.folder = ClusterFolder.named(name)
        self._nodes = nodes
        self._port = port

    @property
    def internals(self) -> Internals:
        """Components and nodes, through the daemon's control socket."""
        return EmbeddedInternals(self.folder)

    @property
    def kubeconfig(self) -> Path:
        """A file with everything inside; there after the first start."""
        return self.folder.kubeconfig

    def exists(self) -> bool:
        """Whether it was ever started, and not deleted since."""
        return self.folder.config_file.exists()

    def ready(self) -> bool:
        """Whether its daemon runs; the daemon opens its socket when the API answers."""
        return self.status() is not None

    def status(self) -> dict[str, Any] | None:
        """What the daemon says of itself, or None when it does not run."""
        try:
            status: dict[str, Any] = ask(self.folder, "GET", "/status")
        except ClusterError:
            return None
        return status

    def up(self, *, say: Say = print) -> None:
        """Start the daemon and wait until the API answers.

        Raises StateError or ClusterError with the daemon's own reason.
        """
        self.folder.make()
        # Two that start at once: the second waits here, and then finds the cluster running.
        with self.folder.locked("up.lock", wait=True):
            if self.ready():
                self._refuse_changes()
                say(f"cluster {self.name} runs already")
                return
            config = self._settle()
            say(f"starting cluster {self.name}: {config.nodes} nodes")
            self._launch()
            say(f"the API server answers at https://127.0.0.1:{self._settled().port}")

    def down(self, *, say: Say = print) -> None:
        """End the daemon and every process of the cluster; its objects stay."""
        if not self.ready():
            say(f"cluster {self.name} does not run")
            return
        ask(self.folder, "POST", "/shutdown")
        deadline = time.monotonic() + _STOP_SECONDS
        # The lock is free when the process is gone, and with it its ports and containers.
        while not self._is_over():
            if time.monotonic() > deadline:
                raise ClusterError(
                    f"cluster {self.name} did not stop within {_STOP_SECONDS} s",
                    hint=f"tail {self.folder.log}",
                )
            time.sleep(0.02)
        say(f"cluster {self.name} is stopped; its objects are kept")

    def delete(self, *, say: Say = print) -> None:
        """Stop it and remove all that it kept."""
        if not self.folder.path.exists():
            say(f"there is no cluster {self.name}")
            return
        if self.ready():
            self.down(say=lambda _: None)
        shutil.rmtree(self.folder.path)
        say(f"cluster {self.name} is deleted")

    def reset(self, *, say: Say = print) -> None:
        """Throw everything away and start it empty, with the same number of nodes."""
        config = self.folder.config()
        if config and self._nodes is None:
            self._nodes = config.nodes
        self.delete(say=say)
        self.__dict__.pop("api_client", None)
        self.up(say=say)

    def logs(self) -> str:
        """The last lines of the daemon's log."""
        if not self.folder.log.exists():
            return ""
        with self.folder.log.open(errors="replace") as file:
            return "".join(deque(file, maxlen=_LOG_LINES))

    # --- starting ---

    def _settle(self) -> ClusterConfig:
        found = self.folder.config() or ClusterConfig(self.name, nodes=self._nodes or 3)
        if self._nodes not in (None, found.nodes):
            raise ClusterError(
                f"cluster {self.name} was made with {found.nodes} nodes, not {self._nodes}",
                hint=f"kubelearn down --delete --name {self.name}   # then up --nodes again",
            )
        port = found.port if self._port is None else self._port
        config = ClusterConfig(found.name, nodes=found.nodes, port=port, block=found.block)
        self.folder.save(config)
        return config

    def _settled(self) -> ClusterConfig:
        config = self.folder.config()
        assert config is not None
        return config

    def _refuse_changes(self) -> None:
        running = self._settled()
        if self._nodes not in (None, running.nodes) or self._port not in (None, 0, running.port):
            raise ClusterError(
                f"cluster {self.name} runs with {running.nodes} nodes on port {running.port}; "
                "that can't change while it runs",
                hint=f"kubelearn down --name {self.name}   # and again, or: --name other",
            )

    def _launch(self) -> None:
        if self.folder.log.exists() and self.folder.log.stat().st_size > _LOG_BYTES:
            self.folder.log.replace(self.folder.log.with_suffix(".log.1"))
        flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT
        with os.fdopen(os.open(self.folder.log, flags, 0o600), "ab") as log:
            daemon = subprocess.Popen(
                [sys.executable, "-m", "kubelearn.embedded.launch", str(self.folder.path)],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=log,
                cwd="/",
                start_new_session=True,
            )
        assert daemon.stdout is not None
        with daemon.stdout:
            line = daemon.stdout.readline()
        # The process outlives this one on purpose: it must not be reported as forgotten.
        daemon.returncode = 0 if line else daemon.wait()
        report: dict[str, Any] = json.loads(line) if line else {"ready": False}
        if not report["ready"]:
            raise ClusterError(
                report.get("message") or f"cluster {self.name} ended while it started",
                hint=report.get("hint") or f"tail {self.folder.log}   # says why",
            )

    def _is_over(self) -> bool:
        with self.folder.locked("daemon.lock", wait=False) as free:
            return free


class EmbeddedInternals(Internals):
    """Components and nodes of an embedded cluster."""

    def __init__(self, folder: ClusterFolder) -> None:
        self._folder = folder

    def components(self) -> list[ComponentState]:
        """All components, with their states."""
        return [ComponentState(**entry) for entry in ask(self._folder, "GET", "/components")]

    def stop(self, component: str) -> None:
        """Stop one component."""
        ask(self._folder, "POST", f"/components/{quote(component)}/stop")

    def start(self, component: str) -> None:
        """Start one component."""
        ask(self._folder, "POST", f"/components/{quote(component)}/start")

    def stop_node(self, name: str) -> None:
        """Switch a machine off, with all that runs on it."""
        ask(self._folder, "POST", f"/nodes/{quote(name)}/stop")

    def start_node(self, name: str) -> None:
        """Switch a machine on."""
        ask(self._folder, "POST", f"/nodes/{quote(name)}/start")


class _SocketConnection(http.client.HTTPConnection):
    """HTTP over a Unix socket."""

    def __init__(self, path: Path) -> None:
        super().__init__("localhost", timeout=_START_SECONDS)
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self.timeout)
        with short_path(self._path) as path:
            self.sock.connect(path)


def ask(folder: ClusterFolder, method: str, path: str) -> Any:
    """Ask a cluster's daemon over its control socket.

    Raises ClusterError when it does not run, NotAvailable for what it refuses.
    """
    connection = _SocketConnection(folder.control)
    try:
        connection.request(method, path)
        response = connection.getresponse()
        answer = json.loads(response.read())
    except OSError as error:
        raise ClusterError(
            f"cluster {folder.path.name} does not run",
            hint=f"kubelearn up --name {folder.path.name}",
        ) from error
    finally:
        connection.close()
    if response.status >= 400:
        raise NotAvailable(answer["message"], hint=answer["hint"])
    return answer
