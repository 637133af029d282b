"""What can be wrong with an image."""

from __future__ import annotations

from pathlib import Path

from kubelearn.errors import ContainerError


class BrokenImage(ContainerError):
    """Content is not what its digest says, is cut off, or would write where it may not."""


class NoSuchImage(ContainerError):
    """The store has no image of that name."""


def unwritable(folder: Path, error: OSError) -> ContainerError:
    """What to tell of an error of the store's own folder."""
    return ContainerError(
        f"the image store in {folder} cannot be written: {error.strerror or error}",
        hint="kubelearn images prune   # makes room; or free some space otherwise",
    )
