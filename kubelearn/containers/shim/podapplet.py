"""Runs an applet of BusyBox that takes a host's name, with the host's address in its place.

For containers that cannot have an `/etc/resolv.conf` of their own: BusyBox finds names by the
machine's file. Names that lead out of the cluster are left to it.

    podapplet.py BUSYBOX APPLET ARGUMENTS...
"""

from __future__ import annotations

import getopt
import os
import re
import socket
import sys
from collections.abc import Sequence

from kubelearn.containers.shim.podnames import Resolver
from kubelearn.containers.shim.podports import in_cluster, is_address, real_port

# The applets' options, so that a value is not taken for a host.
_OPTIONS = {
    "wget": "cqSO:o:P:T:t:U:Y:",
    "nc": "lkp:w:i:e:f:nuvzs:o:",
    "telnet": "ael:",
    "ping": "46c:s:t:w:W:i:I:qp:A",
}
_LONG_OPTIONS = {
    "wget": [
        "header=", "post-data=", "post-file=", "proxy=", "spider", "continue", "quiet",
        "server-response", "output-document=", "output-file=", "directory-prefix=", "timeout=",
        "tries=", "user-agent=", "no-check-certificate", "passive-ftp", "no-clobber", "no-parent",
    ],
}  # fmt: skip
_URL = re.compile(r"(?P<scheme>\w+://)?(?P<host>[^/?:@]+)(?::(?P<port>\d+))?(?P<path>[/?].*)?")


class Unknown(Exception):
    """Nobody knows the host."""


def rewrite(applet: str, arguments: Sequence[str], resolver: Resolver) -> list[str]:
    """The arguments with addresses for names. Raises Unknown."""
    if applet == "nslookup":
        return _nslookup(arguments, resolver)
    try:
        options, rest = getopt.gnu_getopt(
            arguments, _OPTIONS[applet], _LONG_OPTIONS.get(applet, [])
        )
    except getopt.GetoptError:
        return list(arguments)  # the applet itself says best what is wrong
    given = [word for option in options for word in _words(option)]
    if applet == "wget":
        for url in rest:
            given += _wget(url, resolver)
    elif rest:
        given += _host_and_port(rest, resolver)
    return given


def _words(option: tuple[str, str]) -> list[str]:
    name, value = option
    if name.startswith("--"):
        return [f"{name}={value}" if value else name]
    return [name, value] if value else [name]


def _wget(url: str, resolver: Resolver) -> list[str]:
    found = _URL.fullmatch(url)
    if found is None:
        return [url]
    scheme, host, port, path = (
        part or "" for part in found.group("scheme", "host", "port", "path")
    )
    address = _address(host, resolver)
    number = int(port or (443 if scheme == "https://" else 80))
    place = real_port(address, number)
    if (address, place) == (host, number):
        return [url]
    there = f"{address}:{place}" if port or place != number else address
    server = f"{host}:{port}" if port else host
    return ["--header", f"Host: {server}", f"{scheme}{there}{path}"]


def _host_and_port(words: list[str], resolver: Resolver) -> list[str]:
    host, *rest = words
    address = _address(host, resolver)
    if rest and rest[0].isdecimal():
        rest[0] = str(real_port(address, int(rest[0])))
    return [address, *rest]


def _nslookup(arguments: Sequence[str], resolver: Resolver) -> list[str]:
    words = [word for word in arguments if not word.startswith("-")]
    if len(words) != 1 or not resolver.servers:
        return list(arguments)
    name, server = words[0], resolver.servers[0]
    try:
        full = name if is_address(name) else resolver.find(name)[0]
    except socket.gaierror:
        full = name
    port = real_port(server, 53)
    options = [word for word in arguments if word.startswith("-")]
    return [*options, full, f"{server}:{port}" if port != 53 else server]


def _address(host: str, resolver: Resolver) -> str:
    try:
        [address, *_] = resolver.addresses(host)
    except socket.gaierror as error:
        raise Unknown(host) from error
    return address if in_cluster(address) else host


def main(busybox: str, applet: str, *arguments: str) -> None:
    """Become the applet."""
    resolver = Resolver(os.environ["KUBERNETES_RUNTIME_RESOLVER"])
    try:
        given = rewrite(applet, arguments, resolver)
    except Unknown as error:
        sys.exit(f"{applet}: bad address '{error}'")
    os.execv(busybox, [applet, *given])


if __name__ == "__main__":
    main(*sys.argv[1:])
