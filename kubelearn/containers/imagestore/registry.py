"""Registries: pulling and pushing images by the OCI distribution specification.

Stands for containerd's `core/remotes/docker`, with its words for what goes wrong. Left out: schema
1 manifests, mounting blobs from other repositories, credential helpers.
"""

from __future__ import annotations

import base64
import hashlib
import json
import os
import re
import ssl
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urljoin

import urllib3
from urllib3.exceptions import HTTPError

from kubelearn.containers.images import PullError, Reference
from kubelearn.containers.imagestore.blobs import Descriptor
from kubelearn.containers.imagestore.errors import BrokenImage
from kubelearn.containers.imagestore.platform import select
from kubelearn.containers.imagestore.store import MANIFEST, Store, StoredImage

DOCKER_HUB = "registry-1.docker.io"
_DOCKER = "application/vnd.docker.distribution.manifest"
_INDEXES = ("application/vnd.oci.image.index.v1+json", f"{_DOCKER}.list.v2+json")
_MANIFESTS = (MANIFEST, f"{_DOCKER}.v2+json")
_ACCEPT = ", ".join((*_MANIFESTS, *_INDEXES))
_LOOPBACK = re.compile(r"(localhost|127(\.\d+){3}|\[::1\])(:\d+)?")
_CHALLENGE = re.compile(r'(\w+)="([^"]*)"')
_PIECE = 2**18
_MOST_JSON = 4 * 2**20
_ATTEMPTS = 3


@dataclass(frozen=True)
class Resolved:
    """A manifest that a registry has for a name and this machine."""

    manifest: Descriptor
    content: bytes


