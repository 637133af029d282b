"""A cluster that somebody else runs: whatever a kubeconfig names."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import yaml

from kubelearn.clusters.base import Cluster, Internals, NoInternals, Say
from kubelearn.errors import ApiError, ClusterError, NotAvailable

if TYPE_CHECKING:
    from kubernetes.client import ApiClient


def default_path() -> Path:
    """The kubeconfig that kubectl would take."""
    first = os.environ.get("KUBECONFIG", "").split(os.pathsep)[0]
    return Path(first or "~/.kube/config").expanduser()


class KubeconfigCluster(Cluster):
    """The cluster of a kubeconfig's current context."""

    backend = "kubeconfig"

    def __init__(self, path: Path | None = None, *, why: str = "") -> None:
        super().__init__(why=why)
        self._path = path or default_path()
        self.name = _current_context(self._path)

    @property
    def internals(self) -> Internals:
        """Not ours to open."""
        return NoInternals(f"cluster {self.name} is not run by kubelearn: its parts stay closed")

    @property
    def kubeconfig(self) -> Path:
        """The file that was given."""
        return self._path

    def up(self, *, say: Say = print) -> None:
        """See that it answers. Raises ClusterError when it does not."""
        if not self.ready():
            raise ClusterError(
                f"the API server of {self.name} ({self._server()}) does not answer",
                hint=f"kubectl --kubeconfig {self._path} cluster-info   "
                "# or unset KUBELEARN_BACKEND to use the embedded cluster",
            )
        say(f"cluster {self.name} answers at {self._server()}")

    def down(self, *, say: Say = print) -> None:
        """Not ours to stop."""
        raise NotAvailable(f"cluster {self.name} is not run by kubelearn: it is not ours to stop")

    def ready(self) -> bool:
        """Whether its API server answers and says that it is ready."""
        from kubelearn.clusters.transport import send

        try:
            return send(self.api_client, "GET", "/readyz", timeout=5).code == 200
        except ApiError:
            return False

    def logs(self) -> str:
        """Not ours to read."""
        raise NotAvailable(f"cluster {self.name} is not run by kubelearn: its logs are elsewhere")

    def reset(self, *, say: Say = print) -> None:
        """Not ours to empty."""
        raise NotAvailable(f"cluster {self.name} is not run by kubelearn: it is not ours to empty")

    def _server(self) -> str:
        client: ApiClient = self.api_client
        return str(client.configuration.host)


def _current_context(path: Path) -> str:
    hint = "kubectl config view   # or unset KUBELEARN_BACKEND to use the embedded cluster"
    try:
        config = yaml.safe_load(path.read_text())
        contexts = {entry["name"] for entry in config["contexts"]}
        current = str(config["current-context"])
    except OSError as error:
        raise ClusterError(
            f"the kubeconfig {path} can't be read: {error.strerror}", hint=hint
        ) from error
    except (yaml.YAMLError, KeyError, TypeError) as error:
        raise ClusterError(f"{path} is not a usable kubeconfig: {error!r}", hint=hint) from error
    if current not in contexts:
        raise ClusterError(f"{path} has no context {current!r}, its current one", hint=hint)
    return current
