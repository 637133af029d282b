"""The commands `kubelearn images ...`: build, look at and share images, fill a cluster's nodes."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from kubelearn.embedded.state import DEFAULT_NAME, StateFolder, images_home, registry_mirror
from kubelearn.errors import KubelearnError

if TYPE_CHECKING:
    from kubelearn.clusters import Cluster
    from kubelearn.containers.build.report import Step
    from kubelearn.containers.imagebuilder import ImageBuilder
    from kubelearn.containers.ownbuilder import OwnBuilder

_PATH = click.Path(path_type=Path)


def _own() -> OwnBuilder:
    from kubelearn.containers.ownbuilder import OwnBuilder

    return OwnBuilder(images_home(), mirror=registry_mirror())


@click.group(invoke_without_command=True)
@click.pass_context
def images(context: click.Context) -> None:
    """Build images, look at them, and bring them to the nodes; without a word: list them."""
    if context.invoked_subcommand is None:
        found = _own().images()
        for summary in found:
            click.echo(summary)
        if not found:
            click.echo("There are no images yet. Next:\n  kubelearn images build FOLDER --tag NAME")


@images.command()
@click.argument("folder", type=click.Path(path_type=Path, exists=True, file_okay=False))
@click.option("--tag", "-t", default="", help="The image's name, such as shop:1.0.")
@click.option("--file", "-f", "dockerfile", default="Dockerfile", show_default=True)
@click.option("--target", default="", help="The stage to stop at.  [the last one]")
@click.option("--build-arg", "pairs", multiple=True, metavar="NAME=VALUE")
@click.option(
    "--builder",
    type=click.Choice(["own", "docker", "auto"]),
    default="own",
    show_default=True,
    help="Who builds; auto takes Docker Engine where it answers.",
)
@click.option(
    "--load",
    "cluster",
    is_flag=False,
    flag_value=DEFAULT_NAME,
    metavar="[CLUSTER]",
    help="Bring it to that cluster's nodes too.",
)
def build(
    folder: Path,
    *,
    tag: str,
    dockerfile: str,
    target: str,
    pairs: tuple[str, ...],
    builder: str,
    cluster: str | None,
) -> None:
    """Build the Dockerfile of a FOLDER, and say why each step was carried out or not."""
    if cluster and not tag:
        raise KubelearnError("an image without a name cannot be loaded", hint="--tag NAME")
    chosen = _own() if builder == "own" else _choose(builder)
    report = chosen.build(
        folder,
        tag,
        dockerfile=dockerfile,
        target=target,
        build_args=dict(pair.partition("=")[::2] for pair in pairs),
        tell=_show,
    )
    for text in report.warnings:
        click.echo(f"warning: {text}", err=True)
    click.echo(str(report).splitlines()[-1])
    if cluster:
        _load(cluster, tag)


def _choose(prefer: str) -> ImageBuilder:
    from kubelearn.clusters.images import builder

    chosen = builder(prefer)
    click.echo(f"{chosen.name} builds: {chosen.why}")
    return chosen


def _show(step: Step) -> None:
    if step.state == "output":
        click.echo(f"    | {step.output}", nl=False)
    elif step.state != "running":
        click.echo(step)


@images.command()
@click.argument("names", nargs=-1, required=True)
@click.option("--cluster", default=DEFAULT_NAME, show_default=True, help="Whose nodes.")
@click.option(
    "--stand-in",
    is_flag=True,
    help="Where Docker lacks one and no registry answers: make it of this machine's own programs.",
)
def load(names: tuple[str, ...], *, cluster: str, stand_in: bool) -> None:
    """Bring images to the nodes of a cluster: what `kind load` does."""
    if stand_in:
        _cluster(cluster).stand_in(*names, say=click.echo)
    _load(cluster, *names)


def _load(cluster: str, *names: str) -> None:
    _cluster(cluster).load_image(*names, say=click.echo)


def _cluster(name: str) -> Cluster:
    from kubelearn.clusters import choose

    return choose(os.environ.get("KUBELEARN_BACKEND", "embedded"), name=name)


@images.command()
@click.argument("name")
def layers(name: str) -> None:
    """Show what each instruction left in an image, and how large it is."""
    for layer in _own().layers(name):
        click.echo(layer)


@images.command()
@click.argument("name")
def inspect(name: str) -> None:
    """Show an image's configuration."""
    json.dump(_own().get(name).config, sys.stdout, indent=2)
    click.echo()


@images.command()
@click.argument("name")
def pull(name: str) -> None:
    """Bring an image from its registry to this machine."""
    click.echo(_own().pull(name))


@images.command()
@click.argument("name")
def push(name: str) -> None:
    """Send an image to the registry that its name begins with."""
    _own().push(name)


@images.command(name="export")
@click.argument("name")
@click.option("--output", "-o", type=_PATH, required=True, help="The file.")
def export(name: str, output: Path) -> None:
    """Write an image to a file that `docker load` and skopeo take."""
    _own().save(name, output)


@images.command(name="import")
@click.argument("file", type=_PATH)
def import_(file: Path) -> None:
    """Take the images of a FILE that `docker save` or skopeo wrote."""
    for name in _own().load(file):
        click.echo(name)


@images.command()
@click.argument("names", nargs=-1, required=True)
def remove(names: tuple[str, ...]) -> None:
    """Forget images; their layers go with `prune`."""
    for name in names:
        _own().remove(name)


@images.command()
def prune() -> None:
    """Remove layers and files that no image needs, and what builds kept for the next time."""
    from kubelearn.clusters.embedded import EmbeddedCluster
    from kubelearn.containers.build.report import format_size
    from kubelearn.containers.clusterimages import Loaded

    folders = StateFolder.all()
    loaded = [Loaded(folder.images / "loaded.json").names() for folder in folders]
    freed = _own().prune(
        keep=[manifest for names in loaded for manifest in names.values()],
        # What runs may have the files of an image that its name stands for no more.
        roots=not any(EmbeddedCluster(folder.name).status() for folder in folders),
    )
    click.echo(f"{format_size(freed)} are free again")
