"""Sends one request, and asks every source that a cluster has what became of it.

The audit trail, the access reviews of the API, etcd and a watch; what a cluster does not show is
kept with the reason. Only reads follow the request itself, and none of them changes its outcome.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from kubelearn.clusters import kinds
from kubelearn.clusters.transport import Answer, send
from kubelearn.diagrams.evidence import REASON, Evidence, Stored
from kubelearn.diagrams.rolerules import role_in, rules_for
from kubelearn.errors import ApiError, KubelearnError
from kubelearn.objects import Object, Resource
from kubelearn.widgets.apirequest import ApiRequest
from kubelearn.widgets.listener import Listener
from kubelearn.widgets.watchset import watches_of

if TYPE_CHECKING:
    from kubernetes.client import ApiClient

    from kubelearn.clusters.internals import Internals, KeyEvent
    from kubelearn.widgets.base import Cluster

AUDIT_ID = "Audit-Id"
_REVIEWS = {
    "who": "/apis/authentication.k8s.io/v1/selfsubjectreviews",
    "access": "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews",
}
# The trail is written a moment after the answer: so many seconds between two looks.
_BETWEEN = 0.1
# Machines' clocks may differ a little.
_EARLIER = timedelta(seconds=5)


class Inquiry:
    """One request on its way; `patience` is how long to wait for each source, in seconds."""

    def __init__(self, cluster: Cluster, request: ApiRequest, *, patience: float = 3.0) -> None:
        self.cluster = cluster
        self.request = request
        self._patience = patience
        self._own: ApiClient = cluster.api_client
        self._listener: Listener | None = None

    def run(self) -> Iterator[Evidence]:
        """What is known, more with each step. Raises KubelearnError if it cannot be sent."""
        body = self.request.body
        api, headers = self.request.identity.connect(self._own)
        resource = resource_of(self._own, self.request)
        before = self._before()
        revision, not_stored = self._revision()
        self._listen(resource)
        try:
            begun = datetime.now(UTC) - _EARLIER
            answer = self._send(api, headers, body)
            evidence = replace(self._first(answer, body), before=before, not_stored=not_stored)
            yield evidence
            evidence = self._trail(evidence, answer, since=begun)
            if evidence.event is None:
                evidence = self._ask(evidence, api, headers)
            evidence = replace(evidence, rules=self._rules(evidence))
            yield evidence
            if (
                evidence.code < 400
                and evidence.verb not in ("get", "path")
                and not (evidence.dry_run or evidence.unchanged)
            ):
                yield self._kept(evidence, revision)
        finally:
            if self._listener:
                self._listener.close()

    # --- the request itself -------------------------------------------------------------------

    def _send(self, api: ApiClient, headers: Mapping[str, str], body: Any) -> Answer:
        request = self.request
        return send(
            api,
            request.method,
            request.path,
            body=body,
            content_type=request.media,
            headers=headers,
        )

    def _first(self, answer: Answer, body: Any) -> Evidence:
        return Evidence(
            method=self.request.method,
            path=self.request.route,
            code=answer.code,
            answer=answer.body,
            sent=body,
            headers=answer.headers,
            dry_run="dryRun=All" in self.request.path,
        )

    def _before(self) -> Object | None:
        """The object that a patch will change."""
        if self.request.method != "PATCH":
            return None
        answer = send(self._own, "GET", self.request.route)
        return answer.body if answer.code == 200 and isinstance(answer.body, dict) else None

    # --- who, and by which rule ---------------------------------------------------------------

    def _trail(self, evidence: Evidence, answer: Answer, *, since: datetime) -> Evidence:
        audit_id = answer.headers.get(AUDIT_ID)
        if not audit_id:
            return replace(evidence, no_event="the server audits no such request")
        try:
            event = _event(self.cluster.internals, audit_id, since=since, seconds=self._patience)
        except KubelearnError as error:
            return replace(evidence, no_event=error.message)
        missing = "" if event else "the audit policy keeps no event of such requests"
        return replace(evidence, event=event, no_event=missing)

    def _ask(self, evidence: Evidence, api: ApiClient, headers: Mapping[str, str]) -> Evidence:
        """Let the same identity ask who it is, and whether it may: where no event tells."""
        if evidence.code == 401:
            return evidence
        found = {}
        for name, path in _REVIEWS.items():
            body = {"spec": self._attributes()} if name == "access" else {}
            answer = send(api, "POST", path, body=body, headers=headers)
            found[name] = answer.body.get("status") if answer.code < 300 else None
        who = (found["who"] or {}).get("userInfo")
        return replace(evidence, who=who, access=found["access"])

    def _attributes(self) -> Object:
        request, target = self.request, self.request.target
        if target is None:
            return {
                "nonResourceAttributes": {"path": request.route, "verb": request.method.lower()}
            }
        group, _, version = target.api_version.rpartition("/")
        names = {"namespace": target.namespace, "name": target.name, "subresource": target.sub}
        fixed = {
            "verb": self._verb(),
            "group": group,
            "version": version,
            "resource": target.plural,
        }
        return {"resourceAttributes": {**fixed, **{k: v for k, v in names.items() if v}}}

    def _verb(self) -> str:
        target = self.request.target
        if self.request.method == "GET":
            return "get" if target and target.name else "list"
        if self.request.method == "DELETE" and target and not target.name:
            return "deletecollection"
        return {"POST": "create", "PUT": "update"}.get(
            self.request.method, self.request.method.lower()
        )

    def _rules(self, evidence: Evidence) -> tuple[str, ...]:
        """The rules that the reason speaks of, read from the role that it names."""
        reason = evidence.annotations.get(REASON) or (evidence.access or {}).get("reason") or ""
        role, target = role_in(str(reason)), self.request.target
        if role is None or target is None:
            return ()
        answer = send(self._own, "GET", role)
        found = answer.body.get("rules") or [] if answer.code == 200 else []
        return tuple(
            rules_for(
                found,
                verb=self._verb(),
                api_version=target.api_version,
                resource=f"{target.plural}/{target.sub}" if target.sub else target.plural,
            )
        )

    # --- what is kept -------------------------------------------------------------------------

    def _revision(self) -> tuple[int, str]:
        """etcd's revision before the request, or why it is not known."""
        if self.request.method == "GET":
            return 0, ""
        try:
            return self.cluster.internals.etcd().revision, ""
        except KubelearnError as error:
            return 0, error.message

    def _kept(self, evidence: Evidence, revision: int) -> Evidence:
        if revision and evidence.uid:
            try:
                found = self._stored(evidence, start=revision + 1)
            except KubelearnError as error:
                evidence = replace(evidence, not_stored=error.message)
            else:
                evidence = replace(evidence, stored=found)
        return self._heard(evidence)

    def _stored(self, evidence: Evidence, *, start: int) -> Stored | None:
        """The change of the key that holds the object, among all since then.

        Others may change it at the same time, so it is the one of the answer's revision; of a
        deletion, which answers without one, it is the first.
        """
        meta = (evidence.object or {}).get("metadata") or {}
        wanted = "" if evidence.verb == "delete" else str(meta.get("resourceVersion") or "")
        changes = self.cluster.internals.watch_keys(start=start, seconds=self._patience)
        for event in changes:
            kv = event.kv
            if evidence.uid in _uids(event) and wanted in ("", str(kv.mod_revision)):
                return Stored(event.type, kv.key, kv.mod_revision, kv.version)
        return None

    def _listen(self, resource: Resource | None) -> None:
        target = self.request.target
        if resource is None or target is None or target.sub or self.request.method == "GET":
            return
        watches = watches_of(self._own)
        self._listener = Listener(watches, (resource, target.namespace or None))
        self._listener.ready(self._patience)

    def _heard(self, evidence: Evidence) -> Evidence:
        if self._listener is None or not evidence.uid:
            reason = "No watch was opened for what this request is about."
            return replace(evidence, not_told=reason)
        meta = (evidence.object or {}).get("metadata") or {}
        version = "" if self.request.method == "DELETE" else str(meta.get("resourceVersion") or "")
        told = self._listener.hear(evidence.uid, version=version, seconds=self._patience)
        if not told:
            reason = f"Not within {self._patience:g} s, by this picture's own watch."
            return replace(evidence, not_told=reason)
        return replace(evidence, told=f"A watch of the collection told {told}.")


def resource_of(api: ApiClient, request: ApiRequest) -> Resource | None:
    """The kind that the request is about, from discovery; None if the server knows none."""
    target = request.target
    if target is None:
        return None
    try:
        return kinds.of_plural(api, target.api_version, target.plural)
    except ApiError:
        return None


def _event(
    internals: Internals, audit_id: str, *, since: datetime, seconds: float
) -> Object | None:
    """The event of that id, as soon as it is written; None if it is not in so many seconds."""
    last = ""
    end = time.monotonic() + seconds
    while True:
        for event in internals.audit(since=since, after=last):
            last = event["auditID"]
            if last == audit_id:
                return event
        if time.monotonic() > end:
            return None
        time.sleep(_BETWEEN)


def _uids(event: KeyEvent) -> set[str]:
    """Of the object that a key held before and after a change."""
    objects = [state.object for state in (event.kv, event.prev) if state and state.object]
    return {str(each["metadata"].get("uid")) for each in objects}
