"""Where images for clusters are built: with Docker Engine where it answers, else by ourselves."""

from __future__ import annotations

from kubelearn.containers.imagebuilder import ImageBuilder, choose
from kubelearn.embedded.state import images_home, registry_mirror


def builder(prefer: str = "auto") -> ImageBuilder:
    """What builds images; its `name` and `why` say which one it is.

    `prefer` may be `docker` or `own`; raises ContainerError where Docker is asked for in vain.
    """
    return choose(images_home(), prefer=prefer, mirror=registry_mirror())
