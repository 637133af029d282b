"""The command `kubelearn`: a cluster from the shell, and a copy of the lessons to work on.

What a command does not need is not imported: `up` should be as quick as the cluster itself.
"""

from __future__ import annotations

import json
import shlex
import sys
import time
from pathlib import Path
from typing import Any

import click

from kubelearn.clusters.embedded import EmbeddedCluster
from kubelearn.embedded.state import DEFAULT_NAME, StateFolder, home
from kubelearn.errors import KubelearnError
from kubelearn.imagecommands import images


class _Commands(click.Group):
    """Shows our own errors as they are, without a traceback; any other is a bug and shows one."""

    def invoke(self, context: click.Context) -> Any:
        try:
            return super().invoke(context)
        except KubelearnError as error:
            click.echo(f"kubelearn: {error}", err=True)
            context.exit(1)


def _name(function: Any) -> Any:
    text = "Which cluster."
    return click.option("--name", default=DEFAULT_NAME, show_default=True, help=text)(function)


def _output(function: Any) -> Any:
    kinds = click.Choice(["text", "json"])
    return click.option(
        "--output", "-o", type=kinds, default="text", show_default=True, help="In which form."
    )(function)


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="kubelearn", message="kubelearn %(version)s")
def main() -> None:
    """Learn Kubernetes on a live cluster that needs nothing but Python."""
    for stream in (sys.stdout, sys.stderr):
        # A terminal that has no tick mark should still see the rest of the line.
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")


@main.command()
@_name
@click.option("--nodes", type=click.IntRange(1), help="How many, control plane included.  [3]")
@click.option(
    "--runtime",
    type=click.Choice(["process", "fake"]),
    help="What runs containers; with fake nothing does, on up to 1000 nodes.  [process]",
)
@click.option("--backend", default="embedded", show_default=True, help="Or kubeconfig, or auto.")
@click.option("--port", type=click.IntRange(1, 65535), help="Of the API server.  [6443 or next]")
def up(name: str, nodes: int | None, runtime: str | None, backend: str, port: int | None) -> None:
    """Start a cluster; harmless when it runs already."""
    started = time.monotonic()
    if backend == "embedded":
        cluster = EmbeddedCluster(name, nodes=nodes, port=port, runtime=runtime)
        cluster.up(say=click.echo)
        click.echo(f"Cluster {name} is ready after {time.monotonic() - started:.1f} s. Next:")
        path = shlex.quote(str(cluster.kubeconfig))
        click.echo(f"  export KUBECONFIG={path}   # for kubectl and all others")
        click.echo(
            "  kubectl get nodes                        # or, in Python: kubelearn.connect()"
        )
    else:
        from kubelearn.clusters import choose

        choose(backend).up(say=click.echo)


@main.command()
@_name
@click.option("--delete", is_flag=True, help="Forget the cluster and all that is in it.")
def down(name: str, delete: bool) -> None:
    """Stop a cluster; its objects are kept for the next start."""
    cluster = EmbeddedCluster(name)
    (cluster.delete if delete else cluster.down)(say=click.echo)


@main.command()
@_name
@_output
def status(name: str, output: str) -> None:
    """Say what runs, and where its state is; exit code 3 when the cluster does not run."""
    cluster = EmbeddedCluster(name)
    found = cluster.status()
    report = {
        "name": name,
        "backend": cluster.backend,
        "running": found is not None,
        "folder": str(cluster.folder.path),
        "kubeconfig": str(cluster.kubeconfig),
        "others": sorted(folder.name for folder in StateFolder.all() if folder.name != name),
        **(found or {}),
    }
    if found:
        report["components"] = [vars(each) for each in cluster.internals.components()]
    click.echo(json.dumps(report, indent=2) if output == "json" else _as_text(report))
    sys.exit(0 if found else 3)


@main.command()
@_name
def kubeconfig(name: str) -> None:
    """Print the path of a file that kubectl and every other client takes."""
    cluster = EmbeddedCluster(name)
    if not cluster.kubeconfig.exists():
        raise KubelearnError(f"there is no cluster {name} yet", hint=f"kubelearn up --name {name}")
    click.echo(cluster.kubeconfig)


def _as_text(report: dict[str, Any]) -> str:
    rows = {"cluster": f"{report['name']} ({report['backend']})"}
    if report["running"]:
        rows |= {
            "state": "ready" if report["ready"] else "starting or stopping",
            "server": report["server"],
            "daemon": f"process {report['pid']}, {report['memory'] / 2**20:.0f} MB, "
            f"since {report['started']}",
            "nodes": ", ".join(report["nodes"]),
            "stopped": ", ".join(
                each["name"] for each in report["components"] if each["state"] == "stopped"
            ),
        }
    else:
        rows["state"] = f"not running   → kubelearn up --name {report['name']}"
    rows |= {"folder": report["folder"], "others": ", ".join(report["others"])}
    return "\n".join(f"{name:<9} {value}" for name, value in rows.items() if value)


@main.command()
@click.argument("folder", type=click.Path(path_type=Path, file_okay=False), default="work/lessons")
def lessons(folder: Path) -> None:
    """Copy the lessons into a folder of yours; what you changed there is left alone."""
    from kubelearn.workingcopy import update

    update(folder, say=click.echo)


@main.command()
@_output
def doctor(output: str) -> None:
    """Say what this machine can do, and what to type where something is missing."""
    from kubelearn.clusters import doctor

    checks = doctor.examine()
    click.echo(
        json.dumps([vars(each) for each in checks], indent=2)
        if output == "json"
        else doctor.text(checks)
    )
    sys.exit(1 if any(each.state == "bad" for each in checks) else 0)


def _switch(name: str, part: str, *, on: bool) -> None:
    cluster = EmbeddedCluster(name)
    internals = cluster.internals
    components = [each.name for each in internals.components()]
    nodes = list((cluster.status() or {}).get("nodes", []))
    if part in components:
        (internals.start if on else internals.stop)(part)
    elif part in nodes:
        (internals.start_node if on else internals.stop_node)(part)
    else:
        raise KubelearnError(
            f"cluster {name} has no component and no node {part!r}",
            hint=f"one of: {', '.join(components + nodes)}",
        )


@main.command()
@_name
@click.argument("part")
def stop(name: str, part: str) -> None:
    """Stop one PART of the cluster: a component such as kube-scheduler, or a node."""
    _switch(name, part, on=False)
    click.echo(f"{part} is stopped. Next:\n  kubelearn start {part}")


@main.command()
@_name
@click.argument("part")
def start(name: str, part: str) -> None:
    """Start a PART of the cluster that was stopped."""
    _switch(name, part, on=True)
    click.echo(f"{part} runs")


main.add_command(images)

_PATH = click.Path(path_type=Path)


@main.group()
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
