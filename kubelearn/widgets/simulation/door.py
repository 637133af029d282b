"""Who may do what in the simulated cluster: its certificate everything, others next to nothing.

Left out: accounts and roles. Whoever is impersonated may read, but no Secrets.
"""

from __future__ import annotations

from collections.abc import Mapping

from kubelearn.widgets.simulation.response import Response, failure


def refusal(method: str, path: str, headers: Mapping[str, str], *, known: bool) -> Response | None:
    """The answer to a request that does not get through the door; None if it does."""
    if "Authorization" in headers:
        return failure(401, "Unauthorized", "Unauthorized")
    user = headers.get("Impersonate-User") or ("" if known else "system:anonymous")
    if not user or (known and method == "GET" and not path.endswith("/secrets")):
        return None
    message = f'User "{user}" cannot {method.lower()} path "{path}"'
    return failure(403, "Forbidden", f"forbidden: {message}")
