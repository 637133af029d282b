from __future__ import annotations

import pytest

from kubelearn.embedded.selectors import SelectorError, parse_fields, parse_labels

WEB = {"app": "web", "tier": "front", "n": "5"}


@pytest.mark.parametrize(
    ("selector", "selected"),
    [
        ("", True),
        ("app=web", True),
        ("app == web", True),
        ("app!=web", False),
        ("missing!=web", True),
        ("app in (web, db),!old", True),
        ("app notin (web)", False),
        ("tier", True),
        ("!tier", False),
        ("app=,tier", False),
        ("missing in ()", False),
        ("n>4,n<6", True),
        ("app in (,web)", True),
    ],
)
def test_labels_are_selected_as_upstream_does(selector, selected) -> None:
    assert parse_labels(selector).matches(WEB) is selected


@pytest.mark.parametrize(
    ("selector", "message"),
    [
        ("a b", "unable to parse requirement: found 'b', expected: in, notin, =, ==, !=, gt, lt"),
        ("app in", "unable to parse requirement: found '' expected: '('"),
        ("a,", "found '', expected: identifier after ','"),
        ("a=b c", "found 'c', expected: ',' or 'end of string'"),
        ("a in (b", "unable to parse requirement: found '', expected: ',' or ')'"),
        ("a in (b,", "unable to parse requirement: found '', expected: ',', or identifier"),
        ("a in (", "unable to parse requirement: found '', expected: ',', ')' or identifier"),
        ("=", "found '=', expected: !, identifier, or 'end of string'"),
        ("a in (b c)", "unable to parse requirement: found 'c', expected: ',' or ')'"),
    ],
)
def test_a_malformed_label_selector_is_explained(selector, message) -> None:
    with pytest.raises(SelectorError) as caught:
        parse_labels(selector)
    assert str(caught.value) == message


def test_field_selectors_compare_and_know_escapes() -> None:
    selector = parse_fields(r"spec.nodeName=a\,b,status.phase!=Failed,metadata.name==x")
    fields = {"spec.nodeName": "a,b", "status.phase": "Running", "metadata.name": "x"}
    assert selector.matches(fields)
    assert not selector.matches(fields | {"status.phase": "Failed"})


def test_a_field_selector_without_operator_is_refused() -> None:
    with pytest.raises(SelectorError, match="invalid selector: 'nonsense'; can't understand"):
        parse_fields("nonsense")
