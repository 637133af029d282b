"""What is known of each stage that a request went through, in words, and by which source."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from kubelearn.diagrams.difference import Line, difference
from kubelearn.diagrams.etcdkeys import readable
from kubelearn.diagrams.evidence import REASON, Evidence
from kubelearn.objects import Object

Row = dict[str, Any]

_ANSWER = "the answer"
_AUDIT = "the audit event"
_FOLLOWS = "it got further than this"
# What the server gives every object by itself; it would be noise in each difference.
_OWN_FIELDS = ("uid", "creationTimestamp", "resourceVersion", "generation", "namespace")
_CREDENTIAL = "authentication.kubernetes.io/credential-id"
_NOTED = ("pod-security.kubernetes.io/", "validation.policy.admission.k8s.io/")
_WEBHOOK = "mutation.webhook.admission.k8s.io/"


def facts_of(name: str, state: str, evidence: Evidence) -> Row:
    """The facts of one stage in that state: words, their source, differences of objects."""
    row: Row = {"facts": [], "how": "", "differences": []}
    match state:
        case "passed":
            row |= _PASSED[name](evidence)
        case "refused":
            row |= {
                "facts": [evidence.message],
                "how": _ANSWER,
                **_REFUSED.get(name, _nothing)(evidence),
            }
        case "skipped":
            row |= _skipped(evidence)
        case "unknown":
            row |= {"facts": ["Here, or in a stage beside it: the answer does not say which."]}
    return row


def _skipped(evidence: Evidence) -> Row:
    if evidence.dry_run:
        return {"facts": ["dryRun=All: all stages but this one."], "how": "the request"}
    fact = "Nothing changed, so nothing was written."
    return {"facts": [fact], "how": "resourceVersion before and in the answer"}


def _nothing(_: Evidence) -> Row:
    return {}


def _follows(_: Evidence) -> Row:
    return {"how": _FOLLOWS}


# --- the door -------------------------------------------------------------------------------


def _authentication(evidence: Evidence) -> Row:
    if evidence.event is not None:
        facts = _user(evidence.event.get("user") or {})
        other = evidence.event.get("impersonatedUser")
        if other:
            name, *rest = _user(other)
            facts += [f"acts as {name}", *rest]
        return {"facts": facts, "how": _AUDIT}
    if evidence.who is not None:
        return {
            "facts": _user(evidence.who),
            "how": "a SelfSubjectReview with the same credentials",
        }
    return {"facts": [f"Who it was taken for is not told: {evidence.no_event}"], "how": _FOLLOWS}


def _user(info: Mapping[str, Any]) -> list[str]:
    words = [str(info.get("username") or "nobody")]
    if info.get("groups"):
        words.append(f"groups {', '.join(info['groups'])}")
    for each in (info.get("extra") or {}).get(_CREDENTIAL) or []:
        words.append(f"credential {each[:26]}…")
    return words


def _authorization(evidence: Evidence) -> Row:
    if REASON in evidence.annotations or evidence.event is not None:
        reason = evidence.annotations.get(REASON) or "allowed; the authorizer gave no reason"
        return {"facts": [reason, *evidence.rules], "how": f"{_AUDIT}, {REASON}"}
    if evidence.access is not None:
        reason = evidence.access.get("reason") or "allowed; the authorizer gave no reason"
        how = "a SelfSubjectAccessReview with the same identity"
        return {"facts": [str(reason), *evidence.rules], "how": how}
    return {"facts": [f"By which rule is not told: {evidence.no_event}"], "how": _FOLLOWS}


def _not_authorized(evidence: Evidence) -> Row:
    reason = evidence.annotations.get(REASON)
    if not reason:
        return {"how": _ANSWER}
    return {"facts": [evidence.message, reason], "how": f"{_ANSWER}, and {_AUDIT}, {REASON}"}


# --- the object -----------------------------------------------------------------------------


def _lookup(evidence: Evidence) -> Row:
    if evidence.verb != "get":
        return {"how": _FOLLOWS}
    answer = evidence.answer if isinstance(evidence.answer, dict) else {}
    version = (answer.get("metadata") or {}).get("resourceVersion")
    facts = [f"read as of revision {version}"] if version else []
    if isinstance(answer.get("items"), list):
        count = len(answer["items"])
        facts.insert(0, f"{count} object{'' if count == 1 else 's'}")
    return {"facts": facts, "how": _ANSWER}


def _decoding(evidence: Evidence) -> Row:
    decoded = _decoded(evidence)
    if evidence.method == "PATCH":
        return {"facts": ["The patch was applied to the object that was read."], "how": _FOLLOWS}
    if decoded is None:
        return {
            "facts": [f"Defaults are not told apart from what comes next: {_no_body(evidence)}"],
            "how": _FOLLOWS,
        }
    lines = difference(_plain(evidence.sent), _plain(decoded))
    facts = [] if lines else ["No default was missing."]
    how = f"what was sent, beside requestObject in {_AUDIT}"
    return {"facts": facts, "how": how, "differences": _titled("Defaults", lines)}


def _decoded(evidence: Evidence) -> Object | None:
    """The object as it was after decoding, before admission."""
    found = (evidence.event or {}).get("requestObject")
    return found if isinstance(found, dict) and evidence.method in ("POST", "PUT") else None


def _no_body(evidence: Evidence) -> str:
    return evidence.no_event or "the audit policy keeps no bodies of such requests"


def _admission(evidence: Evidence) -> Row:
    facts = [
        f"{key.removeprefix(_WEBHOOK)}: {value}"
        for key, value in evidence.annotations.items()
        if key.startswith(_WEBHOOK)
    ]
    if evidence.verb == "delete" or evidence.object is None:
        return {"facts": facts, "how": _AUDIT if facts else _FOLLOWS}
    decoded = _decoded(evidence)
    if evidence.method == "PATCH":
        old, what = evidence.before, "Your patch, admission and the server together"
        how = "the object as it was read before, beside the answer"
    elif decoded is not None:
        old, what = decoded, "Admission, and what the server prepares itself"
        how = f"requestObject in {_AUDIT}, beside the answer"
    else:
        old, what = evidence.sent, "Defaults, admission and the server together"
        how = "what was sent, beside the answer"
    if not isinstance(old, dict):
        return {"facts": facts, "how": _FOLLOWS}
    lines = difference(_plain(old), _plain(evidence.object))
    if not lines:
        facts.append("Nothing was changed.")
    return {"facts": facts, "how": how, "differences": _titled(what, lines)}


def _plain(obj: Any) -> Object:
    """An object without what the server gives every one of them."""
    if not isinstance(obj, dict):
        return {}
    meta = {k: v for k, v in (obj.get("metadata") or {}).items() if k not in _OWN_FIELDS and v}
    plain = {k: v for k, v in obj.items() if k not in ("kind", "apiVersion") and v != {}}
    return readable({**plain, "metadata": meta}) if meta else plain


def _titled(title: str, lines: list[Line]) -> list[Row]:
    return [{"title": title, "lines": lines}] if lines else []


def _version(evidence: Evidence) -> Row:
    sent = evidence.sent if isinstance(evidence.sent, dict) else {}
    version = (sent.get("metadata") or {}).get("resourceVersion")
    fact = (
        f"You sent resourceVersion {version}." if version else "You sent none: nothing to compare."
    )
    return {"facts": [fact], "how": "what was sent"}


def _validation(evidence: Evidence) -> Row:
    noted = {k: v for k, v in evidence.annotations.items() if k.startswith(_NOTED)}
    facts = [f"{key.rpartition('/')[2]}: {value}" for key, value in noted.items()]
    return {"facts": facts, "how": _AUDIT if facts else _FOLLOWS}


def _invalid(evidence: Evidence) -> Row:
    causes = evidence.details.get("causes") or []
    facts = [f"{cause.get('field')}: {cause.get('message')}" for cause in causes]
    return {"facts": facts or [evidence.message]}


# --- what is kept ---------------------------------------------------------------------------


def _storage(evidence: Evidence) -> Row:
    found = evidence.stored
    if found is not None:
        done = (
            "deleted" if found.type == "DELETE" else "created" if found.version == 1 else "changed"
        )
        facts = [found.key, f"{done} in revision {found.revision}"]
        if found.version > 1:
            facts[1] += f", version {found.version}"
        if done == "changed" and evidence.verb == "delete":
            facts.append("It is only marked: whoever must finish first removes it.")
        return {"facts": facts, "how": "etcd: the change of the key that holds this uid"}
    version = ((evidence.object or {}).get("metadata") or {}).get("resourceVersion")
    facts = [f"revision {version}"] if version else []
    if evidence.not_stored:
        facts.append(f"The key is not shown: {evidence.not_stored}")
    return {"facts": facts, "how": "resourceVersion in the answer" if version else _ANSWER}


def _watch(evidence: Evidence) -> Row:
    if evidence.told:
        return {"facts": [evidence.told], "how": "this picture's own watch"}
    return {"facts": [evidence.not_told or "No watch has told of it yet."]}


_PASSED: Mapping[str, Callable[[Evidence], Row]] = {
    "authentication": _authentication,
    "authorization": _authorization,
    "resource": _follows,
    "lookup": _lookup,
    "decoding": _decoding,
    "admission": _admission,
    "version": _version,
    "validation": _validation,
    "storage": _storage,
    "watch": _watch,
}
_REFUSED: Mapping[str, Callable[[Evidence], Row]] = {
    "authorization": _not_authorized,
    "validation": _invalid,
}
