"""Health, readiness and version: what load balancers, kubectl and people ask first.

Stands for k8s.io/apiserver `pkg/server/healthz` and `pkg/server/routes/version.go`.
"""

from __future__ import annotations

import platform
from collections.abc import Callable

from aiohttp import web

from kubelearn.embedded.apiserver import response
from kubelearn.embedded.apiserver.request import Request
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
    "platform": f"{platform.system().lower()}/{platform.machine()}",
}


class Health:
    """The checks behind /healthz, /livez and /readyz."""

    def __init__(self, checks: dict[str, Check]) -> None:
        self._checks = checks

    def serve(self, request: Request) -> web.Response:
        """Answer for all checks, or for the one that the path names."""
        endpoint, _, name = request.info.path.strip("/").partition("/")
        if name and name not in self._checks:
            return response.text("404 page not found\n", status=404)
        results = {
            each: check()
            for each, check in self._checks.items()
            if name in ("", each) and each != request.query.get("exclude")
        }
        passed = all(results.values())
        if passed and "verbose" not in request.query:
            return response.text("ok")
        lines = [_line(each, result) for each, result in results.items()]
        lines.append(f"{endpoint} check {'passed' if passed else 'failed'}")
        return response.text("\n".join(lines) + "\n", status=200 if passed else 500)


def _line(name: str, result: bool) -> str:
    return f"[+]{name} ok" if result else f"[-]{name} failed: reason withheld"
