"""The images of lessons that no registry has, or none that answers: made here and put into Docker.

`kubelearn/hello` is this course's own app. The others are for a machine without a registry: the
embedded cluster's stand-ins, made of this machine's own programs.
"""

from __future__ import annotations

import asyncio
import io
import json
import subprocess
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

from kubelearn.containers.images import Image, Reference
from kubelearn.containers.machineimages import MachineImages
from kubelearn.containers.stock import StockImages, describe
from kubelearn.embedded.state import home
from kubelearn.errors import ClusterError

if TYPE_CHECKING:
    from docker import DockerClient

HELLO = ("kubelearn/hello:1.0", "kubelearn/hello:2.0", "kubelearn/hello:broken")
_FOLDER = "machine-images"


def provide(docker: DockerClient, names: Sequence[str]) -> list[str]:
    """Have Docker Engine hold stock images; gives the names of those that were made now.

    Raises ClusterError for a name that is no stock image.
    """
    from docker.errors import ImageNotFound

    made: list[str] = []
    bases: dict[object, str] = {}
    for name in names:
        try:
            docker.images.get(name)
        except ImageNotFound:
            image = _stock(name)
            # Images of one root share its layer, which then goes to the nodes once.
            if base := bases.get(image.rootfs):
                _derive(docker, name, image, base)
            else:
                _import(docker, name, image)
            bases.setdefault(image.rootfs, name)
            made.append(name)
    return made


def is_stock(name: str) -> bool:
    """Whether an image of that name can be made of this machine's own programs."""
    return describe(Reference.parse(name)) is not None


def _stock(name: str) -> Image:
    if not is_stock(name):
        raise ClusterError(
            f"there is no stand-in for the image {name}",
            hint=f"docker pull {name}   # or build it: docker build -t {name} .",
        )
    folder = home() / _FOLDER
    store = StockImages(folder / "files", roots=MachineImages(folder))
    # In a thread, because a notebook's own thread has an event loop that runs.
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(asyncio.run, store.pull(Reference.parse(name))).result()


def _import(docker: DockerClient, name: str, image: Image) -> None:
    """What `docker import` does: a root file system becomes an image of one layer."""
    repository, _, tag = name.partition(":")
    packed = subprocess.Popen(
        ["tar", "--numeric-owner", "--owner=0", "--group=0", "-C", str(image.rootfs), "-c", "."],
        stdout=subprocess.PIPE,
    )
    with packed:
        answer = docker.api.import_image_from_data(
            packed.stdout, repository=repository, tag=tag or "latest", changes=_changes(image)
        )
    if packed.returncode or '"error"' in answer:
        raise ClusterError(f"Docker did not take the image {name}: {answer.strip()}")


def _derive(docker: DockerClient, name: str, image: Image, base: str) -> None:
    lines = "\n".join((f"FROM {base}", *_changes(image)))
    docker.images.build(fileobj=io.BytesIO(lines.encode()), tag=name, rm=True)


def _changes(image: Image) -> list[str]:
    """What a Dockerfile would say of an image besides its files."""
    return [
        *(f"ENV {key}={value}" for key, value in image.env.items()),
        f"ENTRYPOINT {json.dumps(list(image.entrypoint))}",
        f"CMD {json.dumps(list(image.cmd))}",
        f"WORKDIR {image.working_dir}",
        f"USER {image.user or 0}",
    ]
