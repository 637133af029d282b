"""kubectl, the real one, on the tests' cluster."""

from __future__ import annotations

import os
import re
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO, Any

import pytest

from kubelearn.clusters import Cluster

Kubectl = Callable[..., subprocess.CompletedProcess[str]]

WORDS_OF = 36
"""The minor version of the kubectl whose words these tests know."""


@pytest.fixture(scope="session")
def kubectl_command(
    kubectl_path: str, cluster: Cluster, tmp_path_factory: pytest.TempPathFactory
) -> list[str]:
    """How kubectl is called: for the tests' cluster, with a discovery cache of its own.

    What it says is compared with what the version of the cluster says. An older one that just
    happens to be on this machine is left alone; one that KUBELEARN_KUBECTL names is tried.
    """
    told = subprocess.run([kubectl_path, "version", "--client"], capture_output=True, text=True)
    version = re.search(r"v1\.(\d+)", told.stdout)
    named = os.environ.get("CI") or os.environ.get("KUBELEARN_KUBECTL")
    if not named and version and int(version[1]) < WORDS_OF:
        reason = (
            f"{kubectl_path} is {version[0]}, and older ones than v1.{WORDS_OF} speak otherwise"
        )
        pytest.skip(f"{reason}: tools/kubectl FOLDER fetches Debian's newest")
    cache = tmp_path_factory.mktemp("kubectl-cache")
    return [kubectl_path, f"--cache-dir={cache}", f"--kubeconfig={cluster.kubeconfig}"]


@pytest.fixture(scope="session")
def run_kubectl(kubectl_command: list[str]) -> Kubectl:
    """Run kubectl; it never raises for an exit code."""

    def run(
        *words: str, stdin: str = "", timeout: float = 60, **environment: str
    ) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [*kubectl_command, *words],
            env=os.environ | environment,
            input=stdin,
            capture_output=True,
            text=True,
            timeout=timeout,
            check=False,
        )

    return run


@pytest.fixture(scope="module")
def namespace(request: pytest.FixtureRequest, run_kubectl: Kubectl) -> Iterator[str]:
    """A namespace of the module's own, in which pods may be made."""
    name = Path(request.path).stem.replace("_", "-")
    run_kubectl("create", "namespace", name)
    # A pod is refused until a controller made its namespace's account.
    deadline = time.monotonic() + 30
    while run_kubectl("-n", name, "get", "serviceaccount", "default").returncode:
        assert time.monotonic() < deadline
    yield name
    run_kubectl("delete", "namespace", name, "--wait=false")


@pytest.fixture(scope="module")
def kubectl(namespace: str, run_kubectl: Kubectl) -> Callable[..., str]:
    """Run kubectl in the module's namespace; gives what it printed, fails if it failed."""

    def run(*words: str, stdin: str = "", code: int = 0, **environment: str) -> str:
        done = run_kubectl("-n", namespace, *words, stdin=stdin, **environment)
        assert done.returncode == code, done.stdout + done.stderr
        return done.stdout + done.stderr

    return run


@pytest.fixture
def follow(namespace: str, kubectl_command: list[str]) -> Iterator[Callable[..., IO[str]]]:
    """Start a kubectl that goes on for ever; gives what it prints as it comes."""
    started: list[subprocess.Popen[str]] = []

    def start(*words: str) -> IO[str]:
        command = [*kubectl_command, "-n", namespace, *words]
        process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        started.append(process)
        assert process.stdout
        return process.stdout

    yield start
    for process in started:
        process.terminate()
        process.communicate()


@pytest.fixture(scope="session")
def frogs() -> Callable[[str], dict[str, Any]]:
    """A CustomResourceDefinition in a group of the caller's own."""

    def make(group: str) -> dict[str, Any]:
        spec = {
            "type": "object",
            "description": "What the frog should be.",
            "required": ["color"],
            "properties": {
                "color": {"type": "string", "description": "Green, mostly."},
                "replicas": {"type": "integer", "default": 1, "minimum": 0},
            },
        }
        status = {"type": "object", "x-kubernetes-preserve-unknown-fields": True}
        schema = {"type": "object", "properties": {"spec": spec, "status": status}}
        scale = {"specReplicasPath": ".spec.replicas", "statusReplicasPath": ".status.replicas"}
        ready = '.status.conditions[?(@.type=="Ready")].status'
        version = {
            "name": "v1",
            "served": True,
            "storage": True,
            "schema": {"openAPIV3Schema": schema},
            "subresources": {"status": {}, "scale": scale},
            "additionalPrinterColumns": [
                {"name": "Color", "type": "string", "jsonPath": ".spec.color"},
                {"name": "Ready", "type": "string", "jsonPath": ready},
            ],
        }
        return {
            "apiVersion": "apiextensions.k8s.io/v1",
            "kind": "CustomResourceDefinition",
            "metadata": {"name": f"frogs.{group}"},
            "spec": {
                "group": group,
                "scope": "Namespaced",
                "names": {"plural": "frogs", "kind": "Frog"},
                "versions": [version],
            },
        }

    return make
