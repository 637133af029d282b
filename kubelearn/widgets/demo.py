"""Shows a widget on a page of its own, without Jupyter and without a cluster.

    python -m kubelearn.widgets.clustermap

A comm of ours relays between the widget and the page: its messages go out as server-sent events,
the page's come in as posts. Only this machine can reach the page.
"""

from __future__ import annotations

import argparse
import json
import queue
import sys
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, ClassVar

import comm
from comm.base_comm import BaseComm

from kubelearn.widgets.base import Widget
from kubelearn.widgets.simulation import SimulatedCluster

_STEP = 0.6

_PAGE = """<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>%(title)s</title>
<style>
  :root { color-scheme: light dark; }
  body { max-width: 960px; margin: 24px auto; padding: 0 16px; font-family: system-ui, sans-serif; }
  @media (prefers-color-scheme: dark) {
    :root { --jp-layout-color1: #212121; --jp-ui-font-color0: rgb(255 255 255 / 90%%); }
    body { background: #111; }
  }
  %(css)s
</style>
<div id="here"></div>
<script type="module">
  import widget from "/widget.js";
  const state = await (await fetch("/state")).json();
  const changed = {};
  const listeners = {};
  const post = (data) => fetch("/message", { method: "POST", body: JSON.stringify(data) });
  const model = {
    get: (name) => state[name],
    set: (name, value) => { state[name] = changed[name] = value; listeners[`change:${name}`]?.(); },
    save_changes: () => post({ method: "update", state: changed }),
    send: (content) => post({ method: "custom", content }),
    on: (name, callback) => { listeners[name] = callback; },
  };
  await widget.initialize?.({ model });
  widget.render({ model, el: document.getElementById("here") });
  new EventSource("/events").onmessage = (event) => {
    const data = JSON.parse(event.data);
    if (data.method === "custom") listeners["msg:custom"]?.(data.content);
    for (const [name, value] of Object.entries(data.method === "update" ? data.state : {})) {
      state[name] = value;
      listeners[`change:${name}`]?.();
    }
  };
</script>
</html>
"""


class _Relay(BaseComm):
    """A comm whose other end is the page."""

    pages: ClassVar[set[queue.SimpleQueue[Any]]] = set()

    def publish_msg(
        self,
        msg_type: str,
        data: dict[str, Any] | None = None,
        metadata: dict[str, Any] | None = None,
        buffers: list[bytes] | None = None,
        **keys: Any,
    ) -> None:
        for page in list(self.pages):
            page.put(data)


def run(make: Callable[[SimulatedCluster], Widget], *, title: str) -> None:
    """A demo's command line: serve the widget on a simulated cluster, or write its picture."""
    parser = argparse.ArgumentParser(description=f"{title} without a cluster")
    parser.add_argument("--port", type=int, default=0, help="default: any free one")
    parser.add_argument("--svg", action="store_true", help="print the static picture and end")
    options = parser.parse_args()
    comm.create_comm = _Relay
    cluster = SimulatedCluster()
    cluster.settle()
    widget = make(cluster)
    if options.svg:
        sys.stdout.write(widget.picture() + "\n")
        return
    threading.Thread(target=_keep_moving, args=[cluster], daemon=True).start()
    with serve(widget, port=options.port, title=title) as server:
        print(f"{title} on a simulated cluster: http://127.0.0.1:{server.server_port}/")
        print("Ctrl-C ends it.")
        try:
            server.serve_forever()
        except KeyboardInterrupt:
            widget.close()


def serve(widget: Widget, *, port: int, title: str) -> ThreadingHTTPServer:
    """A server, not running yet, whose page shows the widget."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            if self.path == "/events":
                self._answer("text/event-stream", _events())
                return
            kind, text = {
                "/": ("text/html", _PAGE % {"title": title, "css": widget._css}),
                "/widget.js": ("text/javascript", str(widget._esm)),
                "/state": ("application/json", json.dumps(widget.get_state(), default=str)),
            }.get(self.path, ("text/plain", "no such page"))
            self._answer(f"{kind}; charset=utf-8", iter([text]))

        def do_POST(self) -> None:
            data = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            widget.comm.handle_msg({"content": {"data": data}, "buffers": []})
            self._answer("text/plain", iter(()))

        def _answer(self, kind: str, pieces: Iterator[str]) -> None:
            self.send_response(200)
            self.send_header("Content-Type", kind)
            self.end_headers()
            try:
                for piece in pieces:
                    self.wfile.write(piece.encode())
                    self.wfile.flush()
            except ConnectionError:
                return  # the page was closed

        def log_message(self, *_: object) -> None:
            """Nobody reads a demo's access log."""

    server = ThreadingHTTPServer(("127.0.0.1", port), Handler)
    server.daemon_threads = True
    return server


def _events() -> Iterator[str]:
    page: queue.SimpleQueue[Any] = queue.SimpleQueue()
    _Relay.pages.add(page)
    try:
        while True:
            yield f"data: {json.dumps(page.get())}\n\n"
    finally:
        _Relay.pages.discard(page)


def _keep_moving(cluster: SimulatedCluster) -> None:
    while True:
        time.sleep(_STEP)
        cluster.step()
