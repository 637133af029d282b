"""Plain JSON and streams over the official client's connection, to a server of the test's own."""

from __future__ import annotations

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from kubernetes import client

from kubelearn.clusters.transport import impersonating, lines, send
from kubelearn.errors import ApiError


class Handler(BaseHTTPRequestHandler):
    """Tells the headers it got, streams a text, or refuses."""

    def do_GET(self):
        if self.path.startswith("/log"):
            self.answer(200, "text/plain", self.server.text)
        elif self.path == "/refused":
            self.answer(
                403, "application/json", b'{"kind": "Status", "message": "no", "code": 403}'
            )
        else:
            self.answer(200, "application/json", json.dumps(dict(self.headers)).encode())

    def answer(self, code, kind, body):
        self.send_response(code)
        self.send_header("Content-Type", kind)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


@pytest.fixture
def server():
    made = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    made.text = b""
    thread = threading.Thread(target=made.serve_forever, args=[0.05])
    thread.start()
    yield made
    made.shutdown()
    thread.join()
    made.server_close()


@pytest.fixture
def api(server):
    configuration = client.Configuration(host=f"http://127.0.0.1:{server.server_port}")
    connection = client.ApiClient(configuration)
    yield connection
    connection.rest_client.pool_manager.clear()


def test_another_user_is_named_and_the_own_connection_is_not_changed(api):
    other = impersonating(api, "kubelearn:view")
    assert send(other, "GET", "/").checked()["Impersonate-User"] == "kubelearn:view"
    own = send(api, "GET", "/").checked()
    assert "Impersonate-User" not in own
    assert own["User-Agent"] == api.user_agent
    other.rest_client.pool_manager.clear()


def test_a_stream_gives_whole_lines_and_the_rest(api, server):
    server.text = b"one\ntwo\nthe rest"
    assert list(lines(api, "/log")) == [b"one", b"two", b"the rest"]


def test_a_line_without_an_end_comes_in_pieces_and_none_is_kept_for_ever(api, server):
    server.text = b"short\n" + b"x" * 1_000_000 + b"\nlast\n"
    pieces = list(lines(api, "/log", longest=2**14))
    assert pieces[0] == b"short"
    assert pieces[-1] == b"last"
    assert b"".join(pieces[1:-1]) == b"x" * 1_000_000
    assert max(len(piece) for piece in pieces) <= 2**14 + 2**16


def test_a_refused_stream_raises_the_status(api):
    with pytest.raises(ApiError, match="no"):
        lines(api, "/refused")
