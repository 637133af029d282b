"""Docker Engine, through its SDK: a client of it, or the reason why there is none.

Docker Engine runs kind's nodes and builds images where it is installed; kubelearn never needs it
and never starts it. Left out: engines that are reached over SSH, which the SDK's users set up.
"""

from __future__ import annotations

import os
import shutil
import socket
from typing import TYPE_CHECKING

from kubelearn.errors import ContainerError

if TYPE_CHECKING:
    from docker import DockerClient

_SECONDS = 10
_DEFAULT = "unix:///var/run/docker.sock"


def address() -> str:
    """Where the engine listens: what DOCKER_HOST says, else docker's context in use."""
    if host := os.environ.get("DOCKER_HOST"):
        return host
    from docker import ContextAPI

    context = ContextAPI.get_current_context()
    return (context and context.Host) or _DEFAULT


def connect() -> DockerClient:
    """A client of the engine, which answers. Raises ContainerError with the reason and what to do.

    Told apart: Docker not installed, not running, not for this user, not answering.
    """
    import docker

    host = address()
    _knock(host)
    try:
        return docker.DockerClient(base_url=host, version="auto", timeout=_SECONDS)
    except (docker.errors.DockerException, OSError) as error:
        raise ContainerError(
            f"Docker does not answer at {host}: {error}", hint="docker version   # what it says"
        ) from error


def _knock(host: str) -> None:
    # The SDK gives one error for all reasons, and the reader needs another command for each.
    if not host.startswith("unix://"):
        return
    path = host.removeprefix("unix://")
    with socket.socket(socket.AF_UNIX) as probe:
        try:
            probe.connect(path)
        except PermissionError as error:
            raise ContainerError(
                f"Docker runs, but this user may not use its socket {path}",
                hint="sudo usermod -aG docker $USER   # then log out and in again",
            ) from error
        except OSError as error:
            raise _absent(path) from error


def _absent(path: str) -> ContainerError:
    if shutil.which("docker") or shutil.which("dockerd"):
        return ContainerError(
            f"Docker is installed, but does not run: nothing answers at {path}",
            hint="sudo systemctl start docker   # or start Docker Desktop",
        )
    return ContainerError(
        "Docker is not installed",
        hint="https://docs.docker.com/engine/install/   # the embedded cluster needs none",
    )
