"""Health, readiness and version: what load balancers, kubectl and people ask first.

Stands for k8s.io/apiserver `pkg/server/healthz` and `pkg/server/routes/version.go`.
"""

from __future__ import annotations

import platform
from collections.abc import Callable, Mapping

from aiohttp import web

from kubelearn.embedded.apiserver import response
from kubelearn.embedded.apiserver.request import Request
from kubelearn.embedded.architecture import architecture
from kubelearn.objects import Object

Check = Callable[[], bool]

VERSION: Object = {
    "major": "1",
    "minor": "36",
    "emulationMajor": "1",
    "emulationMinor": "36",
    "minCompatibilityMajor": "1",
    "minCompatibilityMinor": "35",
    "gitVersion": "v1.36.3+kubelearn",
    "gitCommit": "",
    "gitTreeState": "clean",
    "buildDate": "1970-01-01T00:00:00Z",
    "goVersion": f"python{platform.python_version()}",
    "compiler": platform.python_implementation().lower(),
    "platform": f"{platform.system().lower()}/{architecture()}",
}


class Health:
    """The checks behind /healthz, /livez and /readyz; `etcd` tells whether the store answers."""

    def __init__(self, *, etcd: Check) -> None:
        self._checks: dict[str, Check] = {"ping": _always, "etcd": etcd}
        # What is true of every server that listens stands here for the sake of who looks for it.
        self._readyz: dict[str, Check] = {
            **self._checks,
            "etcd-readiness": etcd,
            "poststarthook/rbac/bootstrap-roles": _always,
            "poststarthook/start-system-namespaces-controller": _always,
            "shutdown": _always,
        }

    def serve(self, request: Request) -> web.Response:
        """Answer for all checks, or for the one that the path names."""
        endpoint, _, name = request.info.path.strip("/").partition("/")
        checks = self._readyz if endpoint == "readyz" else self._checks
        if not name:
            return _all(request, endpoint, checks)
        if name not in checks:
            return response.text("404 page not found\n", status=404)
        if checks[name]():
            return response.text("ok")
        return response.text(f"internal server error: {name} failed\n", status=500)


def _always() -> bool:
    return True


def _all(request: Request, endpoint: str, checks: Mapping[str, Check]) -> web.Response:
    excluded = set(request.http.rel_url.query.getall("exclude", []))
    lines, passed = [], True
    for name, check in checks.items():
        if name in excluded:
            lines.append(f"[+]{name} excluded: ok")
        elif check():
            lines.append(f"[+]{name} ok")
        else:
            lines.append(f"[-]{name} failed: reason withheld")
            passed = False
    if unknown := sorted(excluded - checks.keys()):
        names = ",".join(f'"{name}"' for name in unknown)
        lines.append(f"warn: some health checks cannot be excluded: no matches for {names}")
    if passed and "verbose" not in request.query:
        return response.text("ok")
    lines.append(f"{endpoint} check {'passed' if passed else 'failed'}")
    return response.text("\n".join(lines) + "\n", status=200 if passed else 500)
