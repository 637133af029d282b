"""What COPY and ADD put into a layer, and whom it belongs to."""

from __future__ import annotations

import os
import posixpath
import stat
import tarfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from kubelearn.containers.build.context import Context, NotInContext, Source
from kubelearn.containers.imagestore import BrokenImage
from kubelearn.containers.imagestore.layer import Entry, entries_of, entry_of
from kubelearn.containers.imagestore.unpack import extract
from kubelearn.containers.rootpath import inside


@dataclass(frozen=True)
class Copy:
    """One COPY or ADD, with its words read."""

    sources: Sequence[str]
    destination: str
    owner: str = ""
    keep_owners: bool = False
    """Whether files without a new owner belong to whom they belonged: those of other images do."""
    mode: int | None = None
    unpack: bool = False
    """ADD unpacks archives."""


def files(copy: Copy, context: Context) -> list[Source]:
    """All that is to be copied. Raises NotInContext."""
    found = [source for pattern in copy.sources for source in context.find(pattern)]
    if len(found) > 1 and not _is_folder_name(copy.destination):
        raise NotInContext(
            f"several files cannot be copied to one name, {copy.destination}",
            hint=f"end the destination with a slash: {copy.destination}/",
        )
    return [each for source in found for each in context.walk(source)]


def entries(
    copy: Copy, sources: Sequence[Source], *, root: Path, working_dir: str, scratch: Path
) -> Iterator[Entry]:
    """What goes into the layer on top of a root; `scratch` is a folder for unpacked archives.

    Raises NotInContext for a user or group that the image does not know.
    """
    uid, gid = owner_of(copy.owner, root)
    target = _target(copy, root, working_dir)
    into_folder = _is_folder_name(copy.destination) or (root / target).is_dir()
    made: set[str] = set()
    for number, source in enumerate(sources):
        top = source.path.removesuffix(f"/{source.relative}") if source.relative else source.path
        for entry in _copied(
            source,
            copy,
            target=target,
            name=posixpath.basename(top) if into_folder else "",
            unpacked=scratch / str(number),
        ):
            yield from _missing_folders(entry.path, root, made, uid=uid, gid=gid)
            if entry.kind != tarfile.DIRTYPE or not (root / entry.path).is_dir():
                made.add(entry.path)
                found, itself = source.found, source.is_folder and not source.relative
                keeps = copy.keep_owners and not copy.owner and not itself
                yield entry.owned_by(*((found.st_uid, found.st_gid) if keeps else (uid, gid)))


def _copied(
    source: Source, copy: Copy, *, target: str, name: str, unpacked: Path
) -> Iterator[Entry]:
    """A file or folder of the context; an archive's content in its place if that is asked for."""
    if copy.unpack and not source.relative and _is_archive(source):
        unpacked.mkdir(parents=True)
        try:
            extract(source.place, unpacked)
        except BrokenImage as error:
            raise NotInContext(f"{source.path} cannot be unpacked: {error.message}") from error
        for member in entries_of(unpacked):
            yield replace(member, path=posixpath.join(target, member.path).lstrip("/"))
        return
    top = not source.relative
    place = posixpath.join(target, name) if top and name and not source.is_folder else target
    path = posixpath.join(place, source.relative) if source.relative else place
    if top and source.is_folder:
        # The destination itself is a new folder, whatever its content lay in.
        if path:
            yield Entry(path, 0o755 if copy.mode is None else copy.mode)
        return
    if entry := entry_of(path, source.place):
        linked = entry.kind == tarfile.SYMTYPE or copy.mode is None
        yield entry if linked else replace(entry, mode=copy.mode or 0)


def _is_archive(source: Source) -> bool:
    if not stat.S_ISREG(source.found.st_mode):
        return False
    try:
        return tarfile.is_tarfile(source.place)
    except OSError:
        return False


def _target(copy: Copy, root: Path, working_dir: str) -> str:
    """The destination from the root on, with the image's own links followed."""
    path = posixpath.join(working_dir or "/", copy.destination)
    return os.path.relpath(inside(root, path), root).removeprefix(".").lstrip("/")


def _is_folder_name(destination: str) -> bool:
    return destination in (".", "..") or destination.endswith(("/", "/.", "/.."))


def _missing_folders(
    path: str, root: Path, made: set[str], *, uid: int, gid: int
) -> Iterator[Entry]:
    """The folders above a path that neither the image nor this layer has."""
    parts = path.split("/")[:-1]
    for count in range(1, len(parts) + 1):
        folder = "/".join(parts[:count])
        if folder not in made and not (root / folder).is_dir():
            made.add(folder)
            yield Entry(folder, 0o755, uid=uid, gid=gid)


def owner_of(owner: str, root: Path) -> tuple[int, int]:
    """The numbers of `user` or `user:group`, looked up in the image. Raises NotInContext."""
    if not owner:
        return 0, 0
    user, colon, group = owner.partition(":")
    if user.isdecimal():
        uid = gid = int(user)
    else:
        entry = _look_up(root, "passwd", user)
        uid, gid = int(entry[2]), int(entry[3])
    if colon:
        gid = int(group) if group.isdecimal() else int(_look_up(root, "group", group)[2])
    return uid, gid


def _look_up(root: Path, file: str, name: str) -> list[str]:
    try:
        rows = inside(root, f"/etc/{file}").read_text(errors="replace").splitlines()
    except OSError:
        rows = []
    for row in rows:
        words = row.split(":")
        if words[0] == name and len(words) >= 3 and words[2].isdecimal():
            return [*words, "0", "0"]
    kind = "user" if file == "passwd" else "group"
    raise NotInContext(
        f"the image has no {kind} {name!r} in its /etc/{file}",
        hint="use a number: --chown=1000:1000",
    )
