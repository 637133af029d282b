"""Images in a file: what `docker save` writes and `docker load` and skopeo read, both kinds of it.

A saved file is an OCI image layout and a docker archive at once, as Docker Engine 25 and later
write it: `index.json` names the manifests, `manifest.json` says the same in Docker's older words.
Either is read. An archive's entries are looked up by name, never unpacked, so none can be written
anywhere.
"""

from __future__ import annotations

import io
import json
import posixpath
import tarfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import IO, Any, cast

from kubelearn.containers.images import Reference
from kubelearn.containers.imagestore.blobs import Blobs, Descriptor, Hashing
from kubelearn.containers.imagestore.errors import BrokenImage
from kubelearn.containers.imagestore.index import INDEX, REF_NAME
from kubelearn.containers.imagestore.layer import EPOCH, LAYER
from kubelearn.containers.imagestore.platform import select
from kubelearn.containers.imagestore.roots import Layer
from kubelearn.containers.imagestore.store import Store, StoredImage
from kubelearn.containers.imagestore.unpack import decompressed
from kubelearn.errors import ContainerError

_CONTAINERD_NAME = "io.containerd.image.name"
_PIECE = 2**20


def save(store: Store, wanted: Sequence[str | StoredImage], file: Path) -> None:
    """Write images to a file. Raises NoSuchImage, BrokenImage, ContainerError."""
    images = [each if isinstance(each, StoredImage) else store.get(each) for each in wanted]
    new = file.with_name(f".{file.name}.new")
    try:
        with tarfile.open(new, "w", format=tarfile.PAX_FORMAT) as archive:
            _save(store.blobs, images, archive)
        new.replace(file)
    except OSError as error:
        raise ContainerError(
            f"{file} cannot be written: {error.strerror}", hint="choose another place for the file"
        ) from error
    finally:
        new.unlink(missing_ok=True)


def load(store: Store, file: Path) -> list[StoredImage]:
    """Take all images of a file. Raises BrokenImage, ContainerError; then it has taken none."""
    try:
        with store.in_use(), tarfile.open(file) as archive:
            return _load(store, _Archive(archive, file))
    except tarfile.TarError as error:
        raise BrokenImage(
            f"{file} is no archive of images: {error}", hint="docker save -o FILE IMAGE"
        ) from error
    except OSError as error:
        raise ContainerError(f"{file} cannot be read: {error.strerror or error}") from error


# --- writing ---


def _save(blobs: Blobs, images: Sequence[StoredImage], archive: tarfile.TarFile) -> None:
    wanted: dict[str, Descriptor] = {}
    for image in images:
        config = blobs.json(image.manifest)["config"]
        for blob in (image.manifest, config, *(layer.blob for layer in image.layers)):
            wanted[str(blob["digest"])] = blob
    _add(archive, "oci-layout", {"imageLayoutVersion": "1.0.0"})
    for folder in ("blobs", "blobs/sha256"):  # skopeo would give them to root
        info = _info(folder, 0)
        info.type, info.mode = tarfile.DIRTYPE, 0o755
        archive.addfile(info)
    for digest in sorted(wanted):
        info = _info(_blob_path(digest), int(wanted[digest]["size"]))
        with blobs.open(wanted[digest]) as content:
            archive.addfile(info, cast(IO[bytes], content))
    _add(archive, "index.json", _index(images))
    _add(archive, "manifest.json", [_in_dockers_words(image) for image in images])


def _index(images: Sequence[StoredImage]) -> dict[str, Any]:
    manifests = []
    for image in images:
        tag = Reference.parse(image.name).tag
        notes = {_CONTAINERD_NAME: image.name, REF_NAME: tag}
        manifests.append({**image.manifest, "annotations": notes})
    return {"schemaVersion": 2, "mediaType": INDEX, "manifests": manifests}


def _in_dockers_words(image: StoredImage) -> dict[str, Any]:
    return {
        "Config": _blob_path(image.config_digest),
        "RepoTags": [Reference.parse(image.name).short],
        "Layers": [_blob_path(str(layer.blob["digest"])) for layer in image.layers],
    }


def _blob_path(digest: str) -> str:
    return f"blobs/{digest.replace(':', '/')}"


def _info(name: str, size: int) -> tarfile.TarInfo:
    info = tarfile.TarInfo(name)
    info.size, info.mtime = size, EPOCH
    return info


