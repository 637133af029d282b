"""This machine's Python as images have it: /usr/local/bin/python, its library beside it, and pip.

It is the interpreter that a virtual environment was made from, without anything installed there.
A Python finds its library from where its program lies, so it can move to /usr/local; the folder
that it was built for leads there too. Left out: tests, Tk, IDLE, headers, and what links programs.
"""

from __future__ import annotations

import importlib.util
import os
import ssl
import sys
import sysconfig
from collections.abc import Iterator
from pathlib import Path

from kubelearn.containers.machineimages.libraries import libraries
from kubelearn.containers.machineimages.root import Root

VERSION = ".".join(map(str, sys.version_info[:3]))
PROGRAM = Path(getattr(sys, "_base_executable", sys.executable))
_NAME = f"python{sys.version_info.major}.{sys.version_info.minor}"
_LOCAL = "/usr/local"
_FOLDERS_LEFT_OUT = {
    "__pycache__", "test", "tests", "idle_test", "idlelib", "lib2to3", "tkinter", "turtledemo",
    "site-packages", "dist-packages", "ensurepip",
}  # fmt: skip
_MODULES_LEFT_OUT = ("_test", "_ctypes_test", "_tkinter", "_xx", "xx", "nis.", "ossaudiodev")
_FILES_LEFT_OUT = ("EXTERNALLY-MANAGED", "sitecustomize.py")
_BUNDLES = ("/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt")
_PIP = """\
#!/usr/local/bin/python
import sys
from pip._internal.cli.main import main
sys.exit(main())
"""


def add_python(root: Root) -> None:
    """Python under /usr/local, with what of its libraries the machine has."""
    prefix, stdlib = Path(sys.base_prefix), Path(sysconfig.get_path("stdlib"))
    home = f"{_LOCAL}/{stdlib.relative_to(prefix)}"
    _lead_to_local(root, prefix)
    _add_stdlib(root, stdlib, home)
    modules = sorted(_extensions())
    for module in modules:
        root.copy(module, f"{home}/lib-dynload/{module.name}")
    program = Path(os.path.realpath(PROGRAM))
    root.copy(program, f"{_LOCAL}/bin/{_NAME}")
    for name in ("python", "python3"):
        root.link(f"{_LOCAL}/bin/{name}", _NAME)
    root.add_libraries(libraries(program, modules=modules))
    _add_certificates(root)
    _add_pip(root, stdlib, home)


def _lead_to_local(root: Root, prefix: Path) -> None:
    if str(prefix) == "/usr":
        # Debian's own Python installs packages below `local` of where it lies.
        root.link(f"{_LOCAL}/local", ".")
    elif str(prefix) != _LOCAL:
        root.folder(_LOCAL)
        root.link(str(prefix), _LOCAL)


def _add_stdlib(root: Root, stdlib: Path, home: str) -> None:
    for folder, folders, names in os.walk(stdlib):
        folders[:] = [
            name for name in folders if name not in _FOLDERS_LEFT_OUT and name != "lib-dynload"
        ]
        folders[:] = [name for name in folders if not name.startswith("config-")]
        relative = Path(folder).relative_to(stdlib)
        for name in names:
            if name not in _FILES_LEFT_OUT and not name.endswith((".pyc", ".a", ".so", ".o")):
                source = Path(folder, name)
                root.copy(source, f"{home}/{relative}/{name}")
                _add_compiled(root, source, f"{home}/{relative}")


def _add_compiled(root: Root, source: Path, folder: str) -> None:
    """A module's compiled code, marked as belonging to this source whatever its time: layers have
    times of their own, and compiling costs a container more than anything else at its start."""
    if source.suffix != ".py":
        return
    compiled = Path(importlib.util.cache_from_source(str(source), optimization=""))
    try:
        code, stat = compiled.read_bytes(), source.stat()
    except OSError:
        return
    times = (int(stat.st_mtime) & 0xFFFFFFFF).to_bytes(4, "little") + (
        stat.st_size & 0xFFFFFFFF
    ).to_bytes(4, "little")
    if code[:8] == importlib.util.MAGIC_NUMBER + bytes(4) and code[8:16] == times:
        place = root.folder(f"{folder}/__pycache__") / compiled.name
        head = importlib.util.MAGIC_NUMBER + (1).to_bytes(4, "little")
        place.write_bytes(head + importlib.util.source_hash(source.read_bytes()) + code[16:])


def _extensions() -> Iterator[Path]:
    folder = Path(sysconfig.get_config_var("DESTSHARED") or "")
    for module in folder.glob("*.so"):
        if not module.name.startswith(_MODULES_LEFT_OUT):
            yield module


def _add_certificates(root: Root) -> None:
    paths = ssl.get_default_verify_paths()
    for bundle in (paths.cafile, *_BUNDLES):
        if bundle and os.path.isfile(bundle):
            root.copy(Path(bundle), _BUNDLES[0])
            root.link(paths.openssl_cafile, _BUNDLES[0])
            return


def _add_pip(root: Root, stdlib: Path, home: str) -> None:
    """The pip that Python brings along; some distributions take it out."""
    wheel = next((stdlib / "ensurepip/_bundled").glob("pip-*.whl"), None)
    if wheel is None:
        return
    import zipfile  # for this alone

    kind = "dist-packages" if sys.base_prefix == "/usr" else "site-packages"
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(root.folder(f"{home}/{kind}"))
    for name in ("pip", "pip3"):
        root.write(f"{_LOCAL}/bin/{name}", _PIP, 0o755)
