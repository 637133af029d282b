"""How far a request got, told from the answer, the audit event and other sources."""

from __future__ import annotations

from dataclasses import replace
from xml.etree import ElementTree

import pytest

from kubelearn.diagrams.evidence import Evidence, Stored
from kubelearn.diagrams.requeststages import ORDER, stages, summary, untouched
from kubelearn.diagrams.requestxray import draw

PODS = "/api/v1/namespaces/demo/pods"
# What a real cluster answered and noted.
NOT_ALLOWED = 'pods is forbidden: User "jane" cannot list resource "pods" in API group ""'
REASON = 'RBAC: allowed by RoleBinding "jane-views/demo" of ClusterRole "view" to User "jane"'


def status(reason="", message="", *, causes=(), **details):
    details = {**details, "causes": list(causes)}
    return {"kind": "Status", "reason": reason, "message": message, "details": details}


def event(decision="allow", reason=REASON, **more):
    annotations = {"authorization.k8s.io/decision": decision, "authorization.k8s.io/reason": reason}
    return {
        "user": {"username": "admin", "groups": ["system:authenticated"]},
        "annotations": annotations | more.pop("annotations", {}),
        **more,
    }


def evidence(code, answer=None, *, method="POST", path=PODS, **known):
    known.setdefault("event", event())
    return Evidence(method=method, path=path, code=code, answer=answer, **known)


def states(found):
    return {row["name"]: row["state"] for row in stages(found)}


def row(found, name):
    return next(each for each in stages(found) if each["name"] == name)


def marked(changed):
    return [line for line in changed["lines"] if line[0] in "+-"]


def refused(found):
    return [name for name, state in states(found).items() if state == "refused"]


@pytest.mark.parametrize(
    ("stage", "found"),
    [
        ("authentication", evidence(401, status("Unauthorized", "Unauthorized"), event=None)),
        (
            "authorization",
            evidence(403, status("Forbidden", NOT_ALLOWED), event=event("forbid", "")),
        ),
        ("authorization", evidence(403, status("Forbidden", NOT_ALLOWED), event=None)),
        (
            "authorization",
            evidence(403, status(message='users "jane" is forbidden: cannot impersonate resource')),
        ),
        (
            "admission",
            evidence(403, status(message="error looking up service account demo/nobody")),
        ),
        ("validation", evidence(403, status(message="pods is forbidden: exceeded quota: q"))),
        ("resource", evidence(404, "404 page not found", path="/nowhere", method="GET")),
        ("resource", evidence(404, status("NotFound", "the server could not find"), method="GET")),
        ("lookup", evidence(404, status("NotFound", name="x", kind="pods"), method="DELETE")),
        ("admission", evidence(404, status("NotFound", name="no-such", kind="namespaces"))),
        ("resource", evidence(405, status("MethodNotAllowed"))),
        ("decoding", evidence(400, status("BadRequest", "strict decoding error"))),
        ("storage", evidence(409, status("AlreadyExists", name="x"))),
        ("version", evidence(409, status("Conflict", name="x"), method="PUT")),
        (
            "decoding",
            evidence(
                409,
                status("Conflict", causes=[{"reason": "FieldManagerConflict"}]),
                method="PATCH",
            ),
        ),
        ("validation", evidence(422, status("Invalid", causes=[{"field": "a", "message": "b"}]))),
        ("decoding", evidence(422, status("Invalid"), method="PATCH")),
    ],
)
def test_the_stage_that_refused_is_told_by_the_answer_and_the_audit_event(stage, found):
    order = ORDER[found.verb]
    expected = dict.fromkeys(order[: order.index(stage)], "passed") | {stage: "refused"}
    expected |= dict.fromkeys(order[order.index(stage) + 1 :], "unreached")
    assert states(found) == expected


@pytest.mark.parametrize("code", [403, 500])
def test_what_the_answer_leaves_open_is_said_to_be_unknown(code):
    found = evidence(code, status(message='admission webhook "w" denied the request'))
    assert refused(found) == []
    assert states(found)["authorization"] == "passed"
    assert states(found)["admission"] == "unknown"
    told = summary(stages(found), code)
    assert told == f"{code}, and the answer does not tell which stage refused"


def test_without_any_source_it_is_unknown_whether_authorization_refused():
    found = evidence(403, status(message="no"), event=None)
    assert states(found)["authentication"] == "passed"
    assert states(found)["authorization"] == "unknown"


def test_the_audit_event_tells_who_it_was_and_by_which_rule():
    found = evidence(
        200, {}, event=event(impersonatedUser={"username": "jane"}), rules=("rule: x",)
    )
    assert row(found, "authentication")["facts"] == [
        "admin",
        "groups system:authenticated",
        "acts as jane",
    ]
    assert row(found, "authorization")["facts"] == [REASON, "rule: x"]
    assert row(found, "authorization")["how"] == "the audit event, authorization.k8s.io/reason"


