"""DNS messages on the wire: RFC 1035, with SRV (RFC 2782) and larger datagrams (RFC 6891).

The cluster's DNS server speaks it, and so do the programs of containers that the process runtime
leads there; for them this module needs nothing but the standard library. Left out: classes other
than IN, DNSSEC, updates, zone transfers.
"""

from __future__ import annotations

import socket
import struct
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace

A, NS, CNAME, SOA, PTR, TXT, AAAA, SRV, OPT = 1, 2, 5, 6, 12, 16, 28, 33, 41
NOERROR, FORMERR, SERVFAIL, NXDOMAIN, NOTIMP, REFUSED = range(6)
PLAIN_SIZE = 512
"""What a datagram may hold if the client does not say that it takes more, in bytes."""

_IN = 1
_NAMES = (NS, CNAME, PTR)
_HEADER = struct.Struct("!6H")
_FIXED = struct.Struct("!2HIH")
_RESPONSE, _AUTHORITATIVE, _TRUNCATED, _DESIRED, _AVAILABLE = 0x8000, 0x400, 0x200, 0x100, 0x80
_LONGEST_LABEL, _LONGEST_NAME = 63, 253


class BadMessage(ValueError):
    """Bytes that are no DNS message, or a name that cannot be put into one."""


@dataclass(frozen=True)
class Record:
    """One resource record. The name has no dot at its end.

    `data` reads as in a zone file: `10.0.0.1`, `web.example.com`, `0 100 80 web.example.com`; of
    other types it is the bytes.
    """

    name: str
    type: int
    ttl: int
    data: str | bytes


@dataclass(frozen=True)
class Message:
    """A question, or the answer to one."""

    id: int
    name: str
    type: int
    response: bool = False
    opcode: int = 0
    rcode: int = NOERROR
    authoritative: bool = False
    truncated: bool = False
    answers: tuple[Record, ...] = ()
    authorities: tuple[Record, ...] = ()
    additionals: tuple[Record, ...] = ()
    udp_size: int | None = None
    """The largest datagram that the sender takes, in bytes, if it says so."""

    def reply(
        self,
        rcode: int = NOERROR,
        *,
        answers: Iterable[Record] = (),
        authorities: Iterable[Record] = (),
        additionals: Iterable[Record] = (),
    ) -> Message:
        """An authoritative answer to this question."""
        return replace(
            self,
            response=True,
            rcode=rcode,
            authoritative=True,
            answers=tuple(answers),
            authorities=tuple(authorities),
            additionals=tuple(additionals),
        )


# --- writing ---


@dataclass
class _Writer:
    data: bytearray = field(default_factory=bytearray)
    names: dict[str, int] = field(default_factory=dict)

    def name(self, name: str) -> None:
        """A name; the ends of names that were written before are pointed to."""
        while name:
            if (place := self.names.get(name)) is not None:
                self.data += struct.pack("!H", 0xC000 | place)
                return
            if len(self.data) < 0x4000:
                self.names[name] = len(self.data)
            label, _, name = name.partition(".")
            self.data += _label(label)
        self.data.append(0)

    def record(self, record: Record) -> None:
        self.name(record.name)
        self.data += _FIXED.pack(record.type, _IN, record.ttl, 0)
        start = len(self.data)
        self._record_data(record)
        struct.pack_into("!H", self.data, start - 2, len(self.data) - start)

    def _record_data(self, record: Record) -> None:
        data = record.data
        if isinstance(data, bytes):
            self.data += data
        elif record.type in (A, AAAA):
            self.data += socket.inet_pton(_family(record.type), data)
        elif record.type in _NAMES:
            self.name(data)
        elif record.type == SRV:
            *numbers, target = data.split()
            # Other software must not meet a pointer here (RFC 2782).
            self.data += struct.pack("!3H", *map(int, numbers)) + plain_name(target)
        elif record.type == SOA:
            server, mailbox, *numbers = data.split()
            self.name(server)
            self.name(mailbox)
            self.data += struct.pack("!5I", *map(int, numbers))
        else:
            self.data += bytes([len(data)]) + data.encode()


def encode(message: Message, *, limit: int | None = None) -> bytes:
    """The message's bytes; of one longer than `limit` only as many records as fit.

    Raises BadMessage.
    """
    sections = [list(message.answers), list(message.authorities), list(message.additionals)]
    writer = _Writer(bytearray(_HEADER.size))
    writer.name(message.name)
    writer.data += struct.pack("!2H", message.type, _IN)
    option = b"" if message.udp_size is None else b"\0" + _FIXED.pack(OPT, message.udp_size, 0, 0)
    room = (limit or 65535) - len(option)
    counts, truncated = [0, 0, 0], message.truncated
    for index, record in ((i, record) for i in range(3) for record in sections[i]):
        before = len(writer.data)
        writer.record(record)
        if len(writer.data) > room:
            del writer.data[before:]
            # What is missing of the additional records, nobody misses.
            truncated = truncated or index < 2
            break
        counts[index] += 1
    counts[2] += bool(option)
    flags = _flags(message, truncated=truncated)
    _HEADER.pack_into(writer.data, 0, message.id, flags, 1, *counts)
    return bytes(writer.data + option)


