"""References to variables."""

import pytest

from kubelearn.embedded.kubelet.expansion import expand


@pytest.mark.parametrize(
    ("text", "expanded"),
    [
        ("plain", "plain"),
        ("$(A)", "a"),
        ("x-$(A)-$(B)-y", "x-a-b-y"),
        ("$(NOPE)", "$(NOPE)"),
        ("$$(A)", "$(A)"),
        ("$$$(A)", "$a"),
        ("$$$$(A)", "$$(A)"),
        ("$(A", "$(A"),
        ("$A $ $5", "$A $ $5"),
        ("$()", "$()"),
        ("end$", "end$"),
    ],
)
def test_known_references_are_replaced(text, expanded):
    assert expand(text, {"A": "a", "B": "b"}) == expanded