class Registry:
    """All registries. `mirror` is asked for docker.io's images in its place, HOST[:PORT]."""

    def __init__(self, *, mirror: str = "", connect: float = 5.0, read: float = 30.0) -> None:
        self._mirror = mirror
        self._pool = urllib3.PoolManager(
            timeout=urllib3.Timeout(connect=connect, read=read),
            retries=urllib3.Retry(total=None, connect=0, read=0, status=0, other=0, redirect=5),
        )
        self._tokens: dict[str, str] = {}

    # --- pull ---

    def resolve(self, reference: Reference) -> Resolved:
        """Ask what a name stands for. Raises PullError in containerd's words, BrokenImage."""
        target = reference.digest or reference.tag
        url = f"{self._repository(reference)}/manifests/{target}"
        try:
            found = self._manifest(reference, url, digest=reference.digest)
            if found.manifest["mediaType"] in _INDEXES:
                chosen = select(json.loads(found.content)["manifests"])
                url = f"{self._repository(reference)}/manifests/{chosen['digest']}"
                found = self._manifest(reference, url, digest=str(chosen["digest"]))
        except (HTTPError, _Refused) as error:
            words = _words(error, f'Head "{url}"', str(reference))
            raise PullError(f'failed to resolve reference "{reference}": {words}') from error
        except (ValueError, KeyError, TypeError) as error:
            raise BrokenImage(f"{url} is no manifest: {error!r}") from error
        return found

    def fetch(self, reference: Reference, resolved: Resolved, store: Store) -> StoredImage:
        """Bring all of an image into the store, under its name. Raises PullError, BrokenImage."""
        with store.in_use():
            blobs = store.blobs
            blobs.write([resolved.content], digest=str(resolved.manifest["digest"]))
            content = blobs.json(resolved.manifest)
            for blob in (content["config"], *content["layers"]):
                digest, size = str(blob["digest"]), int(blob["size"])
                if not blobs.has(digest):
                    blobs.write(self._pieces(reference, digest, size), digest=digest, size=size)
            return store.tag(str(reference), resolved.manifest)

    def pull(self, reference: Reference, store: Store) -> StoredImage:
        """Both in one."""
        return self.fetch(reference, self.resolve(reference), store)

    def _manifest(self, reference: Reference, url: str, *, digest: str) -> Resolved:
        response = self._ask("GET", url, reference, headers={"Accept": _ACCEPT})
        if response.status != 200:
            raise _Refused(response.status, response.read(_MOST_JSON))
        content = response.read(_MOST_JSON)
        promised = digest or response.headers.get("Docker-Content-Digest", "")
        manifest: Descriptor = {
            "mediaType": response.headers.get("Content-Type", MANIFEST).partition(";")[0],
            "digest": _digest(content),
            "size": len(content),
        }
        if promised and promised != manifest["digest"]:
            raise BrokenImage(
                f"{promised} is broken: the registry sent bytes with the digest "
                f"{manifest['digest']}"
            )
        return Resolved(manifest, content)

    def _pieces(self, reference: Reference, digest: str, size: int) -> Iterator[bytes]:
        """A blob's bytes; where a connection breaks off, the next one goes on."""
        url = f"{self._repository(reference)}/blobs/{digest}"
        done = 0
        for attempt in range(1, _ATTEMPTS + 1):
            try:
                for piece in self._from(reference, url, done):
                    done += len(piece)
                    yield piece
                if done >= size:
                    return
            except (HTTPError, _Refused) as error:
                if attempt == _ATTEMPTS or isinstance(error, _Refused):
                    words = _words(error, f'Get "{url}"', digest)
                    raise PullError(f"failed to copy: {words}") from error

    def _from(self, reference: Reference, url: str, done: int) -> Iterator[bytes]:
        headers = {"Range": f"bytes={done}-"} if done else {}
        response = self._ask("GET", url, reference, headers=headers)
        if response.status not in (200, 206):
            raise _Refused(response.status, response.read(_MOST_JSON))
        skip = done if response.status == 200 else 0  # it knows no ranges
        for piece in response.stream(_PIECE, decode_content=False):
            kept, skip = piece[skip:], max(0, skip - len(piece))
            if kept:
                yield kept

    # --- push ---

    def push(self, image: StoredImage, store: Store, reference: Reference) -> None:
        """Send an image of the store. Raises PullError."""
        repository = self._repository(reference)
        content = store.blobs.json(image.manifest)
        try:
            for blob in (content["config"], *content["layers"]):
                self._send(reference, repository, blob, store)
            body = store.blobs.path(str(image.manifest["digest"])).read_bytes()
            headers = {"Content-Type": str(image.manifest["mediaType"])}
            url = f"{repository}/manifests/{reference.tag}"
            self._expect(self._ask("PUT", url, reference, headers=headers, body=body), 201)
        except (HTTPError, _Refused) as error:
            words = _words(error, f'Put "{repository}"', str(reference))
            raise PullError(f'failed to push "{reference}": {words}') from error

    def _send(self, reference: Reference, repository: str, blob: Descriptor, store: Store) -> None:
        digest = str(blob["digest"])
        if self._ask("HEAD", f"{repository}/blobs/{digest}", reference).status == 200:
            return
        started = self._ask("POST", f"{repository}/blobs/uploads/", reference, body=b"")
        self._expect(started, 202)
        place = urljoin(f"{repository}/", started.headers["Location"])
        url = f"{place}{'&' if '?' in place else '?'}{urlencode({'digest': digest})}"
        headers = {
            "Content-Type": "application/octet-stream",
            "Content-Length": str(blob["size"]),
        }
        with store.blobs.path(digest).open("rb") as file:
            self._expect(self._ask("PUT", url, reference, headers=headers, body=file), 201)

    # --- requests ---

    def _repository(self, reference: Reference) -> str:
        host = reference.domain
        if host == "docker.io":
            host = self._mirror or DOCKER_HUB
        scheme = "http" if _LOOPBACK.fullmatch(host) else "https"
        return f"{scheme}://{host}/v2/{reference.path}"

    def _ask(
        self,
        method: str,
        url: str,
        reference: Reference,
        *,
        headers: Mapping[str, str] | None = None,
        body: Any = None,
    ) -> urllib3.BaseHTTPResponse:
        def send() -> urllib3.BaseHTTPResponse:
            sent = dict(headers or {})
            if token := self._tokens.get(self._repository(reference)):
                sent["Authorization"] = token
            return self._pool.request(
                method, url, headers=sent, body=body, preload_content=False, redirect=True
            )

        try:
            response = send()
        except urllib3.exceptions.MaxRetryError as error:
            # A connection that was kept may have been closed at the other end.
            if body is not None or not isinstance(error.reason, urllib3.exceptions.ProtocolError):
                raise
            response = send()
        if response.status == 401 and (token := self._authorize(response, reference)):
            response.drain_conn()
            self._tokens[self._repository(reference)] = token
            response = send()
        return response

    def _authorize(self, response: urllib3.BaseHTTPResponse, reference: Reference) -> str:
        """What a registry asks for before it answers: a token, or who one is."""
        challenge = response.headers.get("WWW-Authenticate", "")
        kind, _, rest = challenge.partition(" ")
        known = _credentials(reference.domain)
        basic = f"Basic {known}" if known else ""
        if kind.lower() != "bearer":
            return basic
        asked = dict(_CHALLENGE.findall(rest))
        realm = asked.pop("realm", "")
        asked.setdefault("scope", f"repository:{reference.path}:pull")
        found = self._pool.request(
            "GET",
            f"{realm}?{urlencode(asked)}",
            headers={"Authorization": basic} if basic else {},
        )
        if found.status != 200:
            return ""
        answer = found.json()
        return f"Bearer {answer.get('token') or answer['access_token']}"

    def _expect(self, response: urllib3.BaseHTTPResponse, status: int) -> None:
        if response.status != status:
            raise _Refused(response.status, response.read(_MOST_JSON))
        response.drain_conn()


