"""kubectl, the real one, on the tests' cluster."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from kubelearn.clusters import Cluster

Kubectl = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture(scope="session")
def kubectl_path() -> str:
    """The command's path; without one the test is skipped, but in CI it must run."""
    found = os.environ.get("KUBELEARN_KUBECTL") or shutil.which("kubectl")
    if found:
        return found
    reason = "no kubectl: tools/kubectl FILE fetches Debian's newest; KUBELEARN_KUBECTL names it"
    if os.environ.get("CI"):
        pytest.fail(reason)
    pytest.skip(reason)


@pytest.fixture(scope="session")
def run_kubectl(
    kubectl_path: str, cluster: Cluster, tmp_path_factory: pytest.TempPathFactory
) -> Kubectl:
    """Run kubectl with a discovery cache of its own; it never raises for an exit code."""
    cache = tmp_path_factory.mktemp("kubectl-cache")

    def run(*words: str, stdin: str = "", timeout: float = 60) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [kubectl_path, f"--cache-dir={cache}", *words],
            env=os.environ | {"KUBECONFIG": str(cluster.kubeconfig)},
            input=stdin,
            capture_output=True,
            text=True,
            timeout=timeout,
            check=False,
        )

    return run


@pytest.fixture(scope="module")
def kubectl(request: pytest.FixtureRequest, run_kubectl: Kubectl) -> Iterator[Callable[..., str]]:
    """Run kubectl in a namespace of the module's own; gives what it printed, fails if it failed."""
    namespace = Path(request.path).stem.replace("_", "-")
    run_kubectl("create", "namespace", namespace)

    def run(*words: str, stdin: str = "", code: int = 0) -> str:
        done = run_kubectl("-n", namespace, *words, stdin=stdin)
        assert done.returncode == code, done.stdout + done.stderr
        return done.stdout + done.stderr

    yield run
    run_kubectl("delete", "namespace", namespace)
