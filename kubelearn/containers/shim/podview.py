"""Makes a Python program see its pod instead of the machine, in the process runtime.

A plain process shares the machine's network and files. Every Python of a container loads this
module first: listening anywhere or on localhost means the pod's own address, so that three pods can
all have port 8080; the host's name is the pod's; and paths of volumes and of /tmp lead to the
container's private folder. It asks the environment, which the runtime has set, and does nothing
without it. Programs in other languages, and files that C code opens, are not reached.
"""

import builtins
import io
import os
import socket
import sys
from collections.abc import Callable
from typing import Any

_EVERYWHERE = {"", "0.0.0.0", "127.0.0.1", "localhost", "::", "::1"}
_TAKING_PATHS = (
    "access", "chmod", "chdir", "link", "listdir", "lstat", "mkdir", "open", "readlink", "remove",
    "rename", "replace", "rmdir", "scandir", "stat", "symlink", "truncate", "unlink", "utime",
)  # fmt: skip
# Where a port goes that only root may have: 80 to 8080, 443 to 8443.
_UNPRIVILEGED = 8000
_FIRST_FREE_PORT = "/proc/sys/net/ipv4/ip_unprivileged_port_start"


def see_address(ip: str, name: str) -> None:
    """Let sockets mean the pod when they say "here"."""
    plain: type[socket.socket] = socket.socket
    bind, connect, connect_ex = plain.bind, plain.connect, plain.connect_ex
    getaddrinfo = socket.getaddrinfo

    def own(family: int, address: Any) -> Any:
        if family not in (socket.AF_INET, socket.AF_INET6) or address[0] not in _EVERYWHERE:
            return address
        return (ip if family == socket.AF_INET else f"::ffff:{ip}", *address[1:])

    kept_ports = range(first_free_port())

    def there(family: int, address: Any) -> Any:
        address = own(family, address)
        # Pods and Services of this cluster that wanted such a port could not have it either.
        if family == socket.AF_INET and address[1] in kept_ports and in_cluster(address[0]):
            return (address[0], address[1] + _UNPRIVILEGED)
        return address

    def bind_in_pod(self: socket.socket, address: Any) -> None:
        address = own(self.family, address)
        try:
            bind(self, address)
        except PermissionError:
            port = address[1] + _UNPRIVILEGED
            print(
                f"port {address[1]} is kept for root on this machine, listening on {port} instead",
                file=sys.stderr,
            )
            bind(self, (address[0], port, *address[2:]))

    def only_ipv4(*args: Any, **options: Any) -> list[Any]:
        found = getaddrinfo(*args, **options)
        return [item for item in found if item[0] == socket.AF_INET] or found

    changes: dict[Any, dict[str, Any]] = {
        plain: {
            "bind": bind_in_pod,
            "connect": lambda self, address: connect(self, there(self.family, address)),
            "connect_ex": lambda self, address: connect_ex(self, there(self.family, address)),
        },
        socket: {"getaddrinfo": only_ipv4, "gethostname": lambda: name, "has_ipv6": False},
    }
    for owner, attributes in changes.items():
        for attribute, value in attributes.items():
            setattr(owner, attribute, value)


def first_free_port() -> int:
    """The first port that this process may listen on."""
    if os.geteuid() == 0:
        return 0
    try:
        with open(_FIRST_FREE_PORT) as setting:
            return int(setting.read())
    except (OSError, ValueError):
        return 1024


def in_cluster(host: Any) -> bool:
    """Whether that is an address of a node, a pod or a Service of an embedded cluster."""
    first, _, rest = str(host).partition(".")
    second = rest.partition(".")[0]
    return first == "127" and second.isdecimal() and 64 <= int(second) < 127


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
if "KUBERNETES_RUNTIME_POD_IP" in _env:
    see_address(_env["KUBERNETES_RUNTIME_POD_IP"], _env.get("HOSTNAME", ""))
    see_files(
        _env["KUBERNETES_RUNTIME_ROOT"],
        [path for path in _env["KUBERNETES_RUNTIME_PRIVATE"].split(":") if path],
    )
