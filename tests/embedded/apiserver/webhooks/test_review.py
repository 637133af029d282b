"""What a webhook's answer has to say."""

import base64
import json

import pytest

from kubelearn.embedded.apiserver.webhooks.review import InvalidAnswer, answer_of

REVIEW = {"kind": "AdmissionReview", "apiVersion": "admission.k8s.io/v1", "request": {"uid": "u"}}


def said(review=None, **response):
    answer = {"kind": "AdmissionReview", "apiVersion": "admission.k8s.io/v1", **(review or {})}
    return json.dumps({**answer, "response": {"uid": "u", **response}}).encode()


def encoded(patch):
    return base64.b64encode(json.dumps(patch).encode()).decode()


def test_an_answer_allows_or_not_and_may_warn():
    answer = answer_of(said(allowed=True, warnings=["careful"]), review=REVIEW, mutating=False)
    assert (answer.allowed, answer.warnings) == (True, ["careful"])
    assert not answer_of(said(), review=REVIEW, mutating=False).allowed


def test_a_mutating_webhook_answers_with_a_patch():
    patch = [{"op": "add", "path": "/data/a", "value": "1"}]
    body = said(allowed=True, patchType="JSONPatch", patch=encoded(patch))
    assert answer_of(body, review=REVIEW, mutating=True).patch == patch


@pytest.mark.parametrize(
    ("body", "problem"),
    [
        (b"<html>", "expected webhook response of JSON"),
        (b"[]", "expected webhook response of JSON"),
        (b"{}", "webhook response was absent"),
        (said(uid="other"), 'expected response.uid="u", got "other"'),
        (
            said({"apiVersion": "admission.k8s.io/v2"}),
            "expected webhook response of admission.k8s.io/v1, Kind=AdmissionReview, "
            "got admission.k8s.io/v2, Kind=AdmissionReview",
        ),
        (said(patch=encoded([])), "webhook returned response.patch but not response.patchType"),
        (said(patchType="JSONPatch"), "webhook returned response.patchType but not response.patch"),
        (said(patchType="Merge", patch=encoded([])), 'invalid response.patchType of "Merge"'),
        (said(patchType="JSONPatch", patch="%"), "received undecodable patch"),
        (said(patchType="JSONPatch", patch=encoded({})), "not a JSON patch"),
    ],
)
def test_what_is_no_answer_is_refused_with_the_reason(body, problem):
    with pytest.raises(InvalidAnswer, match=problem.replace("[", r"\[")):
        answer_of(body, review=REVIEW, mutating=True)


def test_a_validating_webhook_may_change_nothing():
    body = said(allowed=True, patchType="JSONPatch", patch=encoded([]))
    with pytest.raises(InvalidAnswer, match=r"may not return response\.patch"):
        answer_of(body, review=REVIEW, mutating=False)
