"""The numbers behind quantities."""

from __future__ import annotations

from decimal import Decimal

import pytest

from kubelearn.quantity import format_quantity, quantity


@pytest.mark.parametrize(
    ("text", "number"),
    [("500m", "0.5"), ("1.5Gi", 1.5 * 2**30), ("2k", 2000), ("1e3", 1000), (7, 7), (".5", "0.5")],
)
def test_a_quantity_is_a_number(text, number):
    assert quantity(text) == Decimal(number)


@pytest.mark.parametrize("text", ["", "1 Gi", "1gi", "much", "1.2.3"])
def test_what_is_no_quantity_is_refused(text):
    with pytest.raises(ValueError, match="quantities must match the regular expression"):
        quantity(text)


def test_a_number_is_written_as_short_as_it_can_be():
    assert format_quantity(Decimal("1.5")) == "1500m"
    assert format_quantity(Decimal(2**27), binary=True) == "128Mi"
    assert format_quantity(Decimal(0)) == "0"
