"""A cluster that somebody else runs: whatever a kubeconfig names."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from kubelearn.clusters.base import Cluster
from kubelearn.clusters.internals import Internals
from kubelearn.clusters.nointernals import NoInternals
from kubelearn.errors import ClusterError, NotAvailable, Unreachable
from kubelearn.progress import Say

_OTHERWISE = "unset KUBELEARN_BACKEND   # to learn on the embedded cluster instead"


def default_path() -> Path:
    """The first kubeconfig that kubectl would take."""
    named = [path for path in os.environ.get("KUBECONFIG", "").split(os.pathsep) if path]
    paths = [Path(path).expanduser() for path in named or ["~/.kube/config"]]
    return next((path for path in paths if path.exists()), paths[0])


class KubeconfigCluster(Cluster):
    """The cluster of a kubeconfig's current context."""

    backend = "kubeconfig"

    def __init__(self, path: Path | None = None, *, why: str = "you asked for it") -> None:
        super().__init__(why=why)
        self._path = path or default_path()
        self.name, self._server = _current_context(self._path)

    @property
    def internals(self) -> Internals:
        """Not ours to open."""
        return NoInternals(f"{self._whose()}: its parts stay closed")

    @property
    def kubeconfig(self) -> Path:
        """The file that was given."""
        return self._path

    def up(self, *, say: Say | None = None) -> None:
        """See that it answers. Raises ClusterError when it does not."""
        if problem := self._problem():
            raise ClusterError(
                f"cluster {self.name} of {self._path} cannot be used: {problem}", hint=_OTHERWISE
            )
        (say or print)(f"cluster {self.name} answers at {self._server}")

    def down(self, *, say: Say = print) -> None:
        """Not ours to stop."""
        raise NotAvailable(f"{self._whose()}: it is not ours to stop")

    def delete(self, *, say: Say = print) -> None:
        """Not ours to delete."""
        raise NotAvailable(f"{self._whose()}: it is not ours to delete")

    def status(self) -> dict[str, Any] | None:
        """What the cluster says of itself, or None when it does not answer."""
        if not self.ready():
            return None
        return {"ready": True, "server": self._server, "nodes": list(self.info().nodes)}

    def ready(self) -> bool:
        """Whether its API server answers and says that it is ready."""
        return not self._problem()

    def logs(self, component: str = "") -> str:
        """Not ours to read."""
        raise NotAvailable(f"{self._whose()}: its logs are elsewhere")

    def reset(self, *, say: Say | None = None) -> None:
        """Not ours to empty."""
        raise NotAvailable(f"{self._whose()}: it is not ours to empty")

    def _whose(self) -> str:
        return f"cluster {self.name} is not run by kubelearn"

    def _problem(self) -> str:
        from kubelearn.clusters import transport

        try:
            answer = transport.send(self.api_client, "GET", "/readyz", timeout=5)
        except Unreachable as error:
            return error.message
        if answer.code in (401, 403):
            return f"{self._server} does not accept the credentials in it (HTTP {answer.code})"
        if answer.code != 200:
            return f"{self._server} says that it is not ready: {str(answer.body).strip()}"
        return ""


def _current_context(path: Path) -> tuple[str, str]:
    """The name of the current context, and its server."""
    import yaml

    try:
        config = yaml.safe_load(path.read_text())
        name = str(config["current-context"])
        contexts = {entry["name"]: entry["context"] for entry in config["contexts"]}
        clusters = {entry["name"]: entry["cluster"] for entry in config["clusters"]}
        return name, str(clusters[contexts[name]["cluster"]]["server"])
    except OSError as error:
        raise ClusterError(
            f"the kubeconfig {path} cannot be read: {error.strerror}", hint=_OTHERWISE
        ) from error
    except (yaml.YAMLError, KeyError, TypeError) as error:
        raise ClusterError(
            f"{path} is not a usable kubeconfig: {error!r}", hint=_OTHERWISE
        ) from error
