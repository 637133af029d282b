from __future__ import annotations

import pytest

from kubelearn.embedded.controllers.job.successpolicy import matched


@pytest.mark.parametrize(
    ("rules", "succeeded", "number"),
    [
        ([{"succeededIndexes": "0"}], {0}, 0),
        ([{"succeededIndexes": "0-2"}], {0, 2}, None),
        ([{"succeededIndexes": "0-2", "succeededCount": 2}], {0, 2, 4}, 0),
        ([{"succeededIndexes": "0-2", "succeededCount": 2}], {0, 3, 4}, None),
        ([{"succeededCount": 2}], {3, 4}, 0),
        ([{"succeededIndexes": "0"}, {"succeededCount": 1}], {1}, 1),
        # Indexes beyond the completions are no indexes.
        ([{"succeededIndexes": "0,7"}], {0}, 0),
        ([{"succeededIndexes": "7"}], {0}, None),
        ([], {0}, None),
    ],
    ids=str,
)
def test_a_rule_is_about_which_indexes_and_how_many(rules, succeeded, number):
    job = {"spec": {"completions": 5, "successPolicy": {"rules": rules}}}
    expected = "" if number is None else f"Matched rules at index {number}"
    assert matched(job, succeeded) == expected