class _Refused(Exception):
    """A registry's answer that is none."""

    def __init__(self, status: int, body: bytes) -> None:
        super().__init__(status)
        self.status = status
        self.body = body


def _digest(content: bytes) -> str:
    return f"sha256:{hashlib.sha256(content).hexdigest()}"


def _words(error: Exception, request: str, what: str) -> str:
    """What containerd says of it."""
    if isinstance(error, _Refused):
        if error.status == 404:
            return f"{what}: not found"
        if error.status in (401, 403):
            return (
                "pull access denied, repository does not exist or may require authorization: "
                "server message: insufficient_scope: authorization failed"
            )
        return f"unexpected status from {request.replace(' ', ' request to ', 1)}: {error.status}"
    return f"failed to do request: {request}: {_dial(error)}"


def _dial(error: Exception) -> str:
    """A connection that failed, in the words of Go's network library."""
    error = getattr(error, "reason", None) or error
    text = str(error)
    host = getattr(getattr(error, "conn", None), "host", "")
    port = getattr(getattr(error, "conn", None), "port", "")
    if isinstance(error, urllib3.exceptions.NameResolutionError):
        return f"dial tcp: lookup {host}: no such host"
    if "refused" in text:
        return f"dial tcp {host}:{port}: connect: connection refused"
    if "unreachable" in text:
        return f"dial tcp {host}:{port}: connect: network is unreachable"
    if isinstance(error, urllib3.exceptions.TimeoutError):
        return f"dial tcp {host}:{port}: i/o timeout"
    if isinstance(error, (urllib3.exceptions.SSLError, ssl.SSLError)):
        return f"tls: failed to verify certificate: {text}"
    return text


def _credentials(domain: str) -> str:
    """What `docker login` left for a registry."""
    folder = Path(os.environ.get("DOCKER_CONFIG") or Path.home() / ".docker")
    name = "https://index.docker.io/v1/" if domain == "docker.io" else domain
    try:
        found = json.loads((folder / "config.json").read_text())["auths"][name]["auth"]
        base64.b64decode(found, validate=True)
    except (OSError, ValueError, KeyError, TypeError):
        return ""
    return str(found)
