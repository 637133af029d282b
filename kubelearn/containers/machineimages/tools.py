"""A shell and the usual tools: BusyBox where the machine has it, else the machine's own."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

from kubelearn.containers.machineimages.libraries import libraries
from kubelearn.containers.machineimages.root import Root

_SYSTEM = "/usr/bin:/bin:/usr/sbin:/sbin:/usr/local/bin"
_TOOLS = [
    *("sh", "[", "awk", "basename", "base64", "cat", "chmod", "chown", "cp", "cut", "date", "dd"),
    *("df", "dirname", "du", "echo", "env", "expr", "false", "find", "grep", "gzip", "head", "id"),
    *("kill", "ln", "ls", "md5sum", "mkdir", "mkfifo", "mktemp", "mv", "nc", "nproc", "nslookup"),
    *("od", "ping", "printenv", "printf", "ps", "pwd", "readlink", "realpath", "rm", "rmdir"),
    *("sed", "seq", "sha256sum", "sleep", "sort", "stat", "stty", "tail", "tar", "tee", "test"),
    *("timeout", "top", "touch", "tr", "true", "uname", "uniq", "wc", "wget", "xargs", "yes"),
]


def find_program(name: str) -> Path | None:
    """A program of this machine, the system's own rather than another of that name."""
    found = shutil.which(name, path=_SYSTEM) or shutil.which(name)
    return Path(found) if found else None


def programs() -> list[Path]:
    """What `add_tools` takes from this machine."""
    if busybox := find_program("busybox"):
        return [busybox]
    return [found for name in _TOOLS if (found := find_program(name))]


def add_tools(root: Root) -> None:
    """A shell and tools in /bin."""
    if busybox := find_program("busybox"):
        _add_busybox(root, busybox)
        return
    for program in programs():
        root.add_program(program)
        root.link(f"/bin/{program.name}", str(program))


def _add_busybox(root: Root, program: Path) -> None:
    root.copy(Path(os.path.realpath(program)), "/bin/busybox")
    root.add_libraries(libraries(program))
    listed = subprocess.run([program, "--list"], capture_output=True, text=True, check=True)
    for name in listed.stdout.split():
        root.link(f"/bin/{name}", "/bin/busybox")
