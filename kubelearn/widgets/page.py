"""A widget on a page of its own, without Jupyter: a little web server that only its owner can use.

A comm of ours relays between the widget and the page: its messages go out as server-sent events,
the page's come in as posts. What can act on a cluster must be shut for everybody else on this
machine and for every other page in the browser: it listens on the loopback address, wants a random
token (once in the address, then in a cookie), takes no request that was meant for another host (a
name that somebody's DNS leads here), and no message of another page. Whoever fails gets 403.
"""

from __future__ import annotations

import contextlib
import html
import json
import queue
import secrets
import socket
import threading
from collections.abc import Callable, Iterator
from http.cookies import CookieError, SimpleCookie
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib import resources
from typing import Any
from urllib.parse import SplitResult, parse_qs, urlsplit

import comm
from comm.base_comm import BaseComm

from kubelearn.errors import KubelearnError
from kubelearn.widgets.base import Widget

HOST = "127.0.0.1"
_MOST = 2**20  # bytes of a message
# A page that does not take its messages loses them; it notices by their revision, and asks again.
_BACKLOG = 100
# Only who writes notices that a page is closed.
_PING = 10.0
_PATIENCE = 5.0  # with connections that are to end
_POLL = 0.1  # how soon it notices that it shall end, in seconds
_FOLDER = resources.files("kubelearn.widgets")


class Relay(BaseComm):
    """A comm whose other end are the pages that are open."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        self._pages: dict[str, queue.Queue[Any]] = {}
        self._ended = False
        super().__init__(*arguments, **options)

    def publish_msg(
        self,
        msg_type: str,
        data: dict[str, Any] | None = None,
        metadata: dict[str, Any] | None = None,
        buffers: list[bytes] | None = None,
        **keys: Any,
    ) -> None:
        """Send a message to every page."""
        for page in list(self._pages.values()):
            with contextlib.suppress(queue.Full):
                page.put_nowait(data)

    def end(self) -> None:
        """Let every page go."""
        self._ended = True
        for page in list(self._pages.values()):
            with contextlib.suppress(queue.Full):
                page.put_nowait(None)

    def messages(self, name: str) -> Iterator[Any]:
        """What is sent to a page, from now on; None now and then, when there is nothing."""
        waiting = self._pages[name] = queue.Queue(_BACKLOG)
        return self._take(name, waiting)

    def _take(self, name: str, waiting: queue.Queue[Any]) -> Iterator[Any]:
        try:
            while not self._ended:
                try:
                    yield waiting.get(timeout=_PING)
                except queue.Empty:
                    yield None
        finally:
            self._pages.pop(name, None)


def relay() -> None:
    """Let widgets that are made from now on speak to pages instead of notebooks."""
    comm.create_comm = Relay


class PageServer(ThreadingHTTPServer):
    """Serves one widget; not running yet.

    `advice` is what to do when nothing is heard from here any more. Raises KubelearnError when
    the port is taken.
    """

    daemon_threads = True
    # Its address may be taken again at once after it has ended, but not while it runs.
    allow_reuse_address = True

    def __init__(self, make: Callable[[], Widget], *, port: int, title: str, advice: str) -> None:
        self._fewer = threading.Condition()
        self._open: set[Any] = set()
        try:
            super().__init__((HOST, port), _Handler)
        except OSError as error:
            raise KubelearnError(
                f"port {port} of this machine cannot be used: {error.strerror}",
                hint="--port 0 takes any free one",
            ) from error
        self.token = secrets.token_urlsafe(32)
        self.title = title
        self.advice = advice
        self.widget = make()
        # Cookies are not apart by port.
        self.cookie = f"kubelearn-{self.server_port}"

    @property
    def url(self) -> str:
        """The address with the token: whoever has it can use the page."""
        return f"http://{HOST}:{self.server_port}/?token={self.token}"

    def serve(self) -> None:
        """Serve until it is shut down or interrupted."""
        self.serve_forever(_POLL)

    def close(self) -> None:
        """End the widget and give the port back."""
        relay: Relay = self.widget.comm
        self.widget.close()
        relay.end()
        self.server_close()
        with self._fewer:
            for connection in self._open:
                with contextlib.suppress(OSError):
                    connection.shutdown(socket.SHUT_RDWR)
            self._fewer.wait_for(lambda: not self._open, timeout=_PATIENCE)

    def knows(self, token: str) -> bool:
        """Whether this is the token; takes as long for every wrong one."""
        return secrets.compare_digest(token.encode(), self.token.encode())

    def process_request(self, request: Any, client_address: Any) -> None:
        """Serve a connection in a thread of its own."""
        with self._fewer:
            self._open.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        """A connection is over."""
        super().shutdown_request(request)
        with self._fewer:
            self._open.discard(request)
            self._fewer.notify_all()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A page that was closed while it was written to is no error."""


