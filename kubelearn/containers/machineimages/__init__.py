"""Root file systems made of this machine's own programs, for images that no registry gave.

An image holds all that a program needs. So that a container can have a root of its own with no
network at all, each stock image is put together here once: programs with their shared libraries,
Python with its standard library, a small `/etc`. Left out: what only a distribution's package
manager could add.
"""

from kubelearn.containers.machineimages.cache import MachineImages, Recipe

__all__ = ["MachineImages", "Recipe"]
