"""How fast images are built again after a change of one line, made of this machine, and shared.

Docker Engine builds the same folder in the same run where one answers; it has a daemon that knows
everything already, we read the image store anew.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from kubelearn.containers import dockerengine, stock
from kubelearn.containers.dockerbuilder import DockerBuilder
from kubelearn.containers.imagebuilder import ImageBuilder
from kubelearn.containers.images import Reference
from kubelearn.containers.machineimages import MachineImages, recipes
from kubelearn.containers.ownbuilder import OwnBuilder
from kubelearn.errors import ContainerError

Result = TypeVar("Result")

BASE = "kubelearn-bench/python:1"
TAG = "kubelearn-bench/app:1"
DOCKERFILE = f"""\
FROM {BASE}
WORKDIR /app
COPY requirements.txt .
COPY package package
COPY app.py .
USER 1000
CMD ["python", "app.py"]
"""


def main() -> None:
    """Measure, and print a table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--rounds", type=int, default=10, help="of each kind; default 10")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="kubelearn-bench-") as folder:
        measure(Path(folder), options.rounds)


def measure(folder: Path, rounds: int) -> None:
    app = make_app(folder / "app")
    own = OwnBuilder(folder / "images", mirror=None)
    row("machine image: busybox", repeat(rounds, lambda: make_root(folder, "busybox")))
    row("machine image: python", repeat(rounds, lambda: make_root(folder, "python_slim")))
    reference = Reference.parse("python:3.12-slim")
    image = stock.describe(reference)
    assert image
    seconds, base = timed(lambda: own.stand_ins.make(reference, image))
    row("python as an image of the store, once", [seconds])
    own.store.tag(BASE, base.manifest)
    measure_builder(own, app, rounds)
    file = folder / "app.tar"
    row("export to a file", repeat(rounds, lambda: own.save(TAG, file)))
    row("import from a file, all there", repeat(rounds, lambda: own.load(file)))
    measure_docker(own, app, file, rounds)


def measure_docker(own: OwnBuilder, app: Path, file: Path, rounds: int) -> None:
    try:
        client = dockerengine.connect()
    except ContainerError as error:
        print(f"no Docker Engine to compare with: {error.message}")
        return
    docker = DockerBuilder(client)
    own.save(BASE, file)
    docker.load(file)
    try:
        measure_builder(docker, app, rounds)
        own.save(TAG, file)
        row("docker load of the file", repeat(rounds, lambda: docker.load(file)))
    finally:
        for name in (TAG, BASE):
            client.images.remove(name, force=True)


def measure_builder(builder: ImageBuilder, app: Path, rounds: int) -> None:
    row(f"{builder.name}: first build", [timed(lambda: builder.build(app, TAG))[0]])
    row(f"{builder.name}: nothing changed", repeat(rounds, lambda: builder.build(app, TAG)))

    def change() -> None:
        with (app / "app.py").open("a") as file:
            file.write("# one more line\n")
        builder.build(app, TAG)

    row(f"{builder.name}: one line changed", repeat(rounds, change))


def make_app(folder: Path) -> Path:
    """A folder such as learners have: a Dockerfile, a program, a package of a few files."""
    (folder / "package").mkdir(parents=True)
    (folder / "Dockerfile").write_text(DOCKERFILE)
    (folder / "requirements.txt").write_text("flask\n")
    (folder / "app.py").write_text("print('hello')\n")
    for number in range(30):
        (folder / f"package/module{number}.py").write_text("x = 1\n" * 500)
    return folder


def make_root(folder: Path, name: str) -> None:
    with tempfile.TemporaryDirectory(dir=folder) as place:
        MachineImages(Path(place)).make(getattr(recipes, name)())


def timed(function: Callable[[], Result]) -> tuple[float, Result]:
    started = time.perf_counter()
    result = function()
    return time.perf_counter() - started, result


def repeat(rounds: int, function: Callable[[], object]) -> list[float]:
    return [timed(function)[0] for _ in range(rounds)]


def row(title: str, seconds: list[float]) -> None:
    middle, worst = statistics.median(seconds), max(seconds)
    print(f"{title:<50} {middle * 1000:8.0f} ms   at most {worst * 1000:.0f} ms")


if __name__ == "__main__":
    main()
