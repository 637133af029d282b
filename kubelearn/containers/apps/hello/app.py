"""A small web app for pods to run: it says which pod answered, and fails when it is told to.

    GET /            Hello from POD, version V
    GET /api         the same and more, as JSON
    GET /healthz     liveness: 200 as long as the app runs
    GET /readyz      readiness: 200, or 500 while it starts, ends, is told to fail, or is broken
    GET /work?ms=50  the same as / after computing that long
    GET /fail        turn readiness off, or on again
    GET /crash       answer, then exit with code 1

Settings come from the environment: PORT, VERSION, COLOR, STARTUP_SECONDS (not ready before),
SHUTDOWN_SECONDS (how long ending takes after SIGTERM). A version that ends in "broken" never
gets ready. It uses sockets and threads directly, since it starts in a third of the time, and half
the memory, that http.server takes.
"""

import os
import signal
import socket
import threading
import time
from contextlib import suppress

POD = os.environ.get("HOSTNAME") or socket.gethostname()
VERSION = os.environ.get("VERSION", "1.0")
REASONS = {200: "OK", 404: "Not Found", 405: "Method Not Allowed", 500: "Internal Server Error"}


def log(text: str) -> None:
    """Write a line in one go: `print` can neither be interrupted by a signal's handler that prints
    too, nor keep the lines of threads apart."""
    os.write(1, f"{text}\n".encode())


class App:
    """What the app knows, and its answers."""

    def __init__(self, startup_seconds: float) -> None:
        self.started = time.time()
        self.ready_at = time.monotonic() + startup_seconds
        self.requests = 0
        self.failing = VERSION.endswith("broken")
        self.ending = False

    def answer(self, path: str, query: dict[str, str]) -> tuple[int, str]:
        """The status and text for one request."""
        if path in ("/", "/work"):
            compute(float(query.get("ms") or 0) / 1000 if path == "/work" else 0)
            return 200, f"Hello from {POD}, version {VERSION}\n"
        if path == "/api":
            return 200, self.as_json()
        if path == "/healthz":
            return 200, "ok\n"
        if path == "/readyz":
            return (200, "ready\n") if self.ready() else (500, "not ready\n")
        if path == "/fail":
            self.failing = not self.failing
            return 200, f"readiness is {'off' if self.failing else 'on'}\n"
        if path == "/crash":
            return 200, "crashing\n"
        return 404, "not found\n"

    def ready(self) -> bool:
        """Whether traffic should come."""
        return not self.failing and not self.ending and time.monotonic() >= self.ready_at

    def as_json(self) -> str:
        """What programs want to know."""
        import json  # only here, because it takes as long to load as all the rest

        return json.dumps(
            {
                "pod": POD,
                "version": VERSION,
                "color": os.environ.get("COLOR"),
                "started": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(self.started)),
                "requests": self.requests,
            }
        )

    def serve(self, connection: socket.socket) -> None:
        """Answer the one request of a connection, and close it."""
        with connection:
            connection.settimeout(10)
            try:
                method, target = read_request(connection)
            except (OSError, ValueError):
                return
            path, _, query = target.partition("?")
            self.requests += 1
            if method in ("GET", "HEAD"):
                pairs = (pair.partition("=") for pair in query.split("&"))
                status, text = self.answer(path, {name: value for name, _, value in pairs})
            else:
                status, text = 405, "only GET\n"
            respond(connection, status, text, head=method == "HEAD")
        log(f"{method} {target} {status}")
        if path == "/crash":
            log("crashing, as asked")
            os._exit(1)

    def end(self, *_: object) -> None:
        """What SIGTERM does: not ready any more, then gone."""
        self.ending = True
        seconds = float(os.environ.get("SHUTDOWN_SECONDS") or 0)
        log(f"SIGTERM: ending in {seconds:g} s")
        threading.Thread(target=leave, args=(seconds,), daemon=True).start()


def compute(seconds: float) -> None:
    """Use the processor that long."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        sum(range(1000))


def leave(seconds: float) -> None:
    """Say goodbye after a while; exit at once then, whatever other threads do."""
    time.sleep(seconds)
    log("bye")
    os._exit(0)


def read_request(connection: socket.socket) -> tuple[str, str]:
    """The method and target of a request; its headers are read and ignored."""
    data = b""
    while b"\r\n\r\n" not in data:
        piece = connection.recv(4096)
        if not piece or len(data) > 65536:
            raise ValueError("no complete request")
        data += piece
    method, target, _ = data.split(b"\r\n", 1)[0].decode("latin-1").split(" ")
    return method, target


def respond(connection: socket.socket, status: int, text: str, *, head: bool) -> None:
    """Send an answer; without its body when only the head was asked for."""
    body = text.encode()
    kind = "application/json" if text.startswith("{") else "text/plain; charset=utf-8"
    lines = (
        f"HTTP/1.1 {status} {REASONS[status]}",
        f"Content-Type: {kind}",
        f"Content-Length: {len(body)}",
        "Connection: close",
    )
    with suppress(OSError):  # the client may not have waited
        connection.sendall("\r\n".join(lines).encode() + b"\r\n\r\n" + (b"" if head else body))


def main() -> None:
    """Listen, and serve each connection in a thread."""
    port = int(os.environ.get("PORT") or 8080)
    app = App(float(os.environ.get("STARTUP_SECONDS") or 0))
    signal.signal(signal.SIGTERM, app.end)
    listener = socket.create_server(("", port), backlog=128)
    log(f"hello {VERSION}: {POD} listens on port {port}")
    while True:
        connection, _ = listener.accept()
        threading.Thread(target=app.serve, args=(connection,), daemon=True).start()


if __name__ == "__main__":
    main()
