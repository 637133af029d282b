"""A store, and a short way to make layers, images and hostile archives."""

from __future__ import annotations

import gzip
import io
import json
import shutil
import socket
import subprocess
import sys
import tarfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import urllib3

from kubelearn.containers.imagestore import Layer, Store
from kubelearn.containers.imagestore.layer import LAYER


def tar(*members: tuple[str, object]) -> bytes:
    """An archive of (name, content) or (name, changes of its TarInfo)."""
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w", format=tarfile.PAX_FORMAT) as archive:
        for name, what in members:
            info = tarfile.TarInfo(name)
            data = b""
            if isinstance(what, bytes):
                data, info.size = what, len(what)
            else:
                for key, value in dict(what).items():  # type: ignore[call-overload]
                    setattr(info, key, value)
            archive.addfile(info, io.BytesIO(data))
    return file.getvalue()


FOLDER = {"type": tarfile.DIRTYPE, "mode": 0o755}


def link(target: str) -> dict[str, Any]:
    return {"type": tarfile.SYMTYPE, "linkname": target}


def hard_link(target: str) -> dict[str, Any]:
    return {"type": tarfile.LNKTYPE, "linkname": target}


@pytest.fixture
def store(tmp_path: Path) -> Store:
    """An empty one."""
    return Store(tmp_path / "images")


@pytest.fixture
def kill_in_the_middle() -> Callable[[str, Path], None]:
    """Run a program, which gets a folder, and kill it when it has said `half`."""

    def call(program: str, folder: Path) -> None:
        command = [sys.executable, "-c", program, str(folder)]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
            assert process.stdout
            assert process.stdout.readline() == "half\n"
            process.kill()

    return call


@pytest.fixture
def layer(store: Store) -> Callable[..., Layer]:
    """Keep a layer of these members."""

    def make(*members: tuple[str, object], compress: bool = False) -> Layer:
        data = tar(*members)
        diff_id = store.blobs.write([data]).digest
        if compress:
            kept = store.blobs.add(gzip.compress(data, mtime=0), f"{LAYER}+gzip")
            return Layer(kept, diff_id)
        return Layer({"mediaType": LAYER, "digest": diff_id, "size": len(data)}, diff_id)

    return make


@pytest.fixture
def image(store: Store, layer: Callable[..., Layer]) -> Callable[..., Any]:
    """Keep an image of one small layer, or of these."""

    def make(name: str, *layers: Layer, **config: object) -> Any:
        stack = layers or (layer(("file", b"content")),)
        return store.put(
            name,
            config={
                "architecture": "amd64",
                "os": "linux",
                "config": config,
                "rootfs": {"type": "layers", "diff_ids": [each.diff_id for each in stack]},
            },
            layers=stack,
        )

    return make


def corrupt(path: Path) -> None:
    """Change one byte of a file."""
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)


def manifest_of(file: Path) -> Any:
    """What `manifest.json` of a saved file says."""
    with tarfile.open(file) as archive:
        return json.load(archive.extractfile("manifest.json"))  # type: ignore[arg-type]


def free_port() -> int:
    """A port that nobody listens at."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port


_REGISTRY = """\
version: 0.1
storage: {{filesystem: {{rootdirectory: {folder}}}}}
http: {{addr: 127.0.0.1:{port}}}
"""


@contextmanager
def serve_registry(folder: Path) -> Iterator[str]:
    """Debian's docker-registry: its address. Without one the test is skipped."""
    program = shutil.which("docker-registry")
    if program is None:
        pytest.skip("docker-registry is not installed")
    port, config = free_port(), folder / "registry.yml"
    config.write_text(_REGISTRY.format(folder=folder / "registry", port=port))
    process = subprocess.Popen([program, "serve", config], stderr=subprocess.DEVNULL)
    try:
        retries = urllib3.Retry(connect=100, backoff_factor=0.1, backoff_max=0.2)
        urllib3.request("GET", f"http://127.0.0.1:{port}/v2/", retries=retries)
        yield f"127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait()
