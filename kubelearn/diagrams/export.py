"""Pictures as files: SVG as it is, PNG by resvg, graphs in Graphviz's language too.

resvg is a Rust library with wheels for Linux, macOS and Windows, and needs nothing besides;
CairoSVG needs libcairo, which has none. Text takes the fonts of this machine. A file is whole or it
is not there: it gets its name only when all of it is on the disk.
"""

from __future__ import annotations

import errno
import os
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

from kubelearn.errors import KubelearnError

if TYPE_CHECKING:
    from graphviz import Digraph

SUFFIXES = (".svg", ".png")
_DOT = ".dot"

# Passed on to resvg.
_OPTIONS: dict[str, Any] = {}
# What `sans-serif` may be, the first that this machine has.
_FAMILIES = ("DejaVu Sans", "Liberation Sans", "Noto Sans", "Arial", "Helvetica", "FreeSans")
_PROBE = (
    '<svg xmlns="http://www.w3.org/2000/svg" width="40" height="20">'
    '<text x="2" y="16" font-family="sans-serif">{}</text></svg>'
)


class Drawn(Protocol):
    """What can draw itself, as widgets can."""

    def picture(self) -> str:
        """The picture as SVG."""
        ...


@runtime_checkable
class Graphed(Protocol):
    """What can say itself in Graphviz's language, as graphs can."""

    def digraph(self) -> Digraph:
        """The graph, to be changed, printed or given to `dot`."""
        ...


def export(picture: str | Drawn, path: str | Path, *, scale: float = 2) -> Path:
    """Write a picture, or a widget's picture, to a file whose suffix says how; where it is.

    `scale` is how many pixels of a PNG one of the picture's units has. Raises KubelearnError for
    another suffix, for what is no picture, and where the file cannot be written; an older file of
    that name stays then as it was. What has a `digraph` can be written as `.dot` too.
    """
    target = Path(path).expanduser().resolve()
    suffix = target.suffix.lower()
    suffixes = (*SUFFIXES, _DOT) if isinstance(picture, Graphed) else SUFFIXES
    if suffix not in suffixes:
        raise KubelearnError(
            f"{target.name}: pictures cannot be written as {suffix or 'a file without a suffix'}",
            hint=f"end the name with {' or '.join(suffixes)}",
        )
    if suffix == _DOT and isinstance(picture, Graphed):
        _write(target, picture.digraph().source.encode())
        return target
    drawn = picture if isinstance(picture, str) else picture.picture()
    if not drawn.lstrip().startswith("<svg"):
        raise KubelearnError("this is no picture: its text does not begin with <svg")
    content = drawn.encode() if suffix == ".svg" else to_png(drawn, scale=scale)
    _write(target, content)
    return target


def to_png(picture: str, *, scale: float = 2) -> bytes:
    """A picture as PNG. Raises KubelearnError if it cannot be read, or no font can be found."""
    return _render(picture, zoom=scale, sans_serif_family=_family(), **_OPTIONS)


def _render(picture: str, **options: Any) -> bytes:
    # Loaded only here: most who draw never write a PNG.
    import resvg_py

    try:
        return bytes(resvg_py.svg_to_bytes(svg_string=picture, **options))
    except ValueError as error:
        raise KubelearnError(f"this picture cannot be drawn: {error}") from None


@cache
def _family() -> str:
    """A font that is there: with none, resvg leaves all text out and says nothing."""
    for family in _FAMILIES:
        options = {"sans_serif_family": family, **_OPTIONS}
        if _render(_PROBE.format("kube"), **options) != _render(_PROBE.format(""), **options):
            return family
    raise KubelearnError(
        f"none of these fonts is on this machine: {', '.join(_FAMILIES)}",
        hint="sudo apt-get install fonts-dejavu-core, or write the picture as .svg",
    )


def _write(target: Path, content: bytes) -> None:
    """Write beside it first, so that nobody ever sees half a file."""
    part = target.with_name(f".{target.name}.{os.getpid()}.part")
    try:
        try:
            with part.open("wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            part.replace(target)
        finally:
            part.unlink(missing_ok=True)
    except OSError as error:
        raise _cannot(target, error) from None


def _cannot(target: Path, error: OSError) -> KubelearnError:
    folder = target.parent
    if not folder.exists():
        return KubelearnError(
            f"cannot write {target.name}: there is no folder {folder}", hint=f"mkdir -p {folder}"
        )
    hints = {
        errno.EACCES: f"choose a folder that you may write to; {folder} is not one",
        errno.EROFS: f"choose another folder; {folder} can only be read",
        errno.ENOSPC: f"make room on the disk of {folder}, or choose another one",
        errno.EISDIR: "that is a folder; name a file in it",
    }
    reason = os.strerror(error.errno) if error.errno else str(error)
    return KubelearnError(
        f"cannot write {target}: {reason}", hint=hints.get(error.errno or 0, "choose another path")
    )
