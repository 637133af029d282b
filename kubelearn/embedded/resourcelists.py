"""Arithmetic on resource lists, such as `{"cpu": "500m", "memory": "1Gi"}`.

Stands for k8s.io/apiserver `pkg/quota/v1/resources.go`. Quantities stay texts, because a sum is
written as its first amount was that is not zero: `512Mi` and `512Mi` make `1Gi`, in powers of two.
"""

from __future__ import annotations

from collections.abc import Container, Mapping
from decimal import Decimal

from kubelearn.quantity import format_quantity, quantity

Amounts = Mapping[str, str]

_KIBI = 1024


def add(first: Amounts, second: Amounts) -> dict[str, str]:
    """The sum of each resource that either list has."""
    total = dict(first)
    for name, value in second.items():
        total[name] = _sum(total[name], value) if name in total else value
    return total


def most(first: Amounts, second: Amounts) -> dict[str, str]:
    """The larger amount of each resource that either list has."""
    total = dict(first)
    for name, value in second.items():
        if name not in total or quantity(value) > quantity(total[name]):
            total[name] = value
    return total


def growth(new: Amounts, old: Amounts) -> dict[str, str]:
    """How much more the new list has; what shrank has grown by nothing."""
    found = {}
    for name, value in new.items():
        more = quantity(value) - quantity(old.get(name, "0"))
        found[name] = text(more, like=value) if more > 0 else "0"
    return found


def mask(amounts: Amounts, names: Container[str]) -> dict[str, str]:
    """The part of a list that these names are for."""
    return {name: value for name, value in amounts.items() if name in names}


def exceeded(used: Amounts, hard: Amounts) -> set[str]:
    """The resources of which more is used than there may be."""
    return {
        name
        for name, value in used.items()
        if name in hard and quantity(value) > quantity(hard[name])
    }


def same(first: Amounts, second: Amounts) -> bool:
    """Whether both lists have the same resources, and as much of each."""
    return first.keys() == second.keys() and all(
        quantity(first[name]) == quantity(second[name]) for name in first
    )


def text(value: Decimal, *, like: str) -> str:
    """A number as a quantity in the format of another one."""
    whole = value == value.to_integral_value() and abs(value) >= _KIBI
    return format_quantity(value, binary=like.endswith("i") and whole)


def _sum(first: str, second: str) -> str:
    amount = quantity(first)
    return text(amount + quantity(second), like=first if amount else second)
