"""The command `kubelearn`: a cluster from the shell, and a copy of the lessons to work on.

What a command does not need is not imported: `up` should be as quick as the cluster itself.
"""

from __future__ import annotations

import json
import shlex
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click

from kubelearn.clusters.base import Cluster
from kubelearn.clusters.embedded import EmbeddedCluster
from kubelearn.componentcommands import component
from kubelearn.embedded.state import DEFAULT_NAME
from kubelearn.errors import KubelearnError
from kubelearn.imagecommands import images

EMBEDDED = EmbeddedCluster.backend


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


def _backend(function: Any) -> Any:
    text = "Whose cluster: embedded, kind, kubeconfig, or auto.  [KUBELEARN_BACKEND, else embedded]"
    return click.option("--backend", envvar="KUBELEARN_BACKEND", default=EMBEDDED, help=text)(
        function
    )


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


def _cluster(backend: str, name: str) -> Cluster:
    if backend == EMBEDDED:
        return EmbeddedCluster(name)
    from kubelearn.clusters import choose

    return choose(backend, name=name)


@main.command()
@_name
@_backend
@click.option("--nodes", type=click.IntRange(1), help="How many, control plane included.  [3]")
@click.option(
    "--runtime",
    type=click.Choice(["auto", "namespaces", "process", "fake"]),
    help="What runs containers; with fake nothing does, on up to 1000 nodes.  [auto: the best]",
)
@click.option("--image", help="kind: of the nodes.  [KUBELEARN_KIND_IMAGE, else kind's own choice]")
@click.option(
    "--publish",
    metavar="PORT:NODEPORT",
    multiple=True,
    help="kind: a port of this machine that leads to one of the control plane's node.",
)
@click.option("--port", type=click.IntRange(1, 65535), help="Of the API server.  [6443 or next]")
def up(backend: str, **chosen: Any) -> None:
    """Start a cluster; harmless when it runs already."""
    started = time.monotonic()
    cluster = _chosen(backend, **chosen)
    cluster.up()
    click.echo(f"Cluster {cluster.name} is ready after {time.monotonic() - started:.1f} s. Next:")
    path = shlex.quote(str(cluster.kubeconfig))
    click.echo(f"  export KUBECONFIG={path}   # for kubectl and all others")
    click.echo("  kubectl get nodes                        # or, in Python: kubelearn.connect()")


def _chosen(
    backend: str,
    *,
    name: str,
    nodes: int | None,
    runtime: str | None,
    image: str | None,
    publish: Sequence[str],
    port: int | None,
) -> Cluster:
    if backend == EMBEDDED:
        _refuse(backend, {"--image": image, "--publish": publish})
        return EmbeddedCluster(name, nodes=nodes, port=port, runtime=runtime)
    if backend == "kind":
        from kubelearn.clusters.kind import KindCluster

        _refuse(backend, {"--runtime": runtime})
        ports = dict(_ports(each) for each in publish)
        return KindCluster(name, nodes=nodes, image=image, ports=ports, port=port)
    _refuse(backend, {"--nodes": nodes, "--runtime": runtime, "--image": image, "--port": port})
    return _cluster(backend, name)


def _refuse(backend: str, options: dict[str, Any]) -> None:
    for option, value in options.items():
        if value:
            raise KubelearnError(
                f"{option} is not for the back end {backend}",
                hint="kubelearn up --help",
            )


def _ports(text: str) -> tuple[int, int]:
    here, _, there = text.partition(":")
    if not (here.isdecimal() and there.isdecimal()):
        raise KubelearnError(f"{text!r} is not PORT:NODEPORT", hint="--publish 8080:30080")
    return int(here), int(there)


@main.command()
@_name
@_backend
@click.option("--delete", is_flag=True, help="Forget the cluster and all that is in it.")
def down(name: str, backend: str, delete: bool) -> None:
    """Stop a cluster; its objects are kept for the next start."""
    cluster = _cluster(backend, name)
    (cluster.delete if delete else cluster.down)(say=click.echo)


@main.command()
@_name
@_backend
def reset(name: str, backend: str) -> None:
    """Throw everything in a cluster away, and start it empty."""
    _cluster(backend, name).reset()


@main.command()
@_name
@_backend
@click.argument("component", default="")
def logs(name: str, backend: str, component: str) -> None:
    """Print what a cluster's own programs, or one COMPONENT of them, wrote last."""
    click.echo(_cluster(backend, name).logs(component), nl=False)


@main.command()
@_name
@_backend
@click.option("--namespace", "-n", default="default", show_default=True, help="Where to begin.")
@click.option("--port", type=click.IntRange(0, 65535), default=0, help="Of the page.  [any free]")
@click.option("--browser/--no-browser", default=True, help="Whether to open it.  [yes]")
def dashboard(name: str, backend: str, namespace: str, port: int, browser: bool) -> None:
    """Show a cluster in your browser, and the API calls behind each click, until Ctrl+C."""
    from kubelearn.widgets.dashboardpage import run

    cluster = _known(name, backend)
    run(cluster, namespace=namespace, port=port, browser=browser, say=click.echo)


@main.command()
@_name
@_backend
@_output
def status(name: str, backend: str, output: str) -> None:
    """Say what runs, and where its state is; exit code 3 when the cluster does not run."""
    from kubelearn import statusreport

    found = statusreport.report(_cluster(backend, name))
    as_text = output == "text"
    up_line = _up_line(name, backend)
    click.echo(statusreport.text(found, up=up_line) if as_text else json.dumps(found, indent=2))
    sys.exit(0 if found["running"] else 3)


@main.command()
@_name
@_backend
def kubeconfig(name: str, backend: str) -> None:
    """Print the path of a file that kubectl and every other client takes."""
    click.echo(_known(name, backend).kubeconfig)


def _known(name: str, backend: str) -> Cluster:
    """A cluster that there is, whether it runs or not."""
    cluster = _cluster(backend, name)
    if not cluster.kubeconfig.exists():
        raise KubelearnError(f"there is no cluster {name} yet", hint=_up_line(name, backend))
    return cluster


def _up_line(name: str, backend: str) -> str:
    return f"kubelearn up --name {name}" + ("" if backend == EMBEDDED else f" --backend {backend}")


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


def _switch(name: str, backend: str, part: str, *, on: bool) -> None:
    cluster = _cluster(backend, name)
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
@_backend
@click.argument("part")
def stop(name: str, backend: str, part: str) -> None:
    """Stop one PART of the cluster: a component such as kube-scheduler, or a node."""
    _switch(name, backend, part, on=False)
    click.echo(f"{part} is stopped. Next:\n  kubelearn start {part}")


@main.command()
@_name
@_backend
@click.argument("part")
def start(name: str, backend: str, part: str) -> None:
    """Start a PART of the cluster that was stopped."""
    _switch(name, backend, part, on=True)
    click.echo(f"{part} runs")


main.add_command(images)
main.add_command(component)
