from __future__ import annotations

from kubelearn.embedded.scheduler.cache import PodInfo
from kubelearn.embedded.scheduler.framework import (
    Framework,
    Plugin,
    Rejection,
    counted,
    first_rejection,
    fit_error,
    normalize,
)

TAINT = Rejection("TaintToleration", ("node(s) had untolerated taint(s)",))


def test_counts_are_sorted_as_text():
    reasons = counted([TAINT] * 10 + [Rejection("NodeName", ("other",))])
    assert fit_error(11, reasons, after="That is all.") == (
        "0/11 nodes are available: 1 other, 10 node(s) had untolerated taint(s). That is all."
    )


def test_a_reason_that_needed_no_node_stands_for_all():
    assert fit_error(3, {"x": 3}, before="no claim") == "0/3 nodes are available: no claim."


class Narrow(Plugin):
    name = "Narrow"

    def __init__(self, *names):
        self.names = frozenset(names)

    def prefilter(self, pod):
        return self.names


class Wide(Narrow):
    name = "Wide"


def test_plugins_that_know_the_names_narrow_the_choice_down(make_pod, make_info):
    before = Framework([Narrow("a", "b"), Wide("b", "c")]).prefilter(PodInfo(make_pod()))
    assert before.names == {"b"}
    assert before.reject(make_info("b")) is None
    assert before.reject(make_info("a")).reasons == (
        "node(s) didn't satisfy plugin(s) [Narrow Wide]",
    )


def test_names_that_exclude_each_other_leave_no_node(make_pod):
    pod = PodInfo(make_pod())
    before = Framework([Narrow("a"), Wide("b")]).prefilter(pod)
    reason = "node(s) didn't satisfy plugin(s) [Narrow Wide] simultaneously"
    assert before.rejection.reasons == (reason,)
    alone = Framework([Narrow()]).prefilter(pod)
    assert alone.rejection.reasons == ("node(s) didn't satisfy plugin Narrow",)


def test_scores_are_normalised_to_a_hundred():
    assert normalize({"a": 3, "b": 1, "c": 0}) == {"a": 100, "b": 33, "c": 0}
    assert normalize({"a": 3, "b": 1, "c": 0}, reverse=True) == {"a": 0, "b": 67, "c": 100}
    assert normalize({"a": 0}) == {"a": 0}
    assert normalize({"a": 0}, reverse=True) == {"a": 100}
    assert normalize({}) == {}


class Judge(Plugin):
    """Rejects nodes by their names, and notes of which it was asked."""

    def __init__(self, name, *rejected, local=True):
        self.name, self.local, self.asked = name, local, []
        self._rejected = rejected

    def filter_for(self, pod, nodes):
        def check(info):
            self.asked.append(info.name)
            return Rejection(self.name, ("no",)) if info.name in self._rejected else None

        return check


def test_plugins_that_judge_a_node_by_itself_do_so_once_and_in_their_order(make_pod, make_info):
    first, second, third = Judge("First", "a"), Judge("Second", "a", "b"), Judge("Third", "c")
    far = Judge("Far", "c", local=False)
    framework, nodes = Framework([first, second, far, third]), [make_info(name) for name in "abc"]
    for name in ("one", "two"):
        filters = framework.filters(PodInfo(make_pod(name)), nodes)
        found = [first_rejection(filters, info) for info in nodes]
        assert [each.plugin for each in found] == ["First", "Second", "Far"]
    assert first.asked == ["a", "b", "c"]
    assert second.asked == ["b", "c"]
    assert far.asked == ["c", "c"]
    assert third.asked == []
