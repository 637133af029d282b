"""Whether this machine's kubectl fits a cluster: Kubernetes promises one minor version apart."""

from __future__ import annotations

import json
import re
import shutil
import subprocess

_SECONDS = 5
_PAGE = "https://kubernetes.io/docs/tasks/tools/"


def warning(server: str, client: str | None = None) -> str:
    """What to tell of kubectl's version beside the server's, such as `v1.36.3`; often nothing."""
    client = kubectl_version() if client is None else client
    ours, theirs = _minor(client), _minor(server)
    if not ours or not theirs or abs(ours - theirs) <= 1:
        return ""
    return (
        f"kubectl is {client} and the cluster {server}: more than one minor version apart they may "
        f"misunderstand each other   → {_PAGE}"
    )


def kubectl_version() -> str:
    """Of the kubectl on the path; empty without one."""
    program = shutil.which("kubectl")
    if not program:
        return ""
    try:
        done = subprocess.run(
            [program, "version", "--client", "--output", "json"],
            capture_output=True,
            timeout=_SECONDS,
            check=True,
        )
        return str(json.loads(done.stdout)["clientVersion"]["gitVersion"])
    except (OSError, subprocess.SubprocessError, ValueError, KeyError):
        return ""


def _minor(version: str) -> int:
    found = re.match(r"v?1\.(\d+)", version)
    return int(found[1]) if found else 0
