"""The program that sets containers up: a small process with one thread, which forks for each.

Stands for containerd's shim and the outer half of runc. A daemon with threads cannot fork and go on
in Python, and may not enter a user namespace; this process can do both, and forks in no time. It
has namespaces of its own for mounts and processes: what is in there is the node, and ends with it.
Where its user is not root, it has a user namespace, too, in which it is.

A request comes with open files (see `Setup`) and is answered through one of them. When the daemon
is gone, everything is killed.
"""

from __future__ import annotations

import contextlib
import os
import select
import signal
import socket
import sys
from collections.abc import Callable
from typing import NoReturn

from kubelearn.containers import kernel
from kubelearn.containers.containerinit import run_command, run_container, run_probe, run_sandbox
from kubelearn.containers.setuprequest import Setup, receive, say


def main() -> None:
    """Serve the daemon at the other end of the socket with the number in `sys.argv`."""
    control = socket.socket(fileno=int(sys.argv[1]))
    try:
        rootless = take_namespaces()
    except OSError as error:
        say(control, {"error": error.strerror or str(error)})
        return
    # The first child is process 1 of the new namespace; when it ends, all others there do.
    if child := os.fork():
        control.close()
        os.waitpid(child, 0)
        return
    kernel.die_with_parent(signal.SIGKILL)
    say(control, {"rootless": rootless})
    Zygote(control, rootless=rootless).serve()


def take_namespaces() -> bool:
    """Leave the machine's mounts, as root or as root of a user namespace; tells whether that."""
    uid, gid = os.geteuid(), os.getegid()
    try:
        kernel.unshare("mnt", "pid")
        rootless = False
    except PermissionError:
        kernel.unshare("user", "mnt", "pid")
        kernel.map_user((0, uid), (0, gid))
        rootless = True
    # What is mounted here is nobody else's business.
    kernel.mount("", "/", flags=kernel.SLAVE | kernel.RECURSIVE)
    return rootless


class Zygote:
    """Serves one daemon."""

    def __init__(self, control: socket.socket, *, rootless: bool) -> None:
        self._control = control
        self._rootless = rootless
        self._children: dict[int, socket.socket] = {}
        self._own_processes = os.open("/proc/self/ns/pid", os.O_RDONLY)

    def serve(self) -> None:
        """Work until the daemon is gone."""
        wake, woken = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
        signal.set_wakeup_fd(woken, warn_on_full_buffer=False)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        poll = select.poll()
        poll.register(self._control, select.POLLIN)
        poll.register(wake, select.POLLIN)
        while True:
            self._reap()
            for descriptor, _ in poll.poll():
                if descriptor == wake:
                    os.read(wake, 512)
                elif not self._take():
                    return

    def _take(self) -> bool:
        """Do what is asked for; tells whether somebody is left to ask."""
        data, files = receive(self._control)
        if not data:
            return False
        with Setup(files, rootless=self._rootless) as setup:
            try:
                self._act(setup)
                setup.say({"done": True})
            except OSError as error:
                setup.say({"error": error.strerror or str(error)})
        return True

    def _act(self, setup: Setup) -> None:
        request = setup.request
        match request["action"]:
            case "mount":
                kernel.mount("tmpfs", request["path"], "tmpfs", data=request["options"])
            case "unmount":
                kernel.unmount(request["path"])
            case "sandbox":
                self._fork(setup, run_sandbox)
            case "run":
                self._fork(setup, run_container)
            case "probe":
                self._fork(setup, run_probe)
            case "exec":
                setup.join_those_of(request["pid"])
                self._fork(setup, run_command)

    def _fork(self, setup: Setup, become: Callable[[Setup], None]) -> None:
        """Start a child, which finds itself among the processes that are asked for."""
        if "pid" in setup.new:
            kernel.unshare("pid")
        elif "pid" in setup.join:
            kernel.setns(setup.join["pid"], "pid")
        pid = os.fork()
        if not pid:
            _be(setup, become)
        kernel.setns(self._own_processes, "pid")
        self._children[pid] = setup.answers.dup()
        # The number is another one outside; this is the same everywhere.
        setup.say({"files": ["process"]}, [os.pidfd_open(pid)])

    def _reap(self) -> None:
        """Tell of children that have ended, and end what they left in their group."""
        flags = os.WEXITED | os.WNOHANG | os.WNOWAIT
        while ended := _next_ended(flags):
            with contextlib.suppress(OSError):  # there may be no group yet
                os.killpg(ended, signal.SIGKILL)
            _, status = os.waitpid(ended, 0)
            code = os.waitstatus_to_exitcode(status)
            if answers := self._children.pop(ended, None):  # else an orphan
                say(answers, {"status": code if code >= 0 else 128 - code})
                answers.close()


def _next_ended(flags: int) -> int:
    try:
        ended = os.waitid(os.P_ALL, 0, flags)
    except ChildProcessError:
        return 0
    return ended.si_pid if ended else 0


def _be(setup: Setup, become: Callable[[Setup], None]) -> NoReturn:
    try:
        become(setup)
    except BaseException as error:
        setup.say({"error": (isinstance(error, OSError) and error.strerror) or str(error)})
    os._exit(0)


if __name__ == "__main__":
    main()
