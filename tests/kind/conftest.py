"""What runs on a real Docker Engine, and is skipped where there is none."""

from __future__ import annotations

import io
import os
import re
import subprocess
import tarfile
from collections.abc import Iterator
from pathlib import Path

import docker
import pytest


@pytest.fixture(scope="session")
def shell_image(docker_engine: docker.DockerClient) -> Iterator[str]:
    """An image of this machine's busybox and its libraries: no registry is needed for it."""
    busybox = Path("/bin/busybox")
    if not busybox.exists():
        pytest.skip("no busybox to make an image of: apt-get install busybox")
    linked = subprocess.run(["ldd", busybox], capture_output=True, text=True, check=False).stdout
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w", dereference=True) as archive:
        for path in (str(busybox), *re.findall(r"/\S+(?= \()", linked)):
            archive.add(path)
        shell = tarfile.TarInfo("bin/sh")
        shell.type, shell.linkname = tarfile.SYMTYPE, "busybox"
        archive.addfile(shell)
    # Tests that run side by side have one each.
    name, tag = "kubelearn/shell", f"test-{os.getpid()}"
    docker_engine.api.import_image_from_data(packed.getvalue(), repository=name, tag=tag)
    yield f"{name}:{tag}"
    docker_engine.images.remove(f"{name}:{tag}", force=True)
