"""A container made by hand: `unshare` starts it in namespaces of its own, `nsenter` goes inside.

Stands for runc, so far as one can type it: namespaces, a root file system of image and upper folder
(overlay), a control group with a memory limit. Left out: pivot_root (chroot does here, and root
could get out), dropped capabilities, seccomp, a network that leads anywhere.
"""

from __future__ import annotations

import atexit
import contextlib
import os
import shlex
import signal
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from kubelearn.containers import trees
from kubelearn.containers.handmade.kinds import KINDS, USUAL, Kind, allowed
from kubelearn.containers.handmade.limit import MemoryLimit
from kubelearn.containers.handmade.view import NamespaceView, look
from kubelearn.containers.images import PATH
from kubelearn.containers.machineimages import MachineImages, recipes
from kubelearn.errors import ContainerError

# It waits for input that never comes, and ends with whoever holds the other end of its input.
PROGRAM = ("cat",)
_SECONDS, _REST = 10, 0.01
_ENVIRONMENT = {"PATH": PATH, "HOME": "/root", "LANG": "C.UTF-8"}
_DEVICES = ("null", "zero")

Say = Callable[[str], None]


@dataclass(frozen=True)
class Ran:
    """A program that ran in a container."""

    code: int
    """128 and more: killed by the signal with the number code - 128."""
    output: str

    def __str__(self) -> str:
        return self.output.rstrip("\n")


