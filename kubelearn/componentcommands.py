"""`kubelearn component`: one component by itself, against any API server, as in a real cluster.

What a command does not need is not imported.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from kubelearn.embedded.state import home

_PATH = click.Path(path_type=Path)


@click.group()
def component() -> None:
    """Run one component by itself, against any API server, until Ctrl+C.

    Stop the one that does the same work first: kubelearn stop kube-scheduler
    """


def _kubeconfig_option(function: Any) -> Any:
    text = "Of the API server, and of who to be there."
    return click.option("--kubeconfig", "config", type=_PATH, required=True, help=text)(function)


@component.command()
@_kubeconfig_option
def scheduler(config: Path) -> None:
    """Bind pods to nodes, as kube-scheduler does."""
    from kubelearn.embedded.launch import alone

    alone.run(alone.scheduler, config)


@component.command()
@_kubeconfig_option
def controller_manager(config: Path) -> None:
    """Run the controllers, as kube-controller-manager does."""
    from kubelearn.embedded.launch import alone

    alone.run(alone.controller_manager, config)


@component.command()
@_kubeconfig_option
def proxy(config: Path) -> None:
    """Let the addresses of Services answer on this machine, as kube-proxy does."""
    from kubelearn.embedded.launch import alone

    alone.run(alone.proxy, config)


@component.command()
@_kubeconfig_option
def local_path_provisioner(config: Path) -> None:
    """Make volumes for claims, as local-path-provisioner does on kind."""
    from kubelearn.embedded.launch import alone

    alone.run(alone.local_path_provisioner, config)


@component.command()
@_kubeconfig_option
@click.option("--node", default="kubelearn-alone", show_default=True, help="Which node to be.")
@click.option("--folder", type=_PATH, help="For its files.  [a folder beside the clusters']")
@click.option("--tls-cert-file", type=_PATH, help="What to serve with.  [one it signs itself]")
@click.option("--tls-private-key-file", type=_PATH, help="The key of that certificate.")
def kubelet(
    config: Path,
    node: str,
    folder: Path | None,
    tls_cert_file: Path | None,
    tls_private_key_file: Path | None,
) -> None:
    """Be a node, as kubelet does; its containers are processes of this machine."""
    from kubelearn.embedded.launch import alone

    machine = alone.Machine(
        node,
        folder=(folder or home() / "nodes" / node).absolute(),
        certificate=tls_cert_file,
        key=tls_private_key_file,
    )
    alone.run(alone.kubelet(machine), config)
