"""The images that every node has: our own app, and stand-ins for those that learners type.

A stand-in runs this machine's own programs (Python, BusyBox, a shell) under the image's name, so
that lessons need no registry. Each says what it is, and the kubelet tells it in an Event. What is
no stock image cannot be pulled.

For a runtime whose containers have a root of their own, an image is made of copies of these
programs when it is first pulled (`machineimages`); else it names the programs where they are.
"""

from __future__ import annotations

import asyncio
import shutil
import sys
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import cache
from pathlib import Path

from kubelearn.containers.images import PATH, Image, PullError, Reference
from kubelearn.containers.machineimages import MachineImages, Recipe, recipes
from kubelearn.containers.stockfiles import StockFiles
from kubelearn.errors import ContainerError

_HELLO = {"1.0": "1.0", "2.0": "2.0", "broken": "2.0-broken"}
_LISTED = (
    "kubelearn/hello:1.0", "kubelearn/hello:2.0", "kubelearn/hello:broken",
    "busybox", "nginx", "python", "pause", "redis",
)  # fmt: skip

# The process has to end on SIGTERM, as the real one does.
_PAUSE = 'trap "exit 0" TERM INT; sleep infinity & wait'
# Redis listens on 127.0.0.1 if it is not told otherwise, and that is every pod's at once.
_REDIS = 'exec redis-server --bind "${KUBERNETES_RUNTIME_POD_IP:-*}" --protected-mode no "$@"'
_RECIPES: dict[str, Callable[[], Recipe | None]] = {
    "kubelearn/hello": recipes.hello,
    "library/python": recipes.python_slim,
    "library/busybox": recipes.busybox,
    "library/nginx": recipes.nginx,
    "library/redis": recipes.redis,
    "library/pause": recipes.busybox,
    "library/agnhost": recipes.agnhost,
    "library/glibc-dns-testing": recipes.agnhost,
    "pause": recipes.busybox,
}


def describe(reference: Reference) -> Image | None:
    """How a stock image runs, without its files; None for all other images.

    Without its program on this machine there is no such image either.
    """
    make = _DESCRIPTIONS.get(reference.path)
    return make(reference) if make and not reference.digest else None


@cache
def recipe(path: str) -> Recipe:
    """What a stock image's root is made of. Raises ContainerError."""
    found = _RECIPES[path]()
    if found is None:
        raise ContainerError(f"this machine lost the program of the image {path}")
    return found


class StockImages:
    """An ImageStore of this machine's own programs; `folder` takes the few files that it needs.

    With `roots`, images have a root file system, and are there once they were pulled.
    """

    def __init__(self, folder: Path, *, roots: MachineImages | None = None) -> None:
        self.files = StockFiles(folder)
        self._roots = roots
        self._images: dict[Reference, Image | None] = {}

    def find(self, reference: Reference) -> Image | None:
        """The image of that name if it is one of these, and on the node."""
        image = self._known(reference)
        if image is None or self._roots is None:
            return image
        root = self._roots.find(recipe(reference.path))
        return self._rooted(image, root) if root else None

    async def pull(self, reference: Reference) -> Image:
        """The image, made now if it needs a root. Raises PullError for all others."""
        image = self._known(reference)
        if image is None:
            known = ", ".join(Reference.parse(image.name).short for image in self._all())
            raise PullError(
                f'failed to pull and unpack image "{reference}": failed to resolve reference '
                f'"{reference}": not found: this cluster pulls from no registry, it has '
                f"{known.replace(':latest', '')}"
            )
        if self._roots is None:
            return image
        try:
            root = await asyncio.to_thread(self._roots.make, recipe(reference.path))
        except ContainerError as error:
            raise PullError(f'failed to pull and unpack image "{reference}": {error}') from error
        return self._rooted(image, root)

    def list(self) -> Sequence[Image]:
        """The images that can be named here and are on the node."""
        named = (Reference.parse(image.name) for image in self._all())
        return [found for reference in named if (found := self.find(reference))]

    def _rooted(self, image: Image, root: Path) -> Image:
        size = self._roots.size(root) if self._roots else 0
        return replace(image, rootfs=root, size_bytes=size)

    def _all(self) -> Sequence[Image]:
        found = (self._known(Reference.parse(name)) for name in _LISTED)
        return [image for image in found if image]

    def _known(self, reference: Reference) -> Image | None:
        if reference not in self._images:
            image = describe(reference)
            self._images[reference] = image and replace(image, files=self.files.of(reference.path))
        return self._images[reference]


_PYTHON_ENV = {
    "PATH": f"/usr/local/bin:{PATH}",
    "LANG": "C.UTF-8",
    "PYTHON_VERSION": ".".join(map(str, sys.version_info[:3])),
}


def _hello(reference: Reference) -> Image | None:
    version = _HELLO.get(reference.tag)
    if version is None:
        return None
    # What apps/hello/Dockerfile says; a test compares.
    return Image(
        str(reference),
        cmd=("python", "app.py"),
        env={**_PYTHON_ENV, "VERSION": version},
        working_dir="/app",
        user="1000",
    )


def _python(reference: Reference) -> Image:
    words = f"this machine's Python {_PYTHON_ENV['PYTHON_VERSION']}"
    return Image(str(reference), cmd=("python3",), env=_PYTHON_ENV, stand_in=words)


def _nginx(reference: Reference) -> Image:
    return Image(
        str(reference),
        cmd=("python", "/usr/share/nginx/server.py"),
        env=_PYTHON_ENV,
        stand_in="a small web server in Python, which serves /usr/share/nginx/html",
    )


def _busybox(reference: Reference) -> Image:
    # The very program, of whatever release: nothing stands in for it.
    words = "" if shutil.which("busybox") else "this machine's shell and tools"
    return Image(str(reference), cmd=("sh",), stand_in=words)


def _redis(reference: Reference) -> Image | None:
    program = shutil.which("redis-server")
    if program is None:
        return None
    return Image(
        str(reference),
        entrypoint=("/bin/sh", "-c", _REDIS, "redis-server"),
        stand_in=f"this machine's Redis ({program})",
    )


def _pause(reference: Reference) -> Image:
    return Image(
        str(reference), entrypoint=("/bin/sh", "-c", _PAUSE), stand_in="a shell that waits"
    )


def _agnhost(reference: Reference) -> Image | None:
    # The program that upstream's own tests put into most pods.
    program = shutil.which("agnhost")
    if program is None:
        return None
    words = f"this machine's agnhost ({program})"
    return Image(str(reference), entrypoint=("/agnhost",), cmd=("pause",), stand_in=words)


_DESCRIPTIONS: dict[str, Callable[[Reference], Image | None]] = {
    "kubelearn/hello": _hello,
    "library/python": _python,
    "library/busybox": _busybox,
    "library/nginx": _nginx,
    "library/redis": _redis,
    "library/pause": _pause,
    "library/agnhost": _agnhost,
    "library/glibc-dns-testing": _agnhost,
    "pause": _pause,
}
