"""SPDY's frames: what a session makes of them, and what it sends."""

import asyncio
import hashlib
import struct
import zlib

import pytest

from kubelearn.embedded.kubelet import spdy
from kubelearn.embedded.kubelet.spdy import DICTIONARY, Frame, Session, SpdyError
from tests.embedded.kubelet.spdyclient import SpdyClient


class Wire:
    """Two ends in memory: the session's pipe, and `client` for the other one."""

    def __init__(self, make):
        self._here, self._there = asyncio.StreamReader(), asyncio.StreamReader()
        self.read = self._here.readexactly
        self.client = make(self._there.readexactly, self._send)
        self.hang_up = self._here.feed_eof

    async def write(self, data):
        self._there.feed_data(data)

    async def _send(self, data):
        self._here.feed_data(data)


@pytest.fixture
async def wire():
    return Wire(SpdyClient)


@pytest.fixture
async def opened(wire):
    """The streams that a running session has been given."""
    streams = []
    task = asyncio.create_task(Session(wire, streams.append).run())
    yield streams
    wire.hang_up()
    await task


def test_the_dictionary_is_the_protocols():
    # Of headerDictionary in moby/spdystream.
    assert hashlib.sha256(DICTIONARY).hexdigest().startswith("51d27341373f923f3cd88e1eb7162aea")


async def test_a_stream_is_opened_with_headers_and_answered(wire, opened):
    await wire.client.open(1, streamType="data", port="80")
    await wire.client.open(3, streamType="error", port="80")
    kind, payload = await wire.client.frame()
    assert (kind, payload[:4]) == (Frame.SYN_REPLY, struct.pack(">I", 1))
    await wire.client.frame()
    # The second block refers to what the first one said: they share one compressor.
    assert [stream.headers for stream in opened] == [
        {"streamtype": "data", "port": "80"},
        {"streamtype": "error", "port": "80"},
    ]


async def test_data_flows_both_ways_and_each_has_its_end(wire, opened):
    await wire.client.open(1, streamType="data")
    await wire.client.frame()
    await wire.client.send(1, b"hello")
    await wire.client.send(1, b"", last=True)
    (stream,) = opened
    assert [await stream.read(), await stream.read()] == [b"hello", b""]
    await stream.write(b"answer")
    await stream.finish()
    assert await wire.client.frame() == (1, b"answer", False)
    assert await wire.client.frame() == (1, b"", True)


async def test_much_data_goes_in_several_frames(wire, opened):
    await wire.client.open(1, streamType="data")
    await wire.client.frame()
    await opened[0].write(bytes(100_000))
    sizes = [len((await wire.client.frame())[1]) for _ in range(2)]
    assert sum(sizes) == 100_000


async def test_a_reset_ends_a_stream(wire, opened):
    await wire.client.open(1, streamType="data")
    await wire.client.frame()
    await wire.client.control(Frame.RST_STREAM, struct.pack(">II", 1, spdy.CANCEL))
    assert await opened[0].read() == b""
    await opened[0].write(b"lost")
    await wire.client.control(Frame.PING, struct.pack(">I", 1))
    assert await wire.client.frame() == (Frame.PING, struct.pack(">I", 1))


async def test_the_clients_going_ends_all_streams(wire, opened):
    await wire.client.open(1, streamType="data")
    await wire.client.frame()
    wire.hang_up()
    assert await opened[0].read() == b""


async def test_a_stream_that_is_not_wanted_is_reset(wire):
    def refuse(stream):
        raise ValueError("no")

    task = asyncio.create_task(Session(wire, refuse).run())
    await wire.client.open(1, streamType="data")
    assert await wire.client.frame() == (Frame.RST_STREAM, struct.pack(">II", 1, spdy.CANCEL))
    await wire.client.control(Frame.GOAWAY, bytes(8))
    await task


@pytest.mark.parametrize("number", [2, 1])
async def test_numbers_of_streams_are_odd_and_rise(wire, opened, number):
    await wire.client.open(1, streamType="data")
    await wire.client.frame()
    await wire.client.open(number, streamType="data")
    expected = struct.pack(">II", number, spdy.PROTOCOL_ERROR)
    assert await wire.client.frame() == (Frame.RST_STREAM, expected)


@pytest.mark.parametrize(
    "frame",
    [
        struct.pack(">II", 0x80020001, 0),  # version 2
        spdy.control(Frame.SYN_STREAM, bytes(4)),
        spdy.control(Frame.SYN_STREAM, struct.pack(">IIH", 1, 0, 0) + b"no compressed block"),
    ],
)
async def test_what_is_not_spdy_is_refused(wire, frame):
    await wire._send(frame)
    with pytest.raises(SpdyError):
        await Session(wire, lambda stream: None).run()


async def test_headers_may_not_grow_without_end(wire):
    deflate = zlib.compressobj(zdict=DICTIONARY)
    block = deflate.compress(bytes(2**20)) + deflate.flush(zlib.Z_SYNC_FLUSH)
    await wire._send(spdy.control(Frame.SYN_STREAM, struct.pack(">IIH", 1, 0, 0) + block))
    with pytest.raises(SpdyError, match="too long"):
        await Session(wire, lambda stream: None).run()
