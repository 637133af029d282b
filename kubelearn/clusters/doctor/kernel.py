"""What Kubernetes in Docker wants of this machine's kernel; the embedded cluster does without."""

from __future__ import annotations

from pathlib import Path

from kubelearn.clusters.doctor.check import Check
from kubelearn.clusters.kind import requirements

# What kind's own pages advise.
_INOTIFY = 512


def _inotify() -> Check:
    limit = requirements.inotify_instances()
    return Check(
        "inotify",
        "good" if limit >= _INOTIFY else "missing",
        f"{limit} instances" if limit else "not known",
        "Only for kind: with fewer than 512, larger clusters fail with `too many open files`.",
        f"sudo sysctl fs.inotify.max_user_instances={_INOTIFY}",
    )


def _cgroups() -> Check:
    unified = Path("/sys/fs/cgroup/cgroup.controllers").exists()
    return Check(
        "control groups",
        "good" if unified else "missing",
        f"version {2 if unified else 1}",
        "Only for kind: Kubernetes gives version 1 up, and runs there only because we ask it to.",
        "boot with systemd.unified_cgroup_hierarchy=1",
    )


CHECKS = (_inotify, _cgroups)
