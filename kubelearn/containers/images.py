"""Images: their names, what they say about running them, and which ones a node has.

An image's name is read as container tools read it (`distribution/reference`): the domain defaults
to docker.io, a name without a slash lies in `library`, the tag defaults to `latest`. What images
are made of is the business of `imagestore`.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from kubelearn.errors import ContainerError

PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
_DOMAIN = "docker.io"

_PART = r"[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*"
_REFERENCE = re.compile(
    rf"(?P<path>{_PART}(?:/{_PART})*)(?::(?P<tag>\w[\w.-]{{0,127}}))?(?:@(?P<digest>sha256:[0-9a-f]{{64}}))?",
    re.ASCII,
)
_HOST = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?(?::\d+)?", re.ASCII)


class InvalidImageName(ContainerError):
    """The text is no image's name."""


class PullError(ContainerError):
    """An image cannot be brought to the node."""


@dataclass(frozen=True, slots=True)
class Reference:
    """A complete image name."""

    domain: str
    path: str
    tag: str
    digest: str = ""

    @classmethod
    def parse(cls, text: str) -> Reference:
        """Read a name as people write it. Raises InvalidImageName in upstream's words."""
        host, slash, rest = text.partition("/")
        named = slash and (host == "localhost" or re.search("[.:A-Z]", host) is not None)
        domain, path = (host, rest) if named else (_DOMAIN, text)
        if domain == _DOMAIN and "/" not in path:
            path = f"library/{path}"
        found = _REFERENCE.fullmatch(path)
        if not found or not _HOST.fullmatch(domain):
            name = path.partition("@")[0].partition(":")[0]
            detail = f": repository name ({name}) must be lowercase" if name != name.lower() else ""
            raise InvalidImageName(
                f'Failed to apply default image tag "{text}": couldn\'t parse image name "{text}": '
                f"invalid reference format{detail}"
            )
        digest = found["digest"] or ""
        return cls(domain, found["path"], found["tag"] or ("" if digest else "latest"), digest)

    @property
    def short(self) -> str:
        """As people write it: without what every name has."""
        return str(self).removeprefix(f"{_DOMAIN}/library/").removeprefix(f"{_DOMAIN}/")

    def __str__(self) -> str:
        tag = f":{self.tag}" if self.tag else ""
        return f"{self.domain}/{self.path}{tag}" + (f"@{self.digest}" if self.digest else "")


@dataclass(frozen=True, slots=True)
class Image:
    """What runs when a container names it: the part of an image's configuration that matters."""

    name: str
    entrypoint: Sequence[str] = ()
    cmd: Sequence[str] = ()
    env: Mapping[str, str] = field(default_factory=lambda: {"PATH": PATH})
    working_dir: str = "/"
    user: str = ""
    # Files and folders of the image, by their path in the container, and where they are here.
    files: Mapping[str, Path] = field(default_factory=dict)
    # The image's whole file system, for a runtime that gives containers a root of their own. It is
    # shared by all that run this image: nobody may write there.
    rootfs: Path | None = None
    # What runs in the image's place, in words for an Event; empty for an image of our own.
    stand_in: str = ""
    size_bytes: int = 0
    digest: str = ""
    """Of its configuration, if it has one: then it is the image's id."""

    @property
    def id(self) -> str:
        """A digest that tells this image from others."""
        if self.digest:
            return self.digest
        parts = (self.name, self.entrypoint, self.cmd, sorted(self.env.items()), self.working_dir)
        return "sha256:" + hashlib.sha256(repr(parts).encode()).hexdigest()


class ImageStore(Protocol):
    """The images of one node or, here, of all nodes of a cluster."""

    def find(self, reference: Reference) -> Image | None:
        """The image of that name if it is on the node."""
        ...

    async def pull(self, reference: Reference) -> Image:
        """Bring an image to the node. Raises PullError."""
        ...

    def list(self) -> Sequence[Image]:
        """The images that are on the node."""
        ...
