"""A kubeconfig's current context: where the API server is, and who we are there.

Stands for client-go's `tools/clientcmd`. Left out: merging several files, plug-ins that fetch
credentials, and proxies.
"""

from __future__ import annotations

import base64
import ssl
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import yaml

from kubelearn.errors import ClusterError


@dataclass(frozen=True)
class Kubeconfig:
    """One server and one user; certificates and keys in PEM."""

    server: str
    authority: str | None = None
    certificate: str | None = None
    key: str | None = None
    token: str | None = None

    @classmethod
    def read(cls, path: str | Path) -> Self:
        """The current context of a file.

        Raises ClusterError when it is missing or does not say what is needed.
        """
        try:
            config = yaml.safe_load(Path(path).read_text())
            named = {
                kind: {item["name"]: item[kind] for item in config[f"{kind}s"]}
                for kind in ("context", "cluster", "user")
            }
            context = named["context"][config["current-context"]]
            cluster, user = named["cluster"][context["cluster"]], named["user"][context["user"]]
            folder = Path(path).parent
            return cls(
                server=cluster["server"],
                authority=_material(cluster, "certificate-authority", folder),
                certificate=_material(user, "client-certificate", folder),
                key=_material(user, "client-key", folder),
                token=user.get("token"),
            )
        except (OSError, KeyError, TypeError, ValueError, yaml.YAMLError) as error:
            raise ClusterError(
                f"{path} is not a usable kubeconfig: {error}",
                hint="kubelearn kubeconfig   # prints the path of a good one",
            ) from error

    def tls(self) -> ssl.SSLContext | None:
        """How to connect; None for a server without TLS. Raises ClusterError."""
        if not self.server.startswith("https"):
            return None
        try:
            context = ssl.create_default_context(cadata=self.authority)
            if self.certificate and self.key:
                # ssl reads key pairs from files only; this one is private (0600) and gone at once.
                with tempfile.NamedTemporaryFile("w") as pair:
                    pair.write(f"{self.certificate}\n{self.key}")
                    pair.flush()
                    context.load_cert_chain(pair.name)
        except ssl.SSLError as error:
            raise ClusterError(
                f"the certificates of the kubeconfig for {self.server} cannot be used: {error}",
                hint="kubectl config view --raw   # shows what it holds",
            ) from error
        return context


def _material(section: Mapping[str, Any], name: str, folder: Path) -> str | None:
    if f"{name}-data" in section:
        return base64.b64decode(section[f"{name}-data"]).decode()
    return (folder / section[name]).read_text() if name in section else None
