"""Folders to build, and a builder whose bases are made by the test."""

from __future__ import annotations

import tarfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from kubelearn.containers.build.bases import Base, Bases
from kubelearn.containers.build.builder import Builder, BuildRequest
from kubelearn.containers.build.report import BuildReport, Step
from kubelearn.containers.build.run import RunRequest
from kubelearn.containers.imagestore import Layer, Store
from kubelearn.containers.imagestore.layer import Entry, write_layer

APP = (
    'FROM base:1\nWORKDIR /app\nCOPY requirements.txt .\nCOPY app.py .\nCMD ["python", "app.py"]\n'
)


class Bench:
    """A store, a folder to build, and what happened."""

    def __init__(self, folder: Path) -> None:
        self.store = Store(folder / "images")
        self.folder = folder / "app"
        self.folder.mkdir()
        self.told: list[Step] = []
        self.ran: list[RunRequest] = []
        self.runs: Callable[[RunRequest], int] = lambda request: 0
        self.builder = Builder(self.store, find=Bases(self.store).find, run=self._run)

    def _run(self, request: RunRequest, *, output: Callable[[str], None]) -> int:
        self.ran.append(request)
        output(f"ran {request.command[-1]}\n")
        return self.runs(request)

    def base(self, name: str, **config: object) -> Base:
        """Keep an image to build on, with a user and a link in it."""
        files = {
            "etc/passwd": "root:x:0:0::/root:/bin/sh\napp:x:1000:1001::/home:/bin/sh\n",
            "etc/group": "web:x:33:\n",
            "bin/sh": "shell",
        }
        entries = [Entry("etc", 0o755), Entry("bin", 0o755), Entry("usr/lib", 0o755)]
        entries.append(Entry("lib", 0o777, target="usr/lib", kind=tarfile.SYMTYPE))
        for path, text in files.items():
            source = self.folder.parent / path.replace("/", "-")
            source.write_text(text)
            entries.append(Entry(path, 0o644, source=source, kind=tarfile.REGTYPE))
        blob = write_layer(self.store.blobs, entries)
        layer = Layer(blob, blob["digest"])
        image = self.store.put(
            name,
            config={
                "architecture": "amd64",
                "os": "linux",
                "config": config,
                "rootfs": {"type": "layers", "diff_ids": [layer.diff_id]},
                "history": [{"created_by": "base"}],
            },
            layers=[layer],
        )
        return Base.of(image)

    def write(self, **files: str) -> None:
        """Files of the build context; `__` stands for a slash, `_` at the end for nothing."""
        for name, text in files.items():
            path = self.folder / name.replace("__", "/").replace("DOT", ".")
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)

    def build(self, dockerfile: str, tag: str = "app:1", **request: Any) -> BuildReport:
        """Build that Dockerfile in the folder."""
        (self.folder / "Dockerfile").write_text(dockerfile)
        self.told.clear()
        wanted = BuildRequest(self.folder, tag, **request)
        return self.builder.build(wanted, tell=self.told.append)

    def files(self, tag: str = "app:1") -> dict[str, str]:
        """The image's files by path, without the base's."""
        root = self.store.image(self.store.get(tag)).rootfs
        assert root
        return {
            str(path.relative_to(root)): path.read_text()
            for path in sorted(root.rglob("*"))
            if path.is_file() and path.parent.name not in ("etc", "bin")
        }

    def members(self, tag: str = "app:1") -> dict[str, tarfile.TarInfo]:
        """The entries of the last layer."""
        layer = self.store.get(tag).layers[-1]
        with tarfile.open(self.store.blobs.path(layer.diff_id)) as archive:
            return {member.name: member for member in archive}

    def config(self, tag: str = "app:1") -> dict[str, Any]:
        """How the image runs."""
        return dict(self.store.get(tag).run_config)


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    """A builder with the image `base` to build on."""
    made = Bench(tmp_path)
    made.base("base:1", Env=["PATH=/bin", "BASE=yes"], Cmd=["sh"], WorkingDir="/")
    return made


@pytest.fixture
def app(bench: Bench) -> Bench:
    """An app in the build context: what APP copies."""
    bench.write(appDOTpy="print(1)", requirementsDOTtxt="flask")
    return bench
