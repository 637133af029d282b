"""A root folder in the making: files of this machine at places of a container's own."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterable
from pathlib import Path, PurePosixPath

from kubelearn.containers import trees
from kubelearn.containers.machineimages.libraries import libraries
from kubelearn.containers.rootpath import inside

# As in every distribution of today.
_MERGED = ("bin", "sbin", "lib", "lib64")
_FOLDERS = ("dev", "etc", "home", "mnt", "opt", "proc", "run", "srv", "sys", "usr", "var")
_PASSWD = (
    ("root", 0, "/root", "/bin/sh"),
    ("daemon", 1, "/usr/sbin", "/usr/sbin/nologin"),
    ("bin", 2, "/bin", "/usr/sbin/nologin"),
    ("mail", 8, "/var/mail", "/usr/sbin/nologin"),
    ("www-data", 33, "/var/www", "/usr/sbin/nologin"),
    ("nobody", 65534, "/nonexistent", "/usr/sbin/nologin"),
)
_GROUPS = (("tty", 5), ("disk", 6), ("users", 100))


class Root:
    """The folder that becomes a container's `/`. Nothing of the machine is linked, all is copied:
    a hard link would let a container change the machine's own file."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def place(self, path: str | os.PathLike[str]) -> Path:
        """Where a path of the container lies here; its folders' links stay inside."""
        return inside(self.path, path, follow_last=False)

    def folder(self, path: str, mode: int = 0o755) -> Path:
        """A folder, and those above it, for everybody to enter."""
        place = inside(self.path, path)
        _make_folders(place)
        place.chmod(mode)
        return place

    def clone(self, other: Path) -> None:
        """All of another root, which nobody writes to either: its files are shared with it."""
        trees.clone(other, self.path)

    def write(self, path: str, text: str, mode: int = 0o644) -> None:
        """A small file."""
        place = self._free(path)
        place.write_text(text)
        place.chmod(mode)

    def link(self, path: str, target: str) -> None:
        """A symbolic link, unless something is there."""
        place = self.place(path)
        if not os.path.lexists(place):
            self._free(path).symlink_to(target)

    def copy(self, source: Path, path: str) -> None:
        """A file of this machine, for everybody to read; whoever it belongs to here."""
        place = self._free(path)
        shutil.copyfile(source, place)
        executable = source.stat().st_mode & 0o111
        place.chmod(0o755 if executable else 0o644)

    def add(self, source: Path) -> None:
        """A file at its own path, with every link that leads to it."""
        walked = PurePosixPath("/")
        for number, part in enumerate(source.parts[1:], start=2):
            here = walked / part
            if os.path.islink(here):
                target = os.readlink(here)
                self.link(str(here), target)
                rest = source.parts[number:]
                self.add(Path(os.path.normpath(walked / target).replace("//", "/"), *rest))
                return
            walked = here
        if not os.path.lexists(self.place(source)):
            self.copy(source, str(source))

    def add_program(self, program: Path) -> None:
        """A program at its own path, with its libraries at theirs."""
        self.add(program)
        self.add_libraries(libraries(program))

    def add_libraries(self, files: Iterable[Path]) -> None:
        """Shared libraries, at the paths where the loader looks for them."""
        for file in files:
            self.add(file)

    def add_base(self) -> None:
        """The folders and the few files that every Linux system has."""
        for name in _FOLDERS:
            self.folder(name)
        for name in _MERGED:
            self.folder(f"usr/{name}")
            self.link(name, f"usr/{name}")
        self.folder("root")
        for path in ("tmp", "var/tmp"):
            self.folder(path, 0o1777)
        self.write("etc/passwd", "".join(_passwd_line(*entry) for entry in _PASSWD))
        groups = [(name, number) for name, number, _, _ in _PASSWD] + list(_GROUPS)
        self.write("etc/group", "".join(f"{name}:x:{number}:\n" for name, number in groups))
        self.write("etc/nsswitch.conf", "passwd: files\ngroup: files\nhosts: files dns\n")
        # A runtime puts the pod's own in their places.
        for name in ("hosts", "hostname", "resolv.conf"):
            self.write(f"etc/{name}", "")

    def _free(self, path: str) -> Path:
        place = self.place(path)
        _make_folders(place.parent)
        place.unlink(missing_ok=True)
        return place


def _make_folders(folder: Path) -> None:
    """For everybody to enter, whatever this process would keep to itself."""
    if not folder.is_dir():
        _make_folders(folder.parent)
        folder.mkdir()
        folder.chmod(0o755)


def _passwd_line(name: str, number: int, home: str, shell: str) -> str:
    return f"{name}:x:{number}:{number}:{name}:{home}:{shell}\n"
