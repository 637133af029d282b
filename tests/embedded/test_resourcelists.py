from __future__ import annotations

import pytest

from kubelearn.embedded.resourcelists import add, exceeded, growth, most, same


@pytest.mark.parametrize(
    ("first", "second", "total"),
    [
        ("500m", "500m", "1"),
        ("0", "128Mi", "128Mi"),
        ("512Mi", "512Mi", "1Gi"),
        ("1Gi", "1G", "2073741824"),
        ("1", "0", "1"),
    ],
)
def test_a_sum_is_written_as_its_first_amount_was(first, second, total) -> None:
    assert add({"a": first}, {"a": second}) == {"a": total}


def test_a_sum_has_what_either_list_has() -> None:
    assert add({"cpu": "1"}, {"memory": "1Mi"}) == {"cpu": "1", "memory": "1Mi"}


def test_what_shrinks_does_not_grow() -> None:
    assert growth({"a": "3", "b": "1Gi"}, {"a": "5", "b": "512Mi"}) == {"a": "0", "b": "512Mi"}


def test_amounts_are_compared_as_numbers() -> None:
    assert same({"a": "1"}, {"a": "1000m"})
    assert not same({"a": "1"}, {"a": "1", "b": "0"})
    assert most({"a": "1Ki"}, {"a": "1000", "b": "2"}) == {"a": "1Ki", "b": "2"}
    assert exceeded({"a": "1001m", "b": "9", "c": "1"}, {"a": "1", "c": "1"}) == {"a"}
