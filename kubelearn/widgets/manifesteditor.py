"""ManifestEditor: YAML on one side, on the other what the server would make of it.

Whenever the typing pauses, the server tries the text without storing anything (`dryRun=All`). What
it says is shown at the lines it is about.
"""

from __future__ import annotations

import time
from dataclasses import asdict
from typing import Any

from kubelearn import manifests
from kubelearn.clusters.serverside import Preview, apply_path, essence, namespace_of, preview
from kubelearn.clusters.transport import APPLY_PATCH
from kubelearn.diagrams.difference import difference
from kubelearn.diagrams.manifeststates import STATES, draw, summary
from kubelearn.errors import ApiError, ManifestError, Unreachable
from kubelearn.widgets.actions import Action, perform
from kubelearn.widgets.base import Cluster, DocumentWidget, script, style
from kubelearn.widgets.courier import courier
from kubelearn.widgets.manifesttemplates import TEMPLATES

Row = dict[str, Any]


class ManifestEditor(DocumentWidget):
    """An editor for the manifest `text`; objects that name no namespace go to `namespace`.

    `text` is what was typed last, so that later cells can use it.
    """

    _esm = script("difference", "yamleditor", "manifesteditor")
    _css = style("difference", "yamleditor", "manifesteditor")
    # For a cluster that did not answer.
    look_every = 3.0

    def __init__(self, cluster: Cluster, text: str = "", namespace: str = "default") -> None:
        self.cluster, self.namespace, self.text = cluster, namespace, text
        self._checked = False
        facts = {
            "namespace": namespace,
            "cluster": cluster.name,
            "templates": TEMPLATES,
            "states": {key: asdict(look) for key, look in STATES.items()},
        }
        super().__init__(facts=facts)
        self.document.put("text", "now", {"text": text, "turn": 0, "page": ""})
        self.enqueue(self._check_once)

    # --- trying ---------------------------------------------------------------------------------

    def act(self, name: str, arguments: dict[str, Any]) -> None:
        """Try what was typed, or apply it."""
        self.text = str(arguments["text"])
        turn, page = int(arguments["turn"]), str(arguments.get("page", ""))
        self.document.put("text", "now", {"text": self.text, "turn": turn, "page": page})
        if name == "apply":
            self._apply(force=bool(arguments.get("force")))
        self.check()

    def look(self) -> None:
        """Try again what could not be tried."""
        if self.disconnected:
            self.check()

    def check(self) -> None:
        """Have the server try the text, and show what it says."""
        self._checked = True
        turn = self.document.get("text", "now")["turn"]
        try:
            rows, problem = [row_of(each) for each in self._try()], None
        except ManifestError as error:
            rows, problem = [], _syntax(error)
        except Unreachable as error:
            self._put_connection(error.message)
            return
        except ApiError as error:
            rows, problem = [], {"line": 0, "field": "", "message": error.message}
        self._put_connection(None)
        self.document.replace("objects", {str(i): row for i, row in enumerate(rows)})
        self.document.put("checked", "text", {"turn": turn, "problem": problem})
        courier.wake()

    def _check_once(self) -> None:
        if not self._checked:
            self.check()

    def _try(self) -> list[Preview]:
        if not self.text.strip():
            return []
        parsed = manifests.parse(self.text)
        return preview(self.cluster.api_client, parsed, namespace=self.namespace)

    def _put_connection(self, reason: str | None) -> None:
        if reason != self.disconnected:
            self.document.put("connection", "reason", reason)
            self.document.put("connection", "since", round(time.time() * 1000))
        courier.wake()

    @property
    def disconnected(self) -> str | None:
        """Why nothing can be tried, or None."""
        reason: str | None = self.document.get("connection", "reason")
        return reason

    # --- applying -------------------------------------------------------------------------------

    def _apply(self, *, force: bool) -> None:
        """Apply the objects one after the other; one that is refused keeps none from its turn."""
        try:
            found = self._try()
        except (ManifestError, ApiError):
            return  # `check` shows it
        for each in found:
            if each.resource:
                self.trace(perform(self.cluster.api_client, self._action(each, force=force)))

    def _action(self, found: Preview, *, force: bool) -> Action:
        assert found.resource
        name = str((found.manifest.object.get("metadata") or {}).get("name"))
        query = {"force": "true"} if force else {}
        place = namespace_of(found.manifest, self.namespace)
        flag = " --force-conflicts" if force else ""
        where = f" -n {place}" if found.resource.namespaced else ""
        return Action(
            f"kubectl apply --server-side{flag}{where} -f -   # {found.name}",
            "PATCH",
            apply_path(found.resource, name, namespace=place, query=query),
            found.manifest.object,
            APPLY_PATCH,
        )

    # --- without a browser ----------------------------------------------------------------------

    def picture(self) -> str:
        """What would come of each object."""
        rows, notice = self._said()
        return draw(rows, title="Manifest", notice=notice)

    def line(self) -> str:
        """What would come of it, in numbers."""
        rows, notice = self._said()
        return f"manifest: {notice or summary(rows)}"

    def _said(self) -> tuple[list[Row], str]:
        self._check_once()
        problem = (self.document.get("checked", "text") or {}).get("problem")
        said = problem["message"].splitlines()[0] if problem else ""
        return list(self.document.section("objects").values()), self.disconnected or said


def row_of(found: Preview) -> Row:
    """What a view needs to know of an object."""
    changed = difference(essence(found.before), essence(found.after)) if found.after else []
    return {
        "name": found.name,
        "namespace": found.namespace if found.resource and found.resource.namespaced else "",
        "line": found.manifest.line,
        "state": found.state,
        "code": found.code,
        "problems": [asdict(problem) for problem in found.problems],
        "difference": changed,
    }


def _syntax(error: ManifestError) -> Row:
    return {"line": error.line, "field": "", "message": error.message}


_DEMO = """\
apiVersion: apps/v1
kind: Deployment
metadata:
  name: web
  namespace: demo
spec:
  replicas: 5
---
apiVersion: v1
kind: ConfigMap
metadata:
  name: settings
  namespace: demo
data:
  GREETING: Hello
"""


def _demo(cluster: Any) -> ManifestEditor:
    return ManifestEditor(cluster, _DEMO, "demo")


if __name__ == "__main__":
    from kubelearn.widgets.demo import run

    run(_demo, title="ManifestEditor")
