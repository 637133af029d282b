"""The program `kind`: what it does is shown step by step, and what it fails with is explained."""

from __future__ import annotations

import re
import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from kubelearn.clusters.kind.requirements import port_taken, require_programs
from kubelearn.errors import ClusterError

_DONE = re.compile(r"^ ✓ (?P<step>[^(]*[^\W_])")
_IMAGE = re.compile(r'failed to pull image "(?P<image>[^"]+)"')
_PORT = re.compile(
    r"(?:0\.0\.0\.0|127\.0\.0\.1|\[::\]):(?P<port>\d+)\S*(?: failed)?: (?:port is|bind|listen)"
)
_PULL_ANSWERS = re.compile(r"Error response from daemon: (?P<said>.+)")

Done = Callable[[str, str], None]


class Kind:
    """Calls kind for one cluster; its own words are kept in a log file."""

    def __init__(self, cluster: str, *, log: Path) -> None:
        self._cluster = cluster
        self._log = log

    def create(self, config: str, *, image: str, kubeconfig: Path, done: Done) -> None:
        """Create the cluster; failure and Ctrl+C leave nothing behind. Raises ClusterError.

        `done` hears of each step that is done, and of the time that it took.
        """
        words = ["create", "cluster", "--config", "-", "--kubeconfig", str(kubeconfig)]
        if image:
            words += ["--image", image]
        with self._start(words) as process:
            try:
                _write(process, config)
                self._follow(process, done)
            except BaseException:
                process.kill()
                process.wait()
                self.delete()
                raise
        if process.returncode:
            raise explain(self._log.read_text(errors="replace"), self._log)

    def _follow(self, process: subprocess.Popen[str], done: Done) -> None:
        started = time.monotonic()
        for step in self._steps(process):
            now = time.monotonic()
            done(step, f"{now - started:5.1f} s")
            started = now

    def delete(self) -> None:
        """Delete the cluster and its machines. Raises ClusterError."""
        self._finish(["delete", "cluster"])

    def kubeconfig(self) -> str:
        """A kubeconfig for this machine. Raises ClusterError."""
        return self._finish(["get", "kubeconfig"])

    def _finish(self, words: Sequence[str]) -> str:
        process = self._start(words, errors=subprocess.PIPE)
        output, errors = process.communicate()
        with self._log.open("a") as log:
            log.write(errors)
        if process.returncode:
            raise explain(errors, self._log)
        return output

    def _start(
        self, words: Sequence[str], *, errors: int = subprocess.STDOUT
    ) -> subprocess.Popen[str]:
        require_programs()
        self._log.parent.mkdir(parents=True, exist_ok=True)
        return subprocess.Popen(
            ["kind", *words, "--name", self._cluster],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
            # In a group of its own: Ctrl+C is ours to answer.
            start_new_session=True,
        )

    def _steps(self, process: subprocess.Popen[str]) -> Iterator[str]:
        assert process.stdout
        # Others of our calls write to the same file meanwhile.
        self._log.write_text("")
        with self._log.open("a") as log:
            for line in process.stdout:
                log.write(line)
                log.flush()
                if found := _DONE.match(line):
                    yield found["step"]


def _write(process: subprocess.Popen[str], text: str) -> None:
    assert process.stdin
    with process.stdin as door:
        door.write(text)


def explain(output: str, log: Path) -> ClusterError:
    """The error that says in a learner's words why kind failed."""
    if found := _IMAGE.search(output):
        image = found["image"].partition("@")[0]
        said = _PULL_ANSWERS.search(output)
        return ClusterError(
            f"the node image {image} is not on this machine and can't be pulled"
            + (f": {said['said']}" if said else ""),
            hint="go online for the first start, or name an image that is here: "
            "kubelearn up --backend kind --image IMAGE",
        )
    if found := _PORT.search(output):
        return port_taken(found["port"])
    failure = re.search(r"^ERROR: (.+)$", output, re.MULTILINE)
    last = failure[1] if failure else (output.strip().splitlines() or ["it said nothing"])[-1]
    return ClusterError(f"kind failed: {last}", hint=f"less {log}   # its own words")
