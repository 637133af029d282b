"""Links in what comes through a proxy: they have to lead through the proxy too.

Stands for k8s.io/apimachinery `pkg/util/proxy/transport.go`. A tag is written anew only if one of
its links changes.
"""

from __future__ import annotations

import gzip
import posixpath
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from html import escape
from html.parser import HTMLParser
from urllib.parse import urlsplit, urlunsplit

# The attributes that hold addresses, of each tag that has such.
_LINKS = {
    "a": ("href",), "applet": ("codebase",), "area": ("href",), "audio": ("src",),
    "base": ("href",), "blockquote": ("cite",), "body": ("background",), "button": ("formaction",),
    "command": ("icon",), "del": ("cite",), "embed": ("src",), "form": ("action",),
    "frame": ("longdesc", "src"), "head": ("profile",), "html": ("manifest",),
    "iframe": ("longdesc", "src"), "img": ("longdesc", "src", "usemap"),
    "input": ("src", "usemap", "formaction"), "ins": ("cite",), "link": ("href",),
    "object": ("classid", "codebase", "data", "usemap"), "q": ("cite",), "script": ("src",),
    "source": ("src",), "video": ("poster", "src"),
}  # fmt: skip
_PACK: dict[str, tuple[Callable[[bytes], bytes], Callable[[bytes], bytes]]] = {
    "": (bytes, bytes),
    "gzip": (gzip.decompress, gzip.compress),
    "deflate": (lambda data: zlib.decompress(data, -zlib.MAX_WBITS), lambda data: _deflated(data)),
}


@dataclass(frozen=True)
class Links:
    """How addresses change on their way through a proxy."""

    prefix: str
    """The path of this server that leads to the target."""
    hosts: frozenset[str]
    """What the target is called, with its port: links to others are left alone."""

    def through(self, link: str) -> str:
        """A link of the target as one of this server."""
        try:
            parts = urlsplit(link)
        except ValueError:
            return link
        path = parts.path
        if (parts.netloc and parts.netloc not in self.hosts) or not path.startswith("/"):
            return link
        if not path.startswith(self.prefix):
            path = posixpath.normpath(self.prefix + path) + ("/" if path.endswith("/") else "")
        return urlunsplit(("", "", path, parts.query, parts.fragment))

    def rewritten(self, body: bytes, encoding: str) -> bytes:
        """A page with its links changed; as it is if it cannot be read."""
        if encoding not in _PACK:
            return body
        unpack, pack = _PACK[encoding]
        try:
            page = unpack(body).decode()
        except (OSError, ValueError, zlib.error):
            return body
        return pack(_Page(self).rewritten(page).encode())


def _deflated(data: bytes) -> bytes:
    packer = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    return packer.compress(data) + packer.flush()


class _Page(HTMLParser):
    """Finds the tags with links in a page."""

    def __init__(self, links: Links) -> None:
        super().__init__(convert_charrefs=False)
        self._links = links
        self._found: list[tuple[tuple[int, int], str, str]] = []

    def rewritten(self, page: str) -> str:
        """The page with links changed."""
        self.feed(page)
        self.close()
        starts = [0]
        for line in page.split("\n"):
            starts.append(starts[-1] + len(line) + 1)
        parts, last = [], 0
        for (line_number, column), old, new in self._found:
            at = starts[line_number - 1] + column
            parts += [page[last:at], new]
            last = at + len(old)
        return "".join([*parts, page[last:]])

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note a tag that has to be written anew."""
        names = _LINKS.get(tag, ())
        changed = [
            (name, self._links.through(value) if value and name in names else value)
            for name, value in attrs
        ]
        if changed != attrs:
            old = self.get_starttag_text() or ""
            end = "/>" if old.endswith("/>") else ">"
            text = "".join(
                f" {name}" if value is None else f' {name}="{escape(value)}"'
                for name, value in changed
            )
            self._found.append((self.getpos(), old, f"<{tag}{text}{end}"))

    handle_startendtag = handle_starttag
