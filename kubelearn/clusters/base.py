"""What every cluster offers, wherever it runs. The rest is the Kubernetes API itself."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from kubelearn.clusters.internals import Internals
from kubelearn.errors import NotAvailable
from kubelearn.progress import Say

if TYPE_CHECKING:
    from kubernetes.client import ApiClient


@dataclass(frozen=True)
class Info:
    """What a cluster says of itself."""

    backend: str
    name: str
    server: str
    version: str
    nodes: tuple[str, ...]
    why: str
    """Why `connect` took this one."""


class Cluster(ABC):
    """A Kubernetes cluster to learn on."""

    backend: str
    name: str

    def __init__(self, *, why: str = "") -> None:
        self.why = why

    @property
    @abstractmethod
    def internals(self) -> Internals:
        """What lies behind the API."""

    @abstractmethod
    def up(self, *, say: Say | None = None) -> None:
        """Start the cluster, step by step; harmless when it runs. Raises ClusterError.

        The steps are shown as it suits the place: a bar in a notebook, else lines; or told to
        `say`, which may be a `Progress`.
        """

    @abstractmethod
    def down(self, *, say: Say = print) -> None:
        """Stop the cluster; nothing is lost. Raises NotAvailable where it is not ours to stop."""

    @abstractmethod
    def delete(self, *, say: Say = print) -> None:
        """Stop the cluster and remove all that it kept. Raises NotAvailable."""

    @abstractmethod
    def status(self) -> dict[str, Any] | None:
        """What is known of a cluster that runs, `ready`, `server` and `nodes` at least, or None."""

    @abstractmethod
    def ready(self) -> bool:
        """Whether its API server answers and says that it is ready."""

    @property
    @abstractmethod
    def kubeconfig(self) -> Path:
        """A file that kubectl and every other client takes."""

    @abstractmethod
    def logs(self, component: str = "") -> str:
        """What the cluster's own programs, or one of them, wrote last. Raises NotAvailable."""

    @abstractmethod
    def reset(self, *, say: Say | None = None) -> None:
        """Throw everything in the cluster away and start it empty. Raises NotAvailable."""

    def load_image(self, *names: str, say: Say = print) -> None:
        """Bring images that were built on this machine to all nodes.

        Raises NotAvailable where nodes are not ours to reach, ContainerError for an unknown image.
        """
        raise NotAvailable(
            f"images cannot be brought to the nodes of a {self.backend} cluster from here",
            hint="push them to a registry that its nodes reach: docker push NAME",
        )

    def stand_in(self, *names: str, say: Say = print) -> None:
        """Make stand-ins for stock images out of this machine's own programs, where they lack.

        Raises NotAvailable where there are no nodes of ours, or they have them all already.
        """
        raise NotAvailable(
            f"a {self.backend} cluster takes no stand-ins from here",
            hint="an embedded cluster makes its own; others pull from a registry",
        )

    def remove_image(self, *names: str, say: Say = print) -> None:
        """Take images off all nodes again; one that is not there is none of our business.

        Containers that run go on. Raises NotAvailable where nodes are not ours to reach.
        """
        raise NotAvailable(
            f"images cannot be taken off the nodes of a {self.backend} cluster from here",
            hint="the kubelet removes those that nobody uses when the disk gets full",
        )

    @cached_property
    def api_client(self) -> ApiClient:
        """The official client, connected to this cluster."""
        return self._connect()

    def reconnect(self) -> None:
        """Let whoever holds the client go on with it, even if port and certificates are new."""
        if "api_client" in self.__dict__:
            fresh = self._connect()
            self.api_client.configuration.host = fresh.configuration.host
            self.api_client.rest_client = fresh.rest_client

    def _connect(self) -> ApiClient:
        from kubernetes import client, config

        configuration = client.Configuration()
        config.load_kube_config(  # type: ignore[no-untyped-call]
            config_file=str(self.kubeconfig), client_configuration=configuration
        )
        if urlsplit(configuration.host).hostname in ("localhost", "127.0.0.1", "::1"):
            # As kubectl does: a company's HTTPS_PROXY knows no way to this very machine.
            configuration.proxy = None
        return client.ApiClient(configuration)

    def info(self) -> Info:
        """What the cluster says of itself. Raises Unreachable when it does not answer."""
        from kubelearn.clusters.transport import send

        version = send(self.api_client, "GET", "/version").checked()
        nodes = send(self.api_client, "GET", "/api/v1/nodes").checked()["items"]
        return Info(
            backend=self.backend,
            name=self.name,
            server=self.api_client.configuration.host,
            version=version["gitVersion"],
            nodes=tuple(node["metadata"]["name"] for node in nodes),
            why=self.why,
        )

    def __repr__(self) -> str:
        return f"<{self.backend} cluster {self.name}>"
