"""Lets programs of any language mean their pod when they say "here", without privileges.

In a container, listening on 0.0.0.0 or localhost takes a port of the pod alone. Plain processes
share one network, so a seccomp filter makes the kernel ask us about each `bind`, `connect` and
`sendto` (seccomp_unotify(2)); addresses that mean "here" become the pod's own, the machine's name
server becomes the pod's, and the call goes on. That is no wall, as the program could change the
address again, but it is all that an honest one needs.

Where the kernel has no such filters, the process runs without.
"""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import logging
import os
import select
import socket
import struct
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

from kubelearn.containers.kernel import call, libc
from kubelearn.containers.shim.podports import UNPRIVILEGED, first_free_port, in_cluster, real_port
from kubelearn.containers.socketfilter import BIND, CONNECT, SENDTO, take_filter
from kubelearn.containers.thread import in_thread

_Result = TypeVar("_Result")
_log = logging.getLogger(__name__)

# From linux/seccomp.h.
_RECEIVE, _SEND, _IS_VALID = 0xC0502100, 0xC0182101, 0x40082102
_CONTINUE = 1
_PIDFD_GETFD = 438
# Take a free port only when it is known for which connection: from linux/in.h.
_BIND_ADDRESS_NO_PORT = 24
# struct seccomp_notif: id, pid, flags, then nr, arch, instruction pointer and six arguments.
_NOTIFICATION = struct.Struct("=QII iIQ 6Q")
_RESPONSE = struct.Struct("=QqiI")

_HERE_4 = {socket.inet_aton("0.0.0.0"), socket.inet_aton("127.0.0.1")}
_HERE_6 = {
    socket.inet_pton(socket.AF_INET6, each)
    for each in ("::", "::1", "::ffff:0.0.0.0", "::ffff:127.0.0.1")
}
_DNS_PORT = 53
# Of sockaddr_in, and of sockaddr_in6 in full.
_SHORTEST, _ADDRESS_SIZE = 16, 28
_MAPPED = bytes(10) + b"\xff\xff"


@dataclass(frozen=True)
class Place:
    """Where a pod's sockets are."""

    ip: str
    """What its programs mean by "here"."""
    name_servers: Mapping[str, str] = field(default_factory=dict)
    """The pod's name server for each of the machine's, where programs read the machine's file."""


def start_in_pod(place: Place, start: Callable[[], _Result]) -> _Result:
    """Call `start`; processes that it starts have their sockets in the pod of that place.

    Needs a running event loop, which answers the kernel from then on.
    """
    loop = asyncio.get_running_loop()
    listener: list[int] = []

    def filtered() -> _Result:
        try:
            listener.append(take_filter())
        except OSError as error:
            _log.debug("sockets are the machine's: %s", error)
        return start()

    try:
        return in_thread(filtered)
    finally:
        for descriptor in listener:
            answer_from_now_on(loop, descriptor, place)


def answer_from_now_on(loop: asyncio.AbstractEventLoop, listener: int, place: Place) -> None:
    """Answer what the kernel asks at this descriptor, until the last process has ended."""
    loop.add_reader(listener, _answer, loop, listener, place)


# --- the answers ---------------------------------------------------------------------------------


def _answer(loop: asyncio.AbstractEventLoop, listener: int, place: Place) -> None:
    """Answer one question, or find that nobody is left to ask."""
    if _is_over(listener):
        loop.remove_reader(listener)
        os.close(listener)
        return
    asked = bytearray(_NOTIFICATION.size)
    try:
        fcntl.ioctl(listener, _RECEIVE, asked)
        question = _Question(listener, *_NOTIFICATION.unpack(asked))
        question.lead(place)
        fcntl.ioctl(listener, _SEND, _RESPONSE.pack(question.id, 0, 0, _CONTINUE))
    except OSError as error:
        # A question may be withdrawn: its process was killed, or a signal came first.
        _log.debug("a question about a socket was withdrawn: %s", error)


def _is_over(listener: int) -> bool:
    """Whether the last process with this filter has ended."""
    poll = select.poll()
    poll.register(listener, select.POLLIN)
    return any(event & select.POLLHUP for _, event in poll.poll(0))


