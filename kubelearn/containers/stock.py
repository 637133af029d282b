"""The images that every node has: our own app, and stand-ins for those that learners type.

A stand-in runs this machine's own programs (Python, BusyBox, a shell) under the image's name, so
that lessons need no registry. Each says what it is, and the kubelet tells it in an Event. What is
no stock image cannot be pulled.

For a runtime whose containers have a root of their own, an image is made of copies of these
programs when it is first pulled (`machineimages`); else it names the programs where they are.
"""

from __future__ import annotations

import asyncio
import shlex
import shutil
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import cache, cached_property
from pathlib import Path

from kubelearn.containers.images import PATH, Image, PullError, Reference
from kubelearn.containers.machineimages import MachineImages, Recipe, recipes
from kubelearn.errors import ContainerError

_HERE = Path(__file__).parent
_SHIM = "kubelearn.containers.shim"
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
    "pause": recipes.busybox,
}


class StockImages:
    """An ImageStore of this machine's own programs; `folder` takes the few files that it needs.

    With `roots`, images have a root file system, and are there once they were pulled.
    """

    def __init__(self, folder: Path, *, roots: MachineImages | None = None) -> None:
        self._folder = folder
        self._roots = roots
        self._images: dict[Reference, Image | None] = {}
        self._makers: dict[str, Callable[[Reference], Image | None]] = {
            "kubelearn/hello": self._hello,
            "library/python": self._python,
            "library/busybox": self._busybox,
            "library/nginx": self._nginx,
            "library/redis": self._redis,
            "library/pause": self._pause,
            "library/agnhost": self._agnhost,
            "pause": self._pause,
        }

    def find(self, reference: Reference) -> Image | None:
        """The image of that name if it is one of these, and on the node."""
        image = self._known(reference)
        if image is None or self._roots is None:
            return image
        root = self._roots.find(_recipe(reference.path))
        return replace(image, rootfs=root) if root else None

    async def pull(self, reference: Reference) -> Image:
        """The image, made now if it needs a root. Raises PullError for all others."""
        image = self._known(reference)
        if image is None:
            known = ", ".join(_short(image.name) for image in self._all())
            raise PullError(
                f'failed to pull and unpack image "{reference}": failed to resolve reference '
                f'"{reference}": not found: this cluster pulls from no registry, it has {known}'
            )
        if self._roots is None:
            return image
        try:
            root = await asyncio.to_thread(self._roots.make, _recipe(reference.path))
        except ContainerError as error:
            raise PullError(f'failed to pull and unpack image "{reference}": {error}') from error
        return replace(image, rootfs=root)

    def list(self) -> Sequence[Image]:
        """The images that can be named here and are on the node."""
        return [found for image in self._all() if (found := self.find(_reference(image)))]

    def _all(self) -> Sequence[Image]:
        found = (self._known(Reference.parse(name)) for name in _LISTED)
        return [image for image in found if image]

    def _known(self, reference: Reference) -> Image | None:
        if reference not in self._images:
            maker = self._makers.get(reference.path)
            self._images[reference] = maker(reference) if maker and not reference.digest else None
        return self._images[reference]

    # --- the images ---

    def _hello(self, reference: Reference) -> Image | None:
        version = _HELLO.get(reference.tag)
        if version is None:
            return None
        # What apps/hello/Dockerfile says.
        return Image(
            str(reference),
            cmd=("python", "app.py"),
            env={**_PYTHON_ENV, "VERSION": version},
            working_dir="/app",
            user="1000",
            files={**self._python_files, "/app/app.py": _HERE / "apps/hello/app.py"},
        )

    def _python(self, reference: Reference) -> Image:
        here = ".".join(map(str, sys.version_info[:3]))
        return Image(
            str(reference),
            cmd=("python3",),
            env=_PYTHON_ENV,
            files=self._python_files,
            stand_in=f"this machine's Python {here}",
        )

    def _nginx(self, reference: Reference) -> Image:
        return Image(
            str(reference),
            cmd=("python", "/usr/share/nginx/server.py"),
            env=_PYTHON_ENV,
            files={
                **self._python_files,
                "/usr/share/nginx/server.py": _HERE / "apps/nginx/server.py",
                "/usr/share/nginx/html": _HERE / "apps/nginx/html",
            },
            stand_in="a small web server in Python, which serves /usr/share/nginx/html",
        )

    def _busybox(self, reference: Reference) -> Image:
        if shutil.which("busybox") is None:
            words = "this machine's shell and tools"
            return Image(str(reference), cmd=("sh",), stand_in=words)
        # The very program, of whatever release: nothing stands in for it.
        return Image(str(reference), cmd=("sh",), files=self._busybox_files)

    def _redis(self, reference: Reference) -> Image | None:
        program = shutil.which("redis-server")
        if program is None:
            return None
        return Image(
            str(reference),
            entrypoint=("/bin/sh", "-c", _REDIS, "redis-server"),
            stand_in=f"this machine's Redis ({program})",
        )

    def _pause(self, reference: Reference) -> Image:
        return Image(
            str(reference),
            entrypoint=("/bin/sh", "-c", _PAUSE),
            stand_in="a shell that waits",
        )

    def _agnhost(self, reference: Reference) -> Image | None:
        # The program that upstream's own tests put into most pods.
        program = shutil.which("agnhost")
        if program is None:
            return None
        return Image(
            str(reference),
            entrypoint=("/agnhost",),
            cmd=("pause",),
            files={"/agnhost": Path(program), "/agnhost-2": Path(program)},
            stand_in=f"this machine's agnhost ({program})",
        )

    # --- the files that they need, made once ---

    @cached_property
    def _python_files(self) -> dict[str, Path]:
        """A /usr/local with this machine's Python, without the packages installed here."""
        local = _fresh(self._folder / "python/usr/local")
        _make_python(local)
        return {"/usr/local": local}

    @cached_property
    def _busybox_files(self) -> dict[str, Path]:
        """Folders with BusyBox's programs and no others, like the real image's."""
        program = shutil.which("busybox") or "busybox"
        applets, usr = _fresh(self._folder / "busybox/bin"), _fresh(self._folder / "busybox/usr")
        names = subprocess.run([program, "--list"], capture_output=True, text=True, check=True)
        for name in {*names.stdout.split(), "busybox"}:
            (applets / name).symlink_to(program)
        packages = _fresh(self._folder / "busybox/packages")
        _link_shim(packages)
        _make_nslookup(applets / "nslookup", program=program, packages=packages)
        # The machine has one name; the pod's is in the environment.
        (applets / "hostname").unlink(missing_ok=True)
        (applets / "hostname").write_text('#!/bin/sh\necho "$HOSTNAME"\n')
        (applets / "hostname").chmod(0o755)
        _make_tar(applets / "tar", f"{program} tar")
        (usr / "bin").symlink_to(applets)
        return {"/bin": applets, "/sbin": applets, "/usr": usr}


