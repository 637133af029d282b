"""Images on their way from Docker Engine to a cluster's nodes.

What `kind load docker-image` does, in less than half of its time: one archive goes to all nodes
while Docker writes it, each node is asked once what it holds already, and `ctr` imports from a
file by itself, since from a pipe and through containerd's transfer service it takes twice as long.
A node unpacks an image when it first runs it. All this gives way to what else the nodes do.
"""

from __future__ import annotations

import json
import subprocess
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, suppress
from typing import TYPE_CHECKING

from kubelearn.clusters.kind.machines import run
from kubelearn.clusters.kind.stock import is_stock
from kubelearn.containers.images import Reference
from kubelearn.errors import ClusterError

if TYPE_CHECKING:
    from docker import DockerClient
    from docker.models.containers import Container

_CHUNK = 1 << 20  # bytes
_GENTLY = ("nice", "-n", "19", "sh", "-c")
_IMPORT = """set -e
file=$(mktemp -p /var/tmp)
trap 'rm -f "$file"' EXIT
cat >"$file"
ctr --namespace k8s.io images import --local --no-unpack --digests "$file" >/dev/null
"""


def digest_of(docker: DockerClient, image: str) -> str:
    """What Docker knows an image by. Raises ClusterError for one that it lacks."""
    from docker.errors import ImageNotFound

    try:
        return str(docker.images.get(image).id)
    except ImageNotFound as error:
        raise ClusterError(
            f"Docker has no image {image} to bring to the nodes", hint=_ways_to(image)
        ) from error


def _ways_to(image: str) -> str:
    """How Docker gets an image."""
    if is_stock(image):
        return f"docker pull {image}   # no registry? kubelearn images load --stand-in {image}"
    return f"docker build -t {image} .   # or: docker pull {image}"


def bring(machines: Sequence[Container], images: Mapping[str, str]) -> None:
    """Have all these machines, of which there is one at least, hold these images of Docker's.

    They are given by name, with the digests that Docker knows them by. Raises ClusterError
    with the words of the machine that did not take them.
    """
    wanted = {str(Reference.parse(name)): digest for name, digest in images.items()}
    with ThreadPoolExecutor(len(machines)) as pool:
        held = pool.map(_held, machines)
        lacking = [
            machine
            for machine, digests in zip(machines, held, strict=True)
            if any(digest not in digests.get(name, ()) for name, digest in wanted.items())
        ]
    if lacking:
        _send(list(images), lacking)


def _held(machine: Container) -> dict[str, set[str]]:
    """The machine's images by name, with the digests under which Docker may know them.

    That is the configuration's, or where Docker keeps its images in containerd, the manifest's.
    """
    listed = json.loads(run(machine, ["crictl", "images", "--output", "json"]))["images"]
    return {
        tag: {each["id"], *(digest.partition("@")[2] for digest in each["repoDigests"])}
        for each in listed
        for tag in each["repoTags"]
    }


def _send(names: Sequence[str], machines: Sequence[Container]) -> None:
    with ExitStack() as ends:
        takers = [ends.enter_context(_taker(machine)) for machine in machines]
        # Entered last and so ended first: without it the others see a cut archive, and fail too.
        archive = ends.enter_context(_started(["docker", "save", *names], stdin=subprocess.DEVNULL))
        assert archive.stdout
        while chunk := archive.stdout.read(_CHUNK):
            for taker in takers:
                assert taker.stdin
                # One that has given up says why in the end.
                with suppress(BrokenPipeError):
                    taker.stdin.write(chunk)
        _require(archive, "Docker did not give", names, hint=f"docker save {names[0]} >/dev/null")
        for taker, machine in zip(takers, machines, strict=True):
            # Where it most often fails.
            room = f"docker exec {machine.name} df -h /var"
            _require(taker, f"{machine.name} did not take", names, hint=room)


def _taker(machine: Container) -> subprocess.Popen[bytes]:
    """A command that imports on a machine what it is given."""
    words = ["docker", "exec", "--interactive", str(machine.name), *_GENTLY, _IMPORT]
    return _started(words, stdin=subprocess.PIPE)


def _started(words: Sequence[str], *, stdin: int) -> subprocess.Popen[bytes]:
    # In a group of its own: Ctrl+C is ours to answer.
    return subprocess.Popen(
        words,
        stdin=stdin,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,
    )


def _require(
    process: subprocess.Popen[bytes], problem: str, names: Sequence[str], *, hint: str
) -> None:
    """Wait for a command, and raise ClusterError with its last words when it failed."""
    _, said = process.communicate()
    if process.returncode:
        lines = said.decode(errors="replace").strip().splitlines() or ["it said nothing"]
        raise ClusterError(f"{problem} {', '.join(names)}: {lines[-1]}", hint=hint)
