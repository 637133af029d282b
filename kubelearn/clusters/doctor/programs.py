"""Programs of this machine that are good to have: one can do without each of them."""

from __future__ import annotations

import shutil
import subprocess
from contextlib import closing
from dataclasses import replace

from kubelearn.clusters.doctor.check import Check
from kubelearn.clusters.kind import skew
from kubelearn.containers import dockerengine
from kubelearn.errors import ContainerError

# The version of Kubernetes that the embedded cluster is.
_EMBEDDED = "v1.36.3"
_SECONDS = 2

# Chromium without a window of its own first, where it is there: tests take half the time in it.
BROWSERS = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome", "chrome")


def _kubectl() -> Check:
    found = _program(
        "kubectl",
        "The lessons do without it; where you see `$ kubectl ...` you could type along.",
        "https://kubernetes.io/docs/tasks/tools/",
        version=["version", "--client"],
    )
    if found.state == "good" and (warning := skew.warning(_EMBEDDED)):
        meaning, _, page = warning.partition("   → ")
        return replace(found, state="missing", meaning=f"{meaning}.", next=page)
    return found


def _dot() -> Check:
    return _program(
        "dot",
        "Only for graphs that you want Graphviz to lay out; kubelearn has a layout of its own.",
        "sudo apt-get install graphviz",
    )


def _chromium() -> Check:
    found = next((path for name in BROWSERS if (path := shutil.which(name))), None)
    return Check(
        "chromium",
        "good" if found else "missing",
        found or "not found",
        "Only the tests of the widgets need a browser of their own.",
        "sudo apt-get install chromium",
    )


def _busybox() -> Check:
    return _program(
        "busybox",
        "Pods with the image busybox get this machine's shell tools instead.",
        "sudo apt-get install busybox",
    )


def _docker() -> Check:
    meaning = "Only for clusters in Docker (kind); the embedded cluster needs none."
    try:
        client = dockerengine.connect()
    except ContainerError as error:
        return Check("docker", "missing", error.message, meaning, error.hint)
    with closing(client):
        return Check("docker", "good", f"answers, version {client.version()['Version']}")


def _kind() -> Check:
    return _program(
        "kind",
        "Only for clusters in Docker; the embedded cluster needs none.",
        "https://kind.sigs.k8s.io/docs/user/quick-start/",
        version=["version"],
    )


def _program(name: str, meaning: str, hint: str, *, version: list[str] | None = None) -> Check:
    path = shutil.which(name)
    found = path or "not found"
    if path and version and (line := _output([path, *version])):
        found = f"{path} ({line.splitlines()[0]})"
    return Check(name, "good" if path else "missing", found, meaning, hint)


def _output(command: list[str]) -> str:
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=_SECONDS, check=True)
    except (OSError, subprocess.SubprocessError):
        return ""
    return done.stdout.strip()


CHECKS = (_kubectl, _busybox, _dot, _chromium, _docker, _kind)
