"""What becomes of a process that the zygote has forked: a container's program, or a sandbox.

Stands for `runc init` (`libcontainer/standard_init_linux.go`, `setns_init_linux.go`) and for
`pause`. It takes its namespaces, its root, its user and its rights, one after the other, and then
the program takes its place. What goes wrong is told in runc's words.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
import signal
import socket
import termios
from pathlib import Path
from typing import Any, NoReturn

from kubelearn.containers import kernel, rootfs
from kubelearn.containers.capabilities import NUMBERS
from kubelearn.containers.setuprequest import Setup
from kubelearn.containers.socketfilter import take_filter

_DEFAULT_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


def run_sandbox(setup: Setup) -> None:
    """Make the namespaces of a pod and hand them out. Process 1 of a pod's processes stays."""
    request = setup.request
    os.setsid()
    kernel.unshare(*(name for name in setup.new if name != "pid"))
    socket.sethostname(request["hostname"])
    for name, value in request["sysctls"].items():
        Path("/proc/sys", name.replace(".", "/")).write_text(value)
    files = [os.open(f"/proc/self/ns/{name}", os.O_RDONLY) for name in setup.new]
    setup.say({"files": list(setup.new)}, files)
    if "pid" in setup.new:
        _pause()


def _pause() -> None:
    """Adopt the orphans of a pod, as its process 1, until told to end."""
    kernel.set_name("pause")
    kernel.die_with_parent(signal.SIGKILL)
    waited_for = {signal.SIGTERM, signal.SIGINT, signal.SIGCHLD}
    signal.pthread_sigmask(signal.SIG_BLOCK, waited_for)
    os.closerange(3, os.sysconf("SC_OPEN_MAX"))
    while signal.sigwait(waited_for) == signal.SIGCHLD:
        try:
            while os.waitpid(-1, os.WNOHANG)[0]:
                pass
        except ChildProcessError:
            pass


def run_container(setup: Setup) -> None:
    """Become the program of a new container."""
    request = setup.request
    _begin(setup)
    kernel.unshare(*(name for name in setup.new if name != "pid"))
    if "uts" in setup.new:
        socket.sethostname(request["hostname"])
    rootfs.enter(request, own=setup.own, rootless=setup.rootless)
    _make_folder(request["process"]["cwd"])
    _become(setup, console=True)


def run_probe(setup: Setup) -> None:
    """Make a container and run nothing in it."""
    _begin(setup)
    kernel.unshare(*(name for name in setup.new if name != "pid"))
    on_disk = rootfs.enter(setup.request, own=setup.own, rootless=setup.rootless)
    setup.say({"on_disk": on_disk})


def run_command(setup: Setup) -> None:
    """Become a program beside that of a container."""
    _begin(setup)
    _become(setup)


def _begin(setup: Setup) -> None:
    os.setsid()
    os.umask(0o022)
    for number in (signal.SIGPIPE, signal.SIGXFSZ, signal.SIGCHLD, signal.SIGINT):
        signal.signal(number, signal.SIG_DFL)
    for door in setup.request.get("cgroups", ()):
        Path(door).write_text("0")
    # The user's last: only who is still root outside of it may enter the others.
    for name in sorted(setup.join, key=lambda name: name == "user"):
        if name != "pid":
            kernel.setns(setup.join[name], name)


def _make_folder(path: str) -> None:
    try:
        os.makedirs(path, exist_ok=True)
    except OSError as error:
        words = f"mkdir {path}: {os.strerror(error.errno or 0).lower()}"
        raise OSError(error.errno, words) from None


def _become(setup: Setup, *, console: bool = False) -> NoReturn:
    process = setup.request["process"]
    _take_ends(setup, process, console=console)
    if setup.request["gate"]:
        with contextlib.suppress(OSError):  # sockets are the machine's then
            setup.say({"files": ["listener"]}, [take_filter()])
    if "user" not in setup.join:
        _take_user(process["user"], rootless=setup.rootless)
    _drop_capabilities(process["capabilities"])
    if not setup.rootless:
        uid = process["user"]["uid"]
        os.setresuid(uid, uid, uid)
    try:
        os.chdir(process["cwd"])
    except OSError as error:
        words = f"chdir to cwd ({process['cwd']!r}) set in config.json failed"
        raise OSError(error.errno, f"{words}: {_words(error)}") from None
    if process["no_new_privileges"]:
        kernel.gain_no_privileges()
    kernel.die_with_parent(signal.SIGKILL)
    _execute(process["args"], process["env"])


# --- input and output --------------------------------------------------------------------------


def _take_ends(setup: Setup, process: dict[str, Any], *, console: bool) -> None:
    ends = list(setup.ends)
    if process["terminal"]:
        ours, theirs = os.openpty()
        setup.say({"files": ["terminal"]}, [ours])
        fcntl.ioctl(theirs, termios.TIOCSCTTY, 0)
        ends = [theirs] * 3
        if console:
            rootfs.show(os.ttyname(theirs), "/dev/console")
    for number, descriptor in enumerate(ends):
        os.dup2(descriptor, number)
        if not setup.rootless and os.fstat(number).st_rdev != os.stat("/dev/null").st_rdev:
            # So that the user can open it again, as /dev/stdout.
            os.fchown(number, process["user"]["uid"], -1)


# --- the user and its rights -------------------------------------------------------------------


def _take_user(user: dict[str, Any], *, rootless: bool) -> None:
    if not rootless:
        os.setgroups(user["groups"])
        os.setresgid(user["gid"], user["gid"], user["gid"])
    elif user["uid"] or user["gid"]:
        # There is but one user, so it gets another number.
        kernel.unshare("user")
        kernel.map_user((user["uid"], 0), (user["gid"], 0))


def _drop_capabilities(kept: list[str]) -> None:
    for name, number in NUMBERS.items():
        if name not in kept:
            try:
                kernel.drop_capability(number)
            except OSError as error:
                if error.errno != errno.EINVAL:  # one that this kernel does not know
                    raise


# --- the program -------------------------------------------------------------------------------


def _execute(args: list[str], env: dict[str, str]) -> NoReturn:
    path = _find(args[0], env.get("PATH", _DEFAULT_PATH))
    try:
        os.execve(path, args, env)
    except OSError as error:
        raise OSError(error.errno, f"exec {path}: {_words(error)}") from None


def _find(name: str, folders: str) -> str:
    if "/" in name:
        try:
            os.stat(name)
        except OSError as error:
            raise OSError(error.errno, f'exec: "{name}": stat {name}: {_words(error)}') from None
        if _can_run(name):
            return name
        words = "is a directory" if os.path.isdir(name) else "permission denied"
        raise OSError(errno.EACCES, f'exec: "{name}": {words}')
    for folder in folders.split(":"):
        path = os.path.join(folder or ".", name)
        if _can_run(path):
            return path
    raise OSError(errno.ENOENT, f'exec: "{name}": executable file not found in $PATH')


def _can_run(path: str) -> bool:
    return os.path.isfile(path) and os.access(path, os.X_OK)


def _words(error: OSError) -> str:
    return os.strerror(error.errno or 0).lower()