class _Handler(BaseHTTPRequestHandler):
    server: PageServer
    # A client that says nothing must not keep its thread for ever.
    timeout = 60

    def do_GET(self) -> None:
        address = urlsplit(self.path)
        if not (self._is_for_us() and (self._knows_cookie() or self._knows_token(address))):
            self._refuse()
        elif address.path == "/":
            self._answer("text/html", page(self.server), cookie=True)
        elif address.path == "/widget.js":
            self._answer("text/javascript", str(self.server.widget._esm))
        elif address.path == "/page.js":
            self._answer("text/javascript", _FOLDER.joinpath("page.js").read_text())
        elif address.path == "/state":
            state = json.dumps(self.server.widget.get_state(), default=str)
            self._answer("application/json", state)
        elif address.path == "/events":
            self._stream(parse_qs(address.query).get("page", [""])[0])
        else:
            self._answer("text/plain", "no such page", code=404)

    def do_POST(self) -> None:
        ours = self.headers.get("Origin") == f"http://{self.headers.get('Host')}"
        length = self.headers.get("Content-Length", "")
        if not (self._is_for_us() and self._knows_cookie() and ours):
            self._refuse()
        elif self.path != "/message" or not length.isdecimal() or int(length) > _MOST:
            self._answer("text/plain", "no such message", code=400)
        else:
            self._take(self.rfile.read(int(length)))

    def _take(self, raw: bytes) -> None:
        try:
            message = {"content": {"data": json.loads(raw)}, "buffers": []}
        except ValueError:
            self._answer("text/plain", "not JSON", code=400)
            return
        self.server.widget.comm.handle_msg(message)
        self._answer("text/plain", "")

    # --- who is there -------------------------------------------------------------------------

    def _is_for_us(self) -> bool:
        port = self.server.server_port
        return self.headers.get("Host") in (f"{HOST}:{port}", f"localhost:{port}")

    def _knows_cookie(self) -> bool:
        try:
            found = SimpleCookie(self.headers.get("Cookie", "")).get(self.server.cookie)
        except CookieError:
            return False
        return found is not None and self.server.knows(found.value)

    def _knows_token(self, address: SplitResult) -> bool:
        """Only the page itself takes it; all that follows takes the cookie."""
        told = parse_qs(address.query).get("token", [""])[0]
        return address.path == "/" and self.server.knows(told)

    def _refuse(self) -> None:
        self._answer("text/plain", "403 Forbidden", code=403)

    # --- answers ------------------------------------------------------------------------------

    def _answer(self, kind: str, text: str, *, code: int = 200, cookie: bool = False) -> None:
        raw = text.encode()
        self._head(code, kind)
        self.send_header("Content-Length", str(len(raw)))
        if cookie:
            rules = "HttpOnly; SameSite=Strict; Path=/"
            self.send_header("Set-Cookie", f"{self.server.cookie}={self.server.token}; {rules}")
        self.end_headers()
        self.wfile.write(raw)

    def _head(self, code: int, kind: str) -> None:
        self.send_response(code)
        self.send_header("Content-Type", f"{kind}; charset=utf-8")
        self.send_header("Cache-Control", "no-store")
        self.send_header("X-Content-Type-Options", "nosniff")
        self.send_header("Referrer-Policy", "no-referrer")
        self.send_header("Cross-Origin-Resource-Policy", "same-origin")
        self.send_header("Content-Security-Policy", _POLICY)

    def _stream(self, name: str) -> None:
        """Messages as they come, until the page is closed; then its views are closed too."""
        self._head(200, "text/event-stream")
        self.end_headers()
        try:
            for data in self.server.widget.comm.messages(name):
                event = ":" if data is None else f"data: {json.dumps(data)}"
                self.wfile.write(f"{event}\n\n".encode())
                self.wfile.flush()
        except OSError:
            gone = {"type": "views", "page": name, "count": 0, "rev": 0}
            message = {"data": {"method": "custom", "content": gone}}
            self.server.widget.comm.handle_msg({"content": message, "buffers": []})

    def version_string(self) -> str:
        return "kubelearn"

    def log_message(self, *_: object) -> None:
        """Nobody reads an access log, and it would hold the token."""


# Nothing from elsewhere, and in nobody's frame. Widgets set styles of their elements.
_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'unsafe-inline'; connect-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)


def page(server: PageServer) -> str:
    """The page's HTML."""
    text = _FOLDER.joinpath("page.html").read_text()
    for name in ("title", "advice"):
        text = text.replace(f"%{name}%", html.escape(getattr(server, name)))
    return text.replace("%css%", str(server.widget._css))
