"""Where images for clusters are built: with Docker Engine where it answers, else by ourselves."""

from __future__ import annotations

import tempfile
from pathlib import Path

from kubelearn.containers.imagebuilder import ImageBuilder, choose
from kubelearn.containers.imagestore import Store
from kubelearn.containers.imagestore.archive import load
from kubelearn.embedded.state import images_home, registry_mirror
from kubelearn.errors import ContainerError


def builder(prefer: str = "auto") -> ImageBuilder:
    """What builds images; its `name` and `why` say which one it is.

    `prefer` may be `docker` or `own`; raises ContainerError where Docker is asked for in vain.
    """
    return choose(images_home(), prefer=prefer, mirror=registry_mirror())


def bring(name: str) -> None:
    """See that the image store has an image; what only Docker Engine has is copied from there.

    Raises NoSuchImage if neither has it.
    """
    store = Store(images_home())
    if store.find(name):
        return
    try:
        docker = choose(images_home(), prefer="docker")
        with tempfile.TemporaryDirectory(prefix="kubelearn-") as folder:
            file = Path(folder) / "image.tar"
            docker.save(name, file)
            load(store, file)
    except ContainerError:
        store.get(name)  # says that it is missing, and what to do