def _add(archive: tarfile.TarFile, name: str, value: object) -> None:
    data = json.dumps(value).encode()
    archive.addfile(_info(name, len(data)), io.BytesIO(data))


# --- reading ---


class _Archive:
    """The files of an archive, by name."""

    def __init__(self, archive: tarfile.TarFile, file: Path) -> None:
        self._archive = archive
        self._file = file
        self._members = {posixpath.normpath(each.name): each for each in archive}

    def has(self, name: str) -> bool:
        return name in self._members

    def open(self, name: str) -> IO[bytes]:
        path = posixpath.normpath(name)
        member = self._members.get(path)
        if member and member.issym():  # Docker once wrote each layer once, and links to it
            path = posixpath.normpath(posixpath.join(posixpath.dirname(path), member.linkname))
            member = self._members.get(path)
        content = self._archive.extractfile(member) if member and member.isreg() else None
        if content is None:
            raise BrokenImage(f"{self._file} lacks {name}, which it names")
        return content

    def json(self, name: str) -> Any:
        data = self.open(name).read(4 * _PIECE)
        try:
            return json.loads(data)
        except ValueError as error:
            raise BrokenImage(f"{self._file}: {name} is no JSON ({error})") from error


def _load(store: Store, archive: _Archive) -> list[StoredImage]:
    try:
        if archive.has("manifest.json"):
            found = [
                (store.add(config=config, layers=layers), names)
                for config, layers, names in _from_docker(store.blobs, archive)
            ]
        elif archive.has("index.json"):
            found = list(_from_layout(store.blobs, archive))
        else:
            raise BrokenImage(
                "there is neither a manifest.json nor an index.json in the archive",
                hint="docker save -o FILE IMAGE   # not docker export, which has no layers",
            )
    except (KeyError, TypeError, AttributeError, EOFError) as error:
        raise BrokenImage(f"the archive is broken: {error!r}") from error
    return [store.tag(name, manifest) for manifest, names in found for name in names]


def _from_docker(
    blobs: Blobs, archive: _Archive
) -> Iterator[tuple[dict[str, Any], list[Layer], list[str]]]:
    for entry in archive.json("manifest.json"):
        config = archive.json(entry["Config"])
        diff_ids = config["rootfs"]["diff_ids"]
        if len(diff_ids) != len(entry["Layers"]):
            raise BrokenImage(f"{entry['Config']} names another number of layers than there are")
        layers = [
            _take_layer(blobs, archive, name, diff_id)
            for name, diff_id in zip(entry["Layers"], diff_ids, strict=True)
        ]
        names = entry.get("RepoTags") or [f"sha256-{entry['Config'].split('/')[-1][:12]}"]
        yield config, layers, names


def _take_layer(blobs: Blobs, archive: _Archive, name: str, diff_id: str) -> Layer:
    if not blobs.has(diff_id):
        with archive.open(name) as file:
            content = decompressed(Hashing(file), diff_id)
            blobs.write(iter(lambda: content.read(_PIECE), b""), digest=diff_id)
    size = blobs.path(diff_id).stat().st_size
    return Layer({"mediaType": LAYER, "digest": diff_id, "size": size}, diff_id)


def _from_layout(blobs: Blobs, archive: _Archive) -> Iterator[tuple[Descriptor, list[str]]]:
    for entry in archive.json("index.json")["manifests"]:
        notes = entry.get("annotations") or {}
        name = (
            notes.get(_CONTAINERD_NAME) or notes.get(REF_NAME) or f"sha256-{entry['digest'][7:19]}"
        )
        manifest = _take_manifest(blobs, archive, entry)
        content = blobs.json(manifest)
        for blob in (content["config"], *content["layers"]):
            _take(blobs, archive, blob)
        yield manifest, [name if ":" in name or "/" in name or "@" in name else f"loaded:{name}"]


def _take_manifest(blobs: Blobs, archive: _Archive, entry: Descriptor) -> Descriptor:
    """The manifest itself, or out of an index the one for this machine."""
    _take(blobs, archive, entry)
    content = blobs.json(entry)
    if "manifests" not in content:
        return entry
    return _take_manifest(blobs, archive, select(content["manifests"]))


def _take(blobs: Blobs, archive: _Archive, blob: Descriptor) -> None:
    digest, size = str(blob["digest"]), int(blob["size"])
    if not blobs.has(digest):
        with archive.open(_blob_path(digest)) as file:
            blobs.write(iter(lambda: file.read(_PIECE), b""), digest=digest, size=size)
