"""Selectors that a pod completes with labels of its own."""

from __future__ import annotations

from kubelearn.embedded.apiserver.strategy.labelkeys import complete_selectors

REQUIRED = "requiredDuringSchedulingIgnoredDuringExecution"
PREFERRED = "preferredDuringSchedulingIgnoredDuringExecution"


def pod_with(**spec):
    return {"metadata": {"labels": {"app": "web", "hash": "1"}}, "spec": spec}


def requirement(operator):
    return {"key": "hash", "operator": operator, "values": ["1"]}


def test_keys_are_written_out_in_every_kind_of_term():
    terms = [{"labelSelector": {}, "matchLabelKeys": ["hash", "absent"]} for _ in range(3)]
    unlike = {"labelSelector": {"matchExpressions": []}, "mismatchLabelKeys": ["hash"]}
    complete_selectors(
        pod_with(
            topologySpreadConstraints=[terms[0]],
            affinity={
                "podAffinity": {REQUIRED: [terms[1]]},
                "podAntiAffinity": {
                    REQUIRED: [unlike],
                    PREFERRED: [{"weight": 1, "podAffinityTerm": terms[2]}],
                },
            },
        )
    )
    for term in terms:
        assert term["labelSelector"] == {"matchExpressions": [requirement("In")]}
    assert unlike["labelSelector"] == {"matchExpressions": [requirement("NotIn")]}


def test_a_term_without_a_selector_still_selects_nothing():
    term = {"matchLabelKeys": ["hash"]}
    complete_selectors(pod_with(topologySpreadConstraints=[term]))
    assert term == {"matchLabelKeys": ["hash"]}