class Handmade:
    """A container `name` with namespaces of the kinds in `own`, of those that are allowed here.

    `image` is a folder with its files; one with a shell and a few tools is made if none is given.
    `memory` limits it, in bytes. `say` hears each command line that a reader could type. Close it,
    or use it as a context: nothing of it stays.
    """

    def __init__(
        self,
        name: str = "box",
        *,
        own: Iterable[str] = USUAL,
        image: Path | None = None,
        memory: int = 0,
        say: Say = print,
    ) -> None:
        self.name = name
        self.folder = Path(tempfile.mkdtemp(prefix=f"kubelearn-{name}-"))
        self.image = image or MachineImages(self.folder / "made").make(recipes.busybox())
        for device in _DEVICES:  # a mount needs a file to hide
            (self.image / "dev" / device).touch()
        (self.folder / "image").symlink_to(self.image)
        self._upper_in_memory = False
        self.allowed = allowed()
        self.limit = MemoryLimit(self.folder.name, memory)
        self._say = say
        self._wanted = set(own) & set(KINDS)
        self._unshare: subprocess.Popen[str] | None = None
        # A cell and a picture may want something of it at the same time.
        self._lock = threading.RLock()
        self._closed = False
        atexit.register(self.close)
        self.start()

    # --- what it has ------------------------------------------------------------------------

    @property
    def own(self) -> tuple[str, ...]:
        """The kinds of namespaces that it has of its own."""
        found = [name for name in KINDS if name in self._wanted and not self.refused(name)]
        if self.allowed.rootless and found and "user" not in found:
            return (*found, "user")
        return tuple(found)

    def refused(self, kind: str) -> str:
        """Why it cannot have a namespace of that kind; nothing if it can."""
        return self.allowed.refused.get(kind, "")

    def has(self, what: str) -> bool:
        """Whether it has a namespace of that kind, or a limit of its `memory`; says why not."""
        missing = self.limit.reason if what == "memory" else self.refused(what)
        if missing:
            self._say(f"not on this machine: {what}: {missing}")
        return not missing and (what == "memory" or what in self.own)

    @property
    def pid(self) -> int:
        """Its first process, as the machine counts; 0 if it does not run."""
        if self._unshare is None or self._unshare.poll() is not None:
            return 0
        return _child(self._unshare.pid)

    @property
    def upper(self) -> Path:
        """The folder with the files that it wrote itself."""
        return self.folder / "upper"

    def look(self) -> list[NamespaceView]:
        """What the machine sees and what the container sees, for each kind of namespace."""
        return look(self)

    # --- what can be done to it -------------------------------------------------------------

    def start(self, *, quiet: bool = False) -> None:
        """Start its first process anew. Raises ContainerError with the reason."""
        with self._lock:
            self._check_open()
            self.stop()
            self._start_or_retry(quiet=quiet)

    def _start_or_retry(self, *, quiet: bool) -> None:
        for name in ("upper", "work", "root", "memory"):
            (self.folder / name).mkdir(exist_ok=True)
        if (said := self._start(quiet=quiet)) and "overlay" in said and not self._upper_in_memory:
            # A folder that is an overlay itself, as in Docker, can be no upper one; memory can.
            self._upper_in_memory = True
            said = self._start(quiet=quiet)
        if said:
            raise ContainerError(f"the container {self.name} did not start: {said}")

    def _start(self, *, quiet: bool) -> str:
        """Start it; what it said if that failed."""
        command = self.command()
        if not quiet:
            self._say("$ " + shown(command))
        self._unshare = subprocess.Popen(
            # First into the group, then into the namespaces: it shall see the group as its root.
            self.limit.join(command),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=_ENVIRONMENT,
            start_new_session=True,
        )
        assert self._unshare.stdout
        if self._unshare.stdout.readline() == "ready\n":
            return ""
        _, said = self._unshare.communicate()
        return said.strip() or f"exit code {_exit_code(self._unshare.returncode)}"

    def stop(self) -> None:
        """Kill it."""
        with self._lock:
            self._stop()

    def _stop(self) -> None:
        if self._unshare is None:
            return
        if pid := self.pid:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        with contextlib.suppress(ProcessLookupError):
            self._unshare.kill()
        self._unshare.communicate()

    def switch(self, kind: str, *, on: bool, quiet: bool = False) -> None:
        """Start it anew with or without a namespace of that kind.

        Raises ContainerError where it is not to be had, or where the others need it.
        """
        if on and self.refused(kind):
            raise ContainerError(f"no {kind} namespace of its own here: {self.refused(kind)}")
        with self._lock:
            self._check_open()
            before = self._wanted
            self._wanted = before | {kind} if on else before - {kind}
            if not on and kind in self.own:
                self._wanted = before
                raise ContainerError(
                    "only root may have the others without a namespace of users",
                    hint="switch those off first",
                )
            self.start(quiet=quiet)

    def run(self, *command: str, quiet: bool = False, seconds: float = _SECONDS) -> Ran:
        """Run a program inside, to its end. Raises ContainerError if the container does not run."""
        pid = self.pid
        if not pid:
            raise ContainerError(f"{self.name} does not run", hint=f"{self.name}.start()")
        enter = [KINDS[name].option for name in self.own]
        if "user" in self.own:
            enter.append("--preserve-credentials")
        if "mnt" in self.own:
            # Without files of its own its root is the machine's; only root may ask for that.
            enter.append("--root")
        line = ["nsenter", "--target", str(pid), *enter, "--wd", *command]
        if not quiet:
            self._say("$ " + shlex.join(line))
        done = subprocess.run(
            self.limit.join(line),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            env=_ENVIRONMENT,
            timeout=seconds,
        )
        return Ran(_exit_code(done.returncode), done.stdout.decode(errors="replace"))

    def close(self) -> None:
        """Kill it and remove its folder and its group."""
        atexit.unregister(self.close)
        with self._lock:
            self._closed = True
            self.stop()
            self.limit.remove()
            trees.remove(self.folder)

    def _check_open(self) -> None:
        if self._closed:
            raise ContainerError(
                f"the container {self.name} is closed", hint="run the cell that made it again"
            )

    def __enter__(self) -> Handmade:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __repr__(self) -> str:
        state = f"process {self.pid}" if self.pid else "it does not run"
        return f"<container {self.name}, made by hand: {state}>"

    # --- how it is started ------------------------------------------------------------------

    def command(self) -> list[str]:
        """The line that starts it."""
        kinds: list[Kind] = [KINDS[name] for name in self.own]
        if not kinds:
            return ["sh", "-c", self._script()]
        options = [kind.option for kind in kinds]
        if "user" in self.own:
            options.append("--map-root-user")
        return ["unshare", "--fork", "--kill-child", *options, "sh", "-c", self._script()]

    def _script(self) -> str:
        """What happens in the new namespaces before the program takes the shell's place."""
        lines = []
        if "uts" in self.own:
            lines.append(f"hostname {shlex.quote(self.name)}")
        if "mnt" in self.own:
            lines += self._mounts()
        # Said from inside its root: who entered before would still be in the machine's.
        start = f"echo ready; exec {shlex.join(PROGRAM)}"
        lines.append(f'exec chroot root sh -c "{start}"' if "mnt" in self.own else start)
        return "\n".join([f"set -e; cd {shlex.quote(str(self.folder))}", *lines])

    def _mounts(self) -> list[str]:
        own = "memory/" if self._upper_in_memory else ""
        layers = f"lowerdir=image,upperdir={own}upper,workdir={own}work"
        return [
            *(["mount -t tmpfs tmpfs memory; mkdir memory/upper memory/work"] if own else []),
            f"mount -t overlay overlay -o {layers} root",
            f"mount {'-t proc proc' if 'pid' in self.own else '--rbind /proc'} root/proc",
            *(f"mount --bind /dev/{name} root/dev/{name}" for name in _DEVICES),
        ]


def _exit_code(code: int) -> int:
    """As shells and Kubernetes count: 128 and the signal's number."""
    return 128 - code if code < 0 else code


def _child(parent: int) -> int:
    """The process that `unshare --fork` started; the process itself, if it started none."""
    deadline = time.monotonic() + 1
    while time.monotonic() < deadline:
        for path in Path("/proc").glob("[0-9]*/stat"):
            with contextlib.suppress(OSError):
                if path.read_text().rpartition(")")[2].split()[1] == str(parent):
                    return int(path.parent.name)
        if not Path(f"/proc/{parent}/exe").resolve().name.startswith("unshare"):
            return parent
        time.sleep(_REST)
    return 0


def shown(command: Sequence[str]) -> str:
    """A command line for people; a script on lines of its own."""
    *words, script = command
    return f"{shlex.join(words)} '\n{script}'" if "\n" in script else shlex.join(command)
