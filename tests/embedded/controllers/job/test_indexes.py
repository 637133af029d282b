from __future__ import annotations

import pytest

from kubelearn.embedded.controllers.job.indexes import format_indexes, give_index, parse_indexes


@pytest.mark.parametrize(
    ("indexes", "text"),
    [(set(), ""), ({3}, "3"), ({0, 1}, "0,1"), ({0, 2, 3, 4, 7}, "0,2-4,7")],
)
def test_indexes_are_written_as_runs_and_read_again(indexes, text):
    assert format_indexes(indexes) == text
    assert parse_indexes(text) == indexes


def test_a_pod_learns_its_index_from_its_environment_unless_it_sets_the_variable(make_pod):
    own = {"name": "own", "env": [{"name": "JOB_COMPLETION_INDEX", "value": "x"}]}
    pod = make_pod(containers=[{"name": "a"}, own])
    given = give_index(pod, {"metadata": {"name": "sum"}}, 2)
    assert given["metadata"]["generateName"] == "sum-2-"
    assert given["spec"]["hostname"] == "sum-2"
    first, second = given["spec"]["containers"]
    assert first["env"][0]["name"] == "JOB_COMPLETION_INDEX"
    assert second == own
    assert "env" not in pod["spec"]["containers"][0]