class _Question:
    """A thread that waits in `bind`, `connect` or `sendto` for us."""

    def __init__(self, listener: int, *fields: int) -> None:
        self.id, self._thread, _, self._call = fields[:4]
        self._descriptor = fields[6]
        self._place, self._size = fields[10:12] if self._call == SENDTO else fields[7:9]
        self._listener = listener

    def lead(self, place: Place) -> None:
        """Change the address that it passes if the pod means another one. Raises OSError."""
        memory = os.open(f"/proc/{self._thread}/mem", os.O_RDWR | os.O_CLOEXEC)
        try:
            # The number could be another thread's by now; this says that it was still ours.
            fcntl.ioctl(self._listener, _IS_VALID, struct.pack("=Q", self.id))
            address = os.pread(memory, min(self._size, _ADDRESS_SIZE), self._place)
            meant = self._meant(address, place)
            if meant != address:
                os.pwrite(memory, meant, self._place)
        finally:
            os.close(memory)
        # A socket without a connection may ask others next, who could not answer the pod's address.
        if self._call == CONNECT and in_cluster(host_of(meant)):
            self._leave_from(place.ip)

    def _meant(self, address: bytes, place: Place) -> bytes:
        ip = socket.inet_aton(place.ip)
        if self._call == BIND:
            return home(address, ip, listens=True)
        led = there(address, place.name_servers)
        own = home(led, ip, listens=False)
        if self._call == SENDTO and own != led and self._serves(place.ip):
            # The machine asked, whose own address that is, and shall get its answer.
            return led
        return own

    def _serves(self, ip: str) -> bool:
        """Whether it is a socket that listens in the pod."""
        with contextlib.suppress(OSError), _fetched(self._thread, self._descriptor) as server:
            return bool(server.getsockname()[0] in (ip, f"::ffff:{ip}"))
        return False

    def _leave_from(self, ip: str) -> None:
        """Let whom it asks see the pod's address, unless the program has chosen one."""
        with contextlib.suppress(OSError), _fetched(self._thread, self._descriptor) as client:
            is_ipv4 = client.family == socket.AF_INET
            if client.getsockname()[:2] == ("0.0.0.0" if is_ipv4 else "::", 0):
                client.setsockopt(socket.IPPROTO_IP, _BIND_ADDRESS_NO_PORT, 1)
                client.bind((ip if is_ipv4 else f"::ffff:{ip}", 0))


def _fetched(thread: int, descriptor: int) -> socket.socket:
    """Another process's socket. Raises OSError, before Linux 5.6 always."""
    status = Path(f"/proc/{thread}/status").read_text()
    process = os.pidfd_open(int(status.partition("Tgid:")[2].split(maxsplit=1)[0]))
    try:
        return socket.socket(fileno=call(libc.syscall, _PIDFD_GETFD, process, descriptor, 0))
    finally:
        os.close(process)


def host_of(address: bytes) -> str:
    """The IPv4 address in a `sockaddr`; empty if there is none."""
    if len(address) < _SHORTEST:
        return ""
    family = struct.unpack_from("=H", address)[0]
    if family == socket.AF_INET6 and address[8:20] == _MAPPED and len(address) >= 24:
        return socket.inet_ntoa(address[20:24])
    return socket.inet_ntoa(address[4:8]) if family == socket.AF_INET else ""


def home(address: bytes, ip: bytes, *, listens: bool) -> bytes:
    """A `sockaddr` as the pod means it, for a server or for a client.

    A server that leaves the port open is a client in truth, and those may go anywhere.
    """
    if len(address) < _SHORTEST:
        return address
    family, port = struct.unpack_from("=H", address)[0], struct.unpack_from("!H", address, 2)[0]
    if family == socket.AF_INET:
        start, here, own = 4, _HERE_4, ip
    elif family == socket.AF_INET6 and len(address) >= _ADDRESS_SIZE - 4:
        start, here, own = 8, _HERE_6, _MAPPED + ip
    else:
        return address
    end = start + len(own)
    if address[start:end] not in here or (listens and not port):
        return address
    if port in range(first_free_port()):
        port += UNPRIVILEGED
    return address[:2] + struct.pack("!H", port) + address[4:start] + own + address[end:]


def there(address: bytes, name_servers: Mapping[str, str]) -> bytes:
    """A `sockaddr` that a client means, where the pod's own server or port is another one."""
    host = host_of(address)
    (port,) = struct.unpack_from("!H", address, 2) if host else (0,)
    if port == _DNS_PORT and host in name_servers:
        host = name_servers[host]
    port = real_port(host, port)
    # Of IPv4 only: the cluster has no other addresses, and nor have most machines' name servers.
    if len(address) < _SHORTEST or struct.unpack_from("=H", address)[0] != socket.AF_INET:
        return address
    return address[:2] + struct.pack("!H", port) + socket.inet_aton(host) + address[8:]
