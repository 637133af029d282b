"""What stands in for nginx: it serves a folder on port 80 and logs as nginx does."""

import functools
import os
import signal
import sys
import time
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer

ROOT = "/usr/share/nginx/html"
PORT = 80


class Handler(SimpleHTTPRequestHandler):
    """Serves files, with an access log like nginx's."""

    def version_string(self) -> str:
        """What the Server header says."""
        return "nginx-stand-in"

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """One line a request: the format that nginx calls combined."""
        moment = time.strftime("%d/%b/%Y:%H:%M:%S +0000", time.gmtime())
        agent, referer = self.headers.get("User-Agent", "-"), self.headers.get("Referer", "-")
        line = f'{self.client_address[0]} - - [{moment}] "{self.requestline}" {int(code):d} {size}'
        print(f'{line} "{referer}" "{agent}"', flush=True)


def main() -> None:
    """Serve until told to end."""
    # nginx ends at once on SIGTERM and slowly on SIGQUIT; there is nothing here to wait for.
    for number in (signal.SIGTERM, signal.SIGQUIT):
        signal.signal(number, lambda *_: os._exit(0))
    server = ThreadingHTTPServer(("", PORT), functools.partial(Handler, directory=ROOT))
    print(f"serving {ROOT} on port {server.server_port}", file=sys.stderr, flush=True)
    server.serve_forever()


if __name__ == "__main__":
    main()