_PYTHON_ENV = {
    "PATH": f"/usr/local/bin:{PATH}",
    "LANG": "C.UTF-8",
    "PYTHON_VERSION": ".".join(map(str, sys.version_info[:3])),
}


def _make_python(local: Path) -> None:
    # A virtual environment in three files. Its only package makes a program see the pod's address
    # and files; a .pth line loads it, because some systems have a sitecustomize of their own.
    version = f"python{sys.version_info.major}.{sys.version_info.minor}"
    program = Path(getattr(sys, "_base_executable", sys.executable))
    packages = _fresh(local / "lib" / version / "site-packages")
    if tar := shutil.which("tar"):
        _make_tar(_made(local / "bin") / "tar", tar)
    for name in ("python", "python3", version):
        (_made(local / "bin") / name).symlink_to(program)
    _link_shim(packages)
    (packages / "podview.pth").write_text(f"import {_SHIM}.podview\n")
    (local / "pyvenv.cfg").write_text(
        f"home = {program.parent}\ninclude-system-site-packages = false\n"
    )


def _make_tar(place: Path, program: str) -> None:
    # In an archive, names begin at the container's root. `kubectl cp` looks for them there.
    place.unlink(missing_ok=True)
    place.write_text((_HERE / "shim/tar").read_text().replace("PROGRAM", program))
    place.chmod(0o755)


def _link_shim(packages: Path) -> None:
    """The few modules of ours that programs in containers need, under their own names."""
    shim = _made(packages / _SHIM.replace(".", "/"))
    for file in (_HERE / "shim").glob("*.py"):
        (shim / file.name).symlink_to(file)
    (packages / "kubelearn/dnsmessage.py").symlink_to(_HERE.parent / "dnsmessage.py")


def _make_nslookup(place: Path, *, program: str, packages: Path) -> None:
    place.unlink(missing_ok=True)
    words = {"PROGRAM": program, "INTERPRETER": sys.executable, "PACKAGES": str(packages)}
    text = (_HERE / "shim/nslookup").read_text()
    for word, value in words.items():
        text = text.replace(word, shlex.quote(value))
    place.write_text(text)
    place.chmod(0o755)


@cache
def _recipe(path: str) -> Recipe:
    recipe = _RECIPES[path]()
    if recipe is None:
        raise ContainerError(f"this machine lost the program of the image {path}")
    return recipe


def _reference(image: Image) -> Reference:
    return Reference.parse(image.name)


def _fresh(folder: Path) -> Path:
    shutil.rmtree(folder, ignore_errors=True)
    return _made(folder)


def _made(folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def _short(name: str) -> str:
    return name.removeprefix("docker.io/").removeprefix("library/").removesuffix(":latest")
