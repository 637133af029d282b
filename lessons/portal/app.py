"""The portal: a web page that greets, and says which pod served it."""

import os
import signal
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

GREETING = "Welcome to the portal"
POD = os.environ.get("HOSTNAME", "nobody knows where")


class Portal(BaseHTTPRequestHandler):
    def do_GET(self):
        text = f"{GREETING}! Served by {POD}.\n"
        self.send_response(200)
        self.send_header("Content-Type", "text/plain; charset=utf-8")
        self.end_headers()
        self.wfile.write(text.encode())


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    print("the portal is open on port 8080", flush=True)
    ThreadingHTTPServer(("", 8080), Portal).serve_forever()
