"""Makes a Python program see its pod instead of the machine, in the process runtime.

A plain process shares the machine's network and files. Every Python of a container loads this
module first: listening anywhere or on localhost means the pod's own address, so that three pods can
all have port 8080, and whom it asks sees that address; the host's name is the pod's; and paths of
volumes and of /tmp lead to the container's private folder. It asks the environment, which the
runtime has set, and does nothing without it. Programs in other languages, and files that C code
opens, are not reached.
"""

import builtins
import io
import os
import socket
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from kubelearn.containers.shim.podports import UNPRIVILEGED, in_cluster, is_address, real_port

if TYPE_CHECKING:
    from kubelearn.containers.shim.podnames import Resolver

_EVERYWHERE = {"", "0.0.0.0", "127.0.0.1", "localhost", "::", "::1"}
_TAKING_PATHS = (
    "access", "chmod", "chdir", "link", "listdir", "lstat", "mkdir", "open", "readlink", "remove",
    "rename", "replace", "rmdir", "scandir", "stat", "symlink", "truncate", "unlink", "utime",
)  # fmt: skip

# Take a free port only when it is known for which connection: from linux/in.h.
_BIND_ADDRESS_NO_PORT = 24


class _PodSockets:
    """What sockets do when they mean the pod by "here"."""

    def __init__(self, ip: str) -> None:
        self._ip = ip
        self._bind = socket.socket.bind

    def bind(self, plain: socket.socket, address: Any) -> None:
        """Listen at the pod's address, and at another port where root keeps that one."""
        address = self._own(plain.family, address)
        try:
            self._bind(plain, address)
        except PermissionError:
            port = address[1] + UNPRIVILEGED
            print(
                f"port {address[1]} is kept for root on this machine, listening on {port} instead",
                file=sys.stderr,
            )
            self._bind(plain, (address[0], port, *address[2:]))

    def there(self, plain: socket.socket, address: Any) -> Any:
        """Where to send to, from the pod's address if that is in the cluster."""
        address = self._own(plain.family, address)
        if plain.family != socket.AF_INET:
            return address
        host = address[0] if is_address(address[0]) else socket.gethostbyname(address[0])
        if in_cluster(host) and plain.getsockname() == ("0.0.0.0", 0):
            plain.setsockopt(socket.IPPROTO_IP, _BIND_ADDRESS_NO_PORT, 1)
            self._bind(plain, (self._ip, 0))
        # Pods and Services of this cluster that wanted such a port could not have it either.
        return (host, real_port(host, address[1]))

    def _own(self, family: int, address: Any) -> Any:
        if family not in (socket.AF_INET, socket.AF_INET6) or address[0] not in _EVERYWHERE:
            return address
        return (self._ip if family == socket.AF_INET else f"::ffff:{self._ip}", *address[1:])


def see_address(ip: str, name: str) -> None:
    """Let sockets mean the pod when they say "here"."""
    plain: type[socket.socket] = socket.socket
    connect, connect_ex = plain.connect, plain.connect_ex
    sendto: Callable[..., int] = plain.sendto
    getaddrinfo = socket.getaddrinfo
    pod = _PodSockets(ip)

    def only_ipv4(*args: Any, **options: Any) -> list[Any]:
        found = getaddrinfo(*args, **options)
        return [item for item in found if item[0] == socket.AF_INET] or found

    changes: dict[Any, dict[str, Any]] = {
        plain: {
            "bind": lambda self, address: pod.bind(self, address),
            "connect": lambda self, address: connect(self, pod.there(self, address)),
            "connect_ex": lambda self, address: connect_ex(self, pod.there(self, address)),
            "sendto": lambda self, *args: sendto(self, *args[:-1], pod.there(self, args[-1])),
        },
        socket: {"getaddrinfo": only_ipv4, "gethostname": lambda: name, "has_ipv6": False},
    }
    for owner, attributes in changes.items():
        for attribute, value in attributes.items():
            setattr(owner, attribute, value)


def see_names(folder: str) -> None:
    """Let names mean what the pod's own files say."""
    getaddrinfo = socket.getaddrinfo

    def resolver() -> "Resolver":
        # Only now, as most programs start without; and anew each time, as files may change.
        from kubelearn.containers.shim.podnames import Resolver

        return Resolver(folder)

    def is_name(host: Any) -> bool:
        return isinstance(host, str) and host not in _EVERYWHERE and not is_address(host)

    def by_name(host: Any, *args: Any, **options: Any) -> list[Any]:
        host = host.decode() if isinstance(host, bytes) else host
        found = resolver().addresses(host) if is_name(host) else [host]
        return [item for each in found for item in getaddrinfo(each, *args, **options)]

    def host_by_address(host: str) -> tuple[str, list[str], list[str]]:
        [address, *_] = resolver().addresses(host)
        return resolver().name_of(address), [], [address]

    changes = {
        "getaddrinfo": by_name,
        "gethostbyname": lambda host: by_name(host, None)[0][4][0],
        "gethostbyname_ex": lambda host: (host, [], resolver().addresses(host)),
        "gethostbyaddr": host_by_address,
    }
    for name, function in changes.items():
        setattr(socket, name, function)


def see_files(root: str, private: list[str]) -> None:
    """Let paths lead to the container's folder if they are below a private one."""
    exact, below = frozenset(private), tuple(f"{path}/" for path in private)

    def real(path: Any) -> Any:
        text = path.__fspath__() if hasattr(path, "__fspath__") else path
        if not isinstance(text, str) or text.startswith(root):  # it leads there already
            return path
        return root + text if text in exact or text.startswith(below) else path

    def mapped(function: Callable[..., Any]) -> Callable[..., Any]:
        def call(*args: Any, **options: Any) -> Any:
            return function(*map(real, args), **options)

        # Library code asks by identity what a function of os can do.
        for able in (os.supports_dir_fd, os.supports_fd, os.supports_follow_symlinks):
            if function in able:
                able.add(call)
        return call

    for name in _TAKING_PATHS:
        setattr(os, name, mapped(getattr(os, name)))
    opening: Any = mapped(io.open)
    builtins.open = io.open = opening


_env = os.environ
if "KUBERNETES_RUNTIME_RESOLVER" in _env:
    see_names(_env["KUBERNETES_RUNTIME_RESOLVER"])
if "KUBERNETES_RUNTIME_POD_IP" in _env:
    see_address(_env["KUBERNETES_RUNTIME_POD_IP"], _env.get("HOSTNAME", ""))
    see_files(
        _env["KUBERNETES_RUNTIME_ROOT"],
        [path for path in _env["KUBERNETES_RUNTIME_PRIVATE"].split(":") if path],
    )
