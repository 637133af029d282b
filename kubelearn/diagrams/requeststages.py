"""How far one request got in the API server, stage by stage, and how that is known.

The order is upstream's: the filters of k8s.io/apiserver `pkg/server/config.go`, then
`pkg/endpoints/handlers/{create,update,patch,delete}.go` and `pkg/registry/generic/registry`.
Which stage refused is told by the answer's code, reason and words, and by the audit event's
decision; where they leave it open, the stages in question are said to be unknown.
"""

from __future__ import annotations

from typing import Any

from kubelearn.diagrams.evidence import Evidence
from kubelearn.diagrams.looks import Look
from kubelearn.diagrams.requestfacts import facts_of

TITLES = {
    "authentication": "Authentication: who are you?",
    "authorization": "Authorization: may you?",
    "resource": "Routing: is there such a resource?",
    "lookup": "Read: is there such an object?",
    "decoding": "Decoding, and defaults",
    "admission": "Mutating admission",
    "version": "Compare: is it still the version you read?",
    "validation": "Validation, and validating admission",
    "storage": "Storage",
    "watch": "Watch: who hears of it?",
}
STATES = {
    "passed": Look("passed", "it got through", "#009E73", "#006B4E", "M4 8.4l3 3l5.2-6.4"),
    "refused": Look(
        "refused", "here it ended", "#D55E00", "#8F3E00", "M4.6 4.6l6.8 6.8M11.4 4.6l-6.8 6.8"
    ),
    "unreached": Look("not reached", "it did not get here", "#E6E6E6", "#8A8A8A", "M4.5 8h7"),
    "skipped": Look("nothing to do", "left out on purpose", "#E6E6E6", "#8A8A8A", "M4.5 8h7"),
    "unknown": Look(
        "not known",
        "no source tells",
        "#F0E442",
        "#8A8200",
        "M5.6 6a2.4 2.4 0 1 1 3.4 2.2c-.8.4-1 .8-1 1.6M8 12.2h.01",
    ),
    "waiting": Look("not sent yet", "not sent yet", "#FFFFFF", "#8A8A8A", "M8 8h.01"),
}
_DOOR = ("authentication", "authorization", "resource")
_END = ("validation", "storage", "watch")
ORDER = {
    "path": _DOOR,
    "get": (*_DOOR, "lookup"),
    "create": (*_DOOR, "decoding", "admission", *_END),
    "update": (*_DOOR, "decoding", "lookup", "admission", "version", *_END),
    "patch": (*_DOOR, "lookup", "decoding", "admission", "version", *_END),
    "delete": (*_DOOR, "lookup", "admission", *_END),
}

# A Status does not name the admission plugin, so it is known by its words: upstream's
# ResourceQuota, PodSecurity, LimitRanger and `pkg/admission/plugin/policy/validating` only
# validate; ServiceAccount and NamespaceLifecycle refuse before. Webhooks of both kinds sound alike.
_VALIDATING = (
    "exceeded quota",
    "violates PodSecurity",
    "ValidatingAdmissionPolicy",
    " usage per ",
)
_MUTATING = ("error looking up service account", "because it is being terminated")
_REFUSING = ("admission", "validation", "storage")

Row = dict[str, Any]


def stages(evidence: Evidence) -> list[Row]:
    """A row for each stage that such a request goes through, in order.

    `state` is `passed`, `refused`, `unreached`, `skipped` (nothing was to be done), or `unknown`.
    """
    order = ORDER[evidence.verb]
    stop, doubtful = _refused_at(evidence)
    rows = []
    for name in order:
        state = _state(name, order, stop=stop, doubtful=doubtful)
        nothing = evidence.dry_run or evidence.unchanged
        if nothing and state == "passed" and name in ("storage", "watch"):
            state = "skipped"
        rows.append(
            {"name": name, "title": TITLES[name], "state": state, **facts_of(name, state, evidence)}
        )
    return rows


def untouched(verb: str) -> list[Row]:
    """The stages that such a request will go through."""
    empty: Row = {"state": "waiting", "facts": [], "how": "", "differences": []}
    return [{"name": name, "title": TITLES[name], **empty} for name in ORDER[verb]]


def summary(rows: list[Row], code: int) -> str:
    """`403, refused by authorization`."""
    if not code:
        return "not sent yet"
    refused = next((row["title"] for row in rows if row["state"] == "refused"), "")
    if refused:
        return f"{code}, refused by {refused.partition(':')[0].partition(',')[0].lower()}"
    if any(row["state"] == "unknown" for row in rows):
        return f"{code}, and the answer does not tell which stage refused"
    skipped = any(row["state"] == "skipped" for row in rows)
    return f"{code}, through all stages" + (" but storage" if skipped else "")


def _state(name: str, order: tuple[str, ...], *, stop: str, doubtful: tuple[str, ...]) -> str:
    if name in doubtful:
        return "unknown"
    first = stop or next(iter(doubtful), "")
    if not first:
        return "passed"
    if name == first:
        return "refused"
    return "passed" if order.index(name) < order.index(first) else "unreached"


def _refused_at(evidence: Evidence) -> tuple[str, tuple[str, ...]]:
    """The stage that refused, or those that may have; neither if none did."""
    if evidence.code < 400:
        return "", ()
    order = ORDER[evidence.verb]
    found = _suspect(evidence)
    if found in order:
        return found, ()
    if evidence.code == 403 and evidence.allowed:
        # The registry of a kind may refuse as well: nobody gives others more than he has.
        return "", tuple(name for name in order if name in _REFUSING)
    # Whoever is known and was allowed has passed the door.
    return "", order[2 if evidence.allowed else 1 :]


def _suspect(evidence: Evidence) -> str:
    match evidence.code:
        case 401:
            return "authentication"
        case 403 if evidence.allowed is False or "cannot impersonate" in evidence.message:
            return "authorization"
        case 403 if evidence.allowed:
            return _admission(evidence)
        case 404:
            return _missing(evidence)
        case 405 | 406:
            return "resource"
        case 400 | 413 | 415:
            return "decoding"
        case 409:
            return _conflict(evidence)
        case 422:
            is_patch = evidence.method == "PATCH" and not evidence.details.get("causes")
            return "decoding" if is_patch else "validation"
    return ""


def _admission(evidence: Evidence) -> str:
    if any(words in evidence.message for words in _VALIDATING):
        return "validation"
    if any(words in evidence.message for words in _MUTATING) or evidence.verb == "delete":
        return "admission"
    return ""


def _missing(evidence: Evidence) -> str:
    details = evidence.details
    if not details.get("name"):
        return "resource"
    if evidence.verb != "create":
        return "lookup"
    # Nothing is created in a namespace that is not there: the plugin NamespaceLifecycle.
    return "admission" if details.get("kind") == "namespaces" else ""


def _conflict(evidence: Evidence) -> str:
    causes = evidence.details.get("causes") or []
    if any(cause.get("reason") == "FieldManagerConflict" for cause in causes):
        return "decoding"
    if evidence.status.get("reason") == "AlreadyExists" or evidence.verb == "delete":
        return "storage"
    return "version"
