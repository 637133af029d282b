"""Which labels a selector selects, and how it is written."""

from __future__ import annotations

import pytest

from kubelearn.labelselector import format_selector, matches


def test_no_selector_selects_nothing_and_an_empty_one_everything():
    assert not matches(None, {"app": "web"})
    assert matches({}, {"app": "web"})


@pytest.mark.parametrize(
    ("operator", "values", "holds"),
    [
        ("In", ["a", "b"], True),
        ("NotIn", ["a"], False),
        ("Exists", [], True),
        ("DoesNotExist", [], False),
    ],
)
def test_an_expression_of_a_selector(operator, values, holds):
    selector = {"matchExpressions": [{"key": "tier", "operator": operator, "values": values}]}
    assert matches(selector, {"tier": "a"}) == holds


def test_a_selector_is_written_as_kubectl_writes_it():
    expressions = [{"key": "tier", "operator": "In", "values": ["b", "a"]}]
    selector = {"matchLabels": {"app": "web"}, "matchExpressions": expressions}
    assert format_selector(selector) == "app=web,tier in (a,b)"
