"""`%kubectl`: the real kubectl, on the notebook's cluster and in its namespace.

Its output is shown as it comes. What needs a terminal of its own (`edit`, `exec -it`) does not work
in a cell; kubectl says so itself.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from typing import IO

from kubelearn.clusters.current import current
from kubelearn.errors import ClusterError
from kubelearn.magics.options import words

_HINT = (
    "conda install -c conda-forge kubernetes-client   "
    "# or another way of https://kubernetes.io/docs/tasks/tools/"
)


def line(text: str) -> None:
    """Run kubectl with these words: `%kubectl get pods`."""
    _run(words(text), body=None)


def cell(text: str, body: str) -> None:
    """Run kubectl with the cell below as its input: `%%kubectl apply -f -`."""
    _run(words(text), body=body)


def _run(arguments: list[str], *, body: str | None) -> None:
    path = shutil.which("kubectl")
    if path is None:
        raise ClusterError("kubectl is not installed on this machine", hint=_HINT)
    here = current()
    with subprocess.Popen(
        [path, *_namespaced(arguments, here.namespace)],
        env={**os.environ, "KUBECONFIG": str(here.cluster.kubeconfig)},
        stdin=subprocess.DEVNULL if body is None else subprocess.PIPE,
        stdout=subprocess.PIPE,
        # Two streams would reach the notebook in an order that differs from run to run.
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        # Ctrl-C is ours to answer: kubectl is ended, and the cell with it.
        start_new_session=True,
    ) as process:
        try:
            _feed(process.stdin, body)
            _show(process.stdout)
        except BaseException:
            process.terminate()
            raise
    if process.returncode:
        raise ClusterError(f"kubectl ended with exit code {process.returncode}")


def _namespaced(arguments: list[str], namespace: str) -> list[str]:
    """In the notebook's namespace; one that is named in the line goes first, as it comes later."""
    return [f"--namespace={namespace}", *arguments] if arguments else arguments


def _feed(stdin: IO[str] | None, body: str | None) -> None:
    if stdin is not None:
        with stdin:
            stdin.write(body or "")


def _show(stdout: IO[str] | None) -> None:
    for row in stdout or ():
        print(row, end="")
