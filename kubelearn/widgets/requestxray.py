"""RequestXray: one request to the API server, and how far it got.

The learner picks or types a request and says as whom; it is shown as raw HTTP, for kubectl and in
Python, and after it was sent, every stage that it went through is shown with how that is known.
"""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

import yaml

from kubelearn.clusters.transport import STRATEGIC_PATCH
from kubelearn.diagrams.etcdkeys import readable
from kubelearn.diagrams.evidence import Evidence, verb_of
from kubelearn.diagrams.requeststages import STATES, stages, summary, untouched
from kubelearn.diagrams.requestxray import draw
from kubelearn.errors import KubelearnError
from kubelearn.widgets.apirequest import METHODS, PATCHES, ApiRequest
from kubelearn.widgets.base import Cluster, DocumentWidget, script, style
from kubelearn.widgets.courier import courier
from kubelearn.widgets.identity import KINDS, Identity
from kubelearn.widgets.inquiry import AUDIT_ID, Inquiry, resource_of
from kubelearn.widgets.requestexamples import examples

LINES_SHOWN = 150
_WARNING = "Warning"


class RequestXray(DocumentWidget):
    """Requests about a namespace, beginning with one of the ready-made `examples`."""

    _esm = script("confirm", "difference", "requestxray")
    _css = style("table", "difference", "requestxray")

    patience = 3.0
    """How long to wait for what the audit trail and a watch tell, in seconds."""

    def __init__(
        self, cluster: Cluster, namespace: str = "default", *, example: str = "create"
    ) -> None:
        self.cluster = cluster
        self.namespace = namespace
        self._examples = examples(namespace)
        self._picked = 0
        self._known: dict[str, Any] = {}
        self._host = str(cluster.api_client.configuration.host)
        facts = {
            "cluster": cluster.name,
            "namespace": namespace,
            "examples": {name: each.title for name, each in self._examples.items()},
            "identities": KINDS,
            "methods": METHODS,
            "patches": PATCHES,
            "states": {name: asdict(look) for name, look in STATES.items()},
        }
        super().__init__(facts=facts)
        self._pick(example)

    @property
    def examples(self) -> list[str]:
        """The names of the ready-made requests."""
        return list(self._examples)

    def ask(self, example: str = "") -> None:
        """Send a ready-made request now, or the one that is shown, and wait for what is known."""
        if example:
            self._pick(example)
        self._ask()

    # --- clicks -----------------------------------------------------------------------------

    def act(self, name: str, arguments: dict[str, Any]) -> None:
        """Pick an example, follow what is typed, or send it."""
        if name == "pick":
            self._pick(str(arguments["example"]))
        elif name in ("compose", "ask"):
            self._compose(_request(arguments, self.namespace))
            if name == "ask":
                self._ask()
        courier.wake()

    def _pick(self, example: str) -> None:
        if example not in self._examples:
            raise ValueError(f"there is no example {example!r}: {', '.join(self._examples)}")
        self._picked += 1
        self._compose(self._examples[example].request, example=example)

    def _compose(self, request: ApiRequest, *, example: str = "") -> None:
        """Show a request in all its forms; what was sent before is no longer shown."""
        self._request = request
        form = {
            "method": request.method,
            "path": request.path,
            "text": request.text,
            "type": request.content_type,
            "kind": request.identity.kind,
            "name": request.identity.name,
        }
        try:
            resource = self._resource(request)
            lines = {
                "http": request.http(self._host),
                "kubectl": request.kubectl(resource, self._host),
                "python": request.python(resource, self._host),
                "problem": "",
            }
        except KubelearnError as error:
            lines = {"problem": error.message}
        # The view takes the form over only when an example was picked, never while somebody types.
        told = {"form": form, "example": example, "picked": self._picked, **lines}
        self.document.put("request", "shown", told)
        self.document.drop("outcome", "shown")
        self._put_rows(untouched(verb_of(request.method, request.route)))

    def _resource(self, request: ApiRequest) -> Any:
        """The kind that it is about; discovery is asked once for each that it knows."""
        target = request.target
        name = f"{target.api_version}/{target.plural}" if target else ""
        # A kind that is not served may be served later.
        if self._known.get(name) is None:
            self._known[name] = resource_of(self.cluster.api_client, request)
        return self._known[name]

    # --- sending ----------------------------------------------------------------------------

    def _ask(self) -> None:
        request = self._request
        entry = {
            "command": str(self._shown_request().get("kubectl") or ""),
            "request": f"{request.method} {request.path}",
        }
        try:
            for number, evidence in enumerate(self._inquiry().run()):
                if number == 0:
                    self.trace({**entry, "code": evidence.code, "message": evidence.message})
                self._show(evidence)
        except KubelearnError as error:
            self.trace({**entry, "code": 0, "message": error.message})
            self.document.put("outcome", "shown", {"problem": error.message})
        courier.wake()

    def _inquiry(self) -> Inquiry:
        return Inquiry(self.cluster, self._request, patience=self.patience)

    def _shown_request(self) -> dict[str, Any]:
        return self.document.get("request", "shown") or {}

    def _show(self, evidence: Evidence) -> None:
        rows = stages(evidence)
        self._put_rows(rows)
        outcome = {
            "code": evidence.code,
            "summary": summary(rows, evidence.code),
            "audit": evidence.headers.get(AUDIT_ID) or "",
            "warning": evidence.headers.get(_WARNING) or "",
            "answer": _readable(evidence.answer),
            "problem": "",
        }
        self.document.put("outcome", "shown", outcome)
        courier.wake()

    def _put_rows(self, rows: list[dict[str, Any]]) -> None:
        self.document.put("stages", "shown", rows)

    # --- without a browser ------------------------------------------------------------------

    def picture(self) -> str:
        """The request, and its stages as far as they are known."""
        title = f"{self._request.method} {self._request.path}"
        return draw(title, self._rows(), words=self._outcome(), sender=self._sender())

    def line(self) -> str:
        """The request line, and how far it got."""
        return f"{self._request.method} {self._request.path}: {self._outcome()}"

    def _sender(self) -> str:
        identity = self._request.identity
        return f"as {KINDS[identity.kind]} {identity.name}".rstrip()

    def _outcome(self) -> str:
        shown = self.document.get("outcome", "shown") or {}
        return str(shown.get("problem") or shown.get("summary") or "not sent yet")

    def _rows(self) -> list[dict[str, Any]]:
        return list(self.document.get("stages", "shown") or [])


def _readable(answer: Any) -> str:
    """What came back, as YAML where it is an object; only the beginning of what is long."""
    text = str(answer)
    if isinstance(answer, dict):
        text = yaml.safe_dump(readable(answer), allow_unicode=True, sort_keys=False)
    lines = text.strip().splitlines()
    more = [f"… and {len(lines) - LINES_SHOWN} lines more"] if len(lines) > LINES_SHOWN else []
    return "\n".join([*lines[:LINES_SHOWN], *more])


def _request(form: dict[str, Any], namespace: str) -> ApiRequest:
    """The request that the form's fields describe."""
    kind = str(form.get("kind") or "own")
    path = str(form.get("path") or "/").strip()
    return ApiRequest(
        method=str(form.get("method") or "GET"),
        path=path if path.startswith("/") else f"/{path}",
        text=str(form.get("text") or ""),
        content_type=str(form.get("type") or STRATEGIC_PATCH),
        identity=Identity(kind, str(form.get("name") or "").strip(), namespace),
    )


if __name__ == "__main__":
    from kubelearn.widgets.demo import run

    run(lambda cluster: RequestXray(cluster, "demo"), title="RequestXray")