def test_without_an_audit_trail_reviews_tell_it_and_say_so():
    access = {"allowed": True, "reason": REASON}
    found = evidence(200, {}, event=None, who={"username": "admin"}, access=access, no_event="no")
    assert row(found, "authentication")["facts"] == ["admin"]
    assert "SelfSubjectReview" in row(found, "authentication")["how"]
    assert row(found, "authorization")["facts"] == [REASON]
    assert "SelfSubjectAccessReview" in row(found, "authorization")["how"]


def test_what_no_source_tells_is_given_with_the_reason():
    found = evidence(200, {}, event=None, no_event="no access to the audit trail")
    for name in ("authentication", "authorization", "decoding"):
        assert "no access to the audit trail" in row(found, name)["facts"][0]


def test_defaults_and_admission_are_told_apart_by_the_audit_event():
    sent = {"metadata": {"name": "p"}, "spec": {"a": 1}}
    decoded = {"metadata": {"name": "p"}, "spec": {"a": 1, "default": 2}, "status": {}}
    stored = {
        "kind": "Pod",
        "metadata": {"name": "p", "uid": "u", "resourceVersion": "7"},
        "spec": {"a": 1, "default": 2, "admitted": 3},
    }
    found = evidence(201, stored, sent=sent, event=event(requestObject=decoded))
    (defaults,) = row(found, "decoding")["differences"]
    assert ("+", "  default: 2") in defaults["lines"]
    (admitted,) = row(found, "admission")["differences"]
    assert marked(admitted) == [("+", "  admitted: 3")]
    # What the server gives to all objects is no difference.
    without_bodies = replace(found, event=event())
    (both,) = row(without_bodies, "admission")["differences"]
    assert both["title"] == "Defaults, admission and the server together"
    assert row(without_bodies, "decoding")["differences"] == []


def test_a_patch_is_compared_with_the_object_before():
    before = {"metadata": {"name": "p", "labels": {"a": "1"}}}
    after = {"metadata": {"name": "p", "labels": {"a": "2"}, "uid": "u"}}
    found = evidence(200, after, method="PATCH", before=before)
    (changed,) = row(found, "admission")["differences"]
    assert marked(changed) == [("-", "    a: '1'"), ("+", "    a: '2'")]


def test_storage_shows_the_key_or_why_not():
    kept = Stored("PUT", "/registry/pods/demo/p", 7, version=1)
    found = evidence(201, {"metadata": {"uid": "u", "resourceVersion": "7"}}, stored=kept)
    assert row(found, "storage")["facts"] == ["/registry/pods/demo/p", "created in revision 7"]
    hidden = replace(found, stored=None, not_stored="no access to etcd")
    assert row(hidden, "storage")["facts"] == [
        "revision 7",
        "The key is not shown: no access to etcd",
    ]


def test_a_graceful_deletion_only_marks_the_object():
    kept = Stored("PUT", "/registry/pods/demo/p", 9, version=4)
    found = evidence(200, {"metadata": {"uid": "u"}}, method="DELETE", stored=kept)
    assert "It is only marked" in row(found, "storage")["facts"][-1]


def test_a_dry_run_stores_nothing():
    found = evidence(201, {"metadata": {"name": "p"}}, dry_run=True)
    assert states(found)["validation"] == "passed"
    assert states(found)["storage"] == states(found)["watch"] == "skipped"
    assert summary(stages(found), 201) == "201, through all stages but storage"


def test_a_patch_that_changes_nothing_writes_nothing():
    same = {"metadata": {"name": "p", "uid": "u", "resourceVersion": "7"}}
    found = evidence(200, same, method="PATCH", before=same)
    assert states(found)["storage"] == states(found)["watch"] == "skipped"
    assert row(found, "storage")["facts"] == ["Nothing changed, so nothing was written."]
    assert row(found, "admission")["facts"] == ["Nothing was changed."]
    changed = {"metadata": {**same["metadata"], "resourceVersion": "8"}}
    assert states(replace(found, answer=changed))["storage"] == "passed"


def test_each_cause_of_invalid_values_is_a_fact():
    causes = [
        {"field": "spec.a", "message": "Required"},
        {"field": "spec.b", "message": "Too long"},
    ]
    found = evidence(422, status("Invalid", "Pod is invalid", causes=causes))
    assert row(found, "validation")["facts"] == ["spec.a: Required", "spec.b: Too long"]


def test_the_picture_shows_every_stage_in_order():
    found = evidence(403, status("Forbidden", NOT_ALLOWED), event=None)
    rows = stages(found)
    drawn = draw("POST /x", rows, words=summary(rows, 403), sender="as jane")
    ElementTree.fromstring(drawn)
    places = [drawn.index(f">{each['title']}<") for each in rows]
    assert places == sorted(places)
    assert "as jane: 403, refused by authorization" in drawn


def test_before_it_is_sent_nothing_is_known():
    assert {each["state"] for each in untouched("create")} == {"waiting"}
    assert summary(untouched("create"), 0) == "not sent yet"
