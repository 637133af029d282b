"""The files of stock images for containers that see this machine's: programs where they are.

An image's files are found by their paths in the container; only what is not there on this machine,
or is another thing there, has to be made.
"""

from __future__ import annotations

import shlex
import shutil
import subprocess
import sys
from collections.abc import Mapping
from functools import cached_property
from pathlib import Path

_HERE = Path(__file__).parent
_SHIM = "kubelearn.containers.shim"


class StockFiles:
    """The files in one folder, each made when it is first needed."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def of(self, path: str) -> Mapping[str, Path]:
        """The files of the stock image of that path, by where a container has them."""
        if path == "kubelearn/hello":
            return {**self._python_files, "/app/app.py": _HERE / "apps/hello/app.py"}
        if path == "library/nginx":
            served = {f"/usr/share/nginx/{name}": _HERE / "apps/nginx" / name for name in _NGINX}
            return {**self._python_files, **served}
        if path == "library/python":
            return self._python_files
        if path == "library/busybox" and shutil.which("busybox"):
            return self._busybox_files
        if path == "library/agnhost" and (program := shutil.which("agnhost")):
            return dict.fromkeys(("/agnhost", "/agnhost-2"), Path(program))
        return {}

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


_NGINX = ("server.py", "html")


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


def _fresh(folder: Path) -> Path:
    shutil.rmtree(folder, ignore_errors=True)
    return _made(folder)


def _made(folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    return folder
