"""Finds names as a pod's `/etc/hosts` and `/etc/resolv.conf` say, in the process runtime.

Stands for the resolver of a container's C library (`resolv.conf(5)`), which reads the machine's
files instead where a container cannot have a view of its own. Only IPv4 addresses are looked for,
as a cluster has no others. The standard library is all that this needs.
"""

from __future__ import annotations

import os
import random
import socket
import struct
from collections.abc import Iterator

from kubelearn.containers.shim.podports import is_address, real_port
from kubelearn.dnsmessage import (
    NOERROR,
    NXDOMAIN,
    PTR,
    A,
    BadMessage,
    Message,
    addresses,
    decode,
    encode,
    reverse_name,
)

_PORT = 53
_ATTEMPTS, _SECONDS = 2, 5.0
_NO_NAME = (socket.EAI_NONAME, "Name or service not known")
_NO_ANSWER = (socket.EAI_AGAIN, "Temporary failure in name resolution")


class Resolver:
    """Looks names up; `folder` is where the pod's `hosts` and `resolv.conf` lie."""

    def __init__(self, folder: str) -> None:
        self._folder = folder
        self.servers: list[str] = []
        self._searches: list[str] = []
        self._options: dict[str, str] = {}
        for word, *rest in self._lines("resolv.conf"):
            if word == "nameserver":
                self.servers += rest[:1]
            elif word == "search":
                self._searches = rest
            elif word == "options":
                self._options |= {name: value for name, _, value in map(_option, rest)}

    def addresses(self, name: str) -> list[str]:
        """The addresses of a host. Raises socket.gaierror."""
        if is_address(name):
            return [name]
        known = [ip for ip, *names in self._lines("hosts") if name in names and ":" not in ip]
        return known or self.find(name)[1]

    def find(self, name: str) -> tuple[str, list[str]]:
        """The full name and the addresses that the DNS has. Raises socket.gaierror."""
        for candidate in self._candidates(name):
            answer = self._ask(candidate, A)
            if found := list(addresses(answer)):
                return candidate, found
        raise socket.gaierror(*_NO_NAME)

    def name_of(self, address: str) -> str:
        """The host's name. Raises socket.gaierror."""
        for ip, *names in self._lines("hosts"):
            if ip == address and names:
                return names[0]
        for record in self._ask(reverse_name(address), PTR).answers:
            if record.type == PTR:
                return str(record.data)
        raise socket.gaierror(*_NO_NAME)

    def _candidates(self, name: str) -> Iterator[str]:
        """The full names that a name may stand for, in the order in which they are tried."""
        if name.endswith("."):
            yield name[:-1]
            return
        complete = name.count(".") >= int(self._options.get("ndots") or 1)
        if complete:
            yield name
        for domain in self._searches:
            yield f"{name}.{domain}"
        if not complete:
            yield name

    def _ask(self, name: str, kind: int) -> Message:
        try:
            query = encode(Message(random.getrandbits(16), name, kind))
        except BadMessage:
            raise socket.gaierror(*_NO_NAME) from None
        seconds = float(self._options.get("timeout") or _SECONDS)
        for _ in range(int(self._options.get("attempts") or _ATTEMPTS)):
            for server in self.servers:
                try:
                    answer = decode(_exchange(query, server, seconds))
                except (OSError, BadMessage):
                    continue
                if answer.rcode in (NOERROR, NXDOMAIN):
                    return answer
        raise socket.gaierror(*_NO_ANSWER)

    def _lines(self, file: str) -> Iterator[list[str]]:
        try:
            with open(os.path.join(self._folder, file)) as lines:
                for line in lines:
                    if words := line.partition("#")[0].split():
                        yield words
        except OSError:
            return


def _option(text: str) -> tuple[str, str, str]:
    return text.partition(":")


def _exchange(query: bytes, server: str, seconds: float) -> bytes:
    """One question by UDP, and again by TCP if the answer was too long. Raises OSError."""
    place = server, real_port(server, _PORT)
    family = socket.AF_INET6 if ":" in server else socket.AF_INET
    with socket.socket(family, socket.SOCK_DGRAM) as client:
        client.settimeout(seconds)
        client.connect(place)
        client.send(query)
        while (answer := client.recv(65535))[:2] != query[:2]:
            pass
    if not decode(answer).truncated:
        return answer
    with socket.socket(family, socket.SOCK_STREAM) as client, client.makefile("rb") as file:
        client.settimeout(seconds)
        client.connect(place)
        client.sendall(struct.pack("!H", len(query)) + query)
        (length,) = struct.unpack("!H", file.read(2))
        return file.read(length)