def _flags(message: Message, *, truncated: bool) -> int:
    flags = message.opcode << 11 | message.rcode | _DESIRED
    if message.response:
        flags |= _RESPONSE | _AVAILABLE
    return flags | _AUTHORITATIVE * message.authoritative | _TRUNCATED * truncated


def plain_name(name: str) -> bytes:
    """A name with all of its labels. Raises BadMessage."""
    return b"".join(map(_label, filter(None, name.split(".")))) + b"\0"


def _label(label: str) -> bytes:
    raw = label.encode("latin-1", "replace")
    if not 0 < len(raw) <= _LONGEST_LABEL:
        raise BadMessage(f"{label!r} is no label of a name")
    return bytes([len(raw)]) + raw


# --- reading ---


@dataclass
class _Reader:
    data: bytes
    place: int = 0

    def name(self) -> str:
        start = place = lowest = self.place
        labels = []
        while length := self.data[place]:
            if length >= 0xC0:
                (target,) = struct.unpack_from("!H", self.data, place)
                if lowest == start:
                    self.place = place + 2
                # Each pointer leads further back, so that no chain of them goes on for ever.
                place = target & 0x3FFF
                if place >= lowest:
                    raise BadMessage("a name that points forward")
                lowest = place
                continue
            label = self.data[place + 1 : place + 1 + length]
            if length > _LONGEST_LABEL or len(label) < length or b"." in label:
                raise BadMessage("a bad label")
            labels.append(label.decode("latin-1"))
            place += 1 + length
        if lowest == start:
            self.place = place + 1
        name = ".".join(labels)
        if len(name) > _LONGEST_NAME:
            raise BadMessage("a name that is too long")
        return name

    def take(self, form: struct.Struct) -> tuple[int, ...]:
        found = form.unpack_from(self.data, self.place)
        self.place += form.size
        return found

    def record(self) -> tuple[Record, int]:
        """A record and its class, which is a size in the case of OPT."""
        name = self.name()
        kind, group, ttl, length = self.take(_FIXED)
        end = self.place + length
        if end > len(self.data):
            raise BadMessage("a record that is cut off")
        data = self._record_data(kind, length)
        self.place = end
        return Record(name, kind, ttl, data), group

    def _record_data(self, kind: int, length: int) -> str | bytes:
        raw = self.data[self.place : self.place + length]
        if kind in (A, AAAA):
            return socket.inet_ntop(_family(kind), raw)
        if kind in _NAMES:
            return self.name()
        if kind == SRV:
            numbers = self.take(struct.Struct("!3H"))
            return " ".join([*map(str, numbers), self.name()])
        if kind == SOA:
            names = self.name(), self.name()
            return " ".join([*names, *map(str, self.take(struct.Struct("!5I")))])
        return raw


def decode(data: bytes) -> Message:
    """Read a message. Raises BadMessage."""
    try:
        return _decode(_Reader(data))
    except (IndexError, struct.error, ValueError) as error:
        raise error if isinstance(error, BadMessage) else BadMessage(str(error)) from error


def _decode(reader: _Reader) -> Message:
    number, flags, questions, *counts = reader.take(_HEADER)
    if questions != 1:
        raise BadMessage(f"{questions} questions")
    name = reader.name()
    kind, _ = reader.take(struct.Struct("!2H"))
    sections: list[tuple[Record, ...]] = []
    size = None
    for count in counts:
        found = [reader.record() for _ in range(count)]
        size = next((group for record, group in found if record.type == OPT), size)
        sections.append(tuple(record for record, _ in found if record.type != OPT))
    return Message(
        number,
        name,
        kind,
        response=bool(flags & _RESPONSE),
        opcode=flags >> 11 & 0xF,
        rcode=flags & 0xF,
        authoritative=bool(flags & _AUTHORITATIVE),
        truncated=bool(flags & _TRUNCATED),
        answers=sections[0],
        authorities=sections[1],
        additionals=sections[2],
        udp_size=size,
    )


def _family(kind: int) -> socket.AddressFamily:
    return socket.AF_INET if kind == A else socket.AF_INET6


def reverse_name(ip: str) -> str:
    """The name by which an IPv4 address is asked for: `1.0.0.10.in-addr.arpa`."""
    return ".".join([*reversed(ip.split(".")), "in-addr", "arpa"])


def addresses(message: Message) -> Iterator[str]:
    """The IPv4 addresses of an answer."""
    return (str(record.data) for record in message.answers if record.type == A)
