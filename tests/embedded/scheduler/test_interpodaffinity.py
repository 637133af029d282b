from __future__ import annotations

import pytest

from kubelearn.embedded.scheduler.cache import PodInfo
from kubelearn.embedded.scheduler.plugins.interpodaffinity import InterPodAffinity

HOST, ZONE = "kubernetes.io/hostname", "zone"
WEB = {"app": "web"}


def required(kind, labels=WEB, key=HOST, **term):
    terms = [{"topologyKey": key, "labelSelector": {"matchLabels": labels}, **term}]
    return {kind: {"requiredDuringSchedulingIgnoredDuringExecution": terms}}


def preferred(kind, weight, key=HOST):
    term = {"topologyKey": key, "labelSelector": {"matchLabels": WEB}}
    terms = [{"weight": weight, "podAffinityTerm": term}]
    return {kind: {"preferredDuringSchedulingIgnoredDuringExecution": terms}}


@pytest.fixture
def plugin(namespaces):
    return InterPodAffinity(namespaces=namespaces)


@pytest.fixture
def verdicts(plugin):
    """The reason for each node, or None."""

    def judge(pod, *infos):
        check = plugin.filter_for(PodInfo(pod), infos)
        found = [check(info) if check else None for info in infos]
        return [item.reasons[0] if item else None for item in found]

    return judge


CROWDED = "node(s) didn't match pod anti-affinity rules"
REFUSED = "node(s) didn't satisfy existing pods anti-affinity rules"
WRONG = "node(s) didn't match pod affinity rules"


def test_pods_that_do_not_care_are_not_looked_at(plugin, make_pod, make_info):
    info = make_info("a", make_pod(labels=WEB))
    assert plugin.filter_for(PodInfo(make_pod("new", labels=WEB)), [info]) is None


def test_anti_affinity_keeps_a_pod_away_from_its_like(make_pod, make_info, verdicts):
    new = make_pod("new", labels=WEB, affinity=required("podAntiAffinity"))
    a, b = make_info("a", make_pod(labels=WEB)), make_info("b", make_pod("x"))
    assert verdicts(new, a, b) == [CROWDED, None]


def test_a_running_pod_keeps_away_those_it_cannot_stand(make_pod, make_info, verdicts):
    hermit = make_pod("hermit", affinity=required("podAntiAffinity", key=ZONE))
    a = make_info("a", hermit, labels={"zone": "1"})
    b, c = make_info("b", labels={"zone": "1"}), make_info("c", labels={"zone": "2"})
    assert verdicts(make_pod("new", labels=WEB), a, b, c) == [REFUSED, REFUSED, None]
    assert verdicts(make_pod("new"), a, b, c) == [None, None, None]


def test_affinity_wants_the_place_where_the_others_are(make_pod, make_info, verdicts):
    new = make_pod("new", affinity=required("podAffinity", key=ZONE))
    a = make_info("a", make_pod(labels=WEB), labels={"zone": "1"})
    b, c = make_info("b", labels={"zone": "1"}), make_info("c", labels={"zone": "2"})
    assert verdicts(new, a, b, c) == [None, None, WRONG]


def test_the_first_of_a_group_goes_anywhere_a_stranger_nowhere(make_pod, make_info, verdicts):
    a, unlabelled = make_info("a", labels={"zone": "1"}), make_info("b")
    first = make_pod("new", labels=WEB, affinity=required("podAffinity", key=ZONE))
    assert verdicts(first, a, unlabelled) == [None, WRONG]
    stranger = make_pod("new", affinity=required("podAffinity", key=ZONE))
    assert verdicts(stranger, a, unlabelled) == [WRONG, WRONG]


@pytest.mark.parametrize(
    ("where", "expected"),
    [
        ({}, None),
        ({"namespaces": ["shop"]}, CROWDED),
        ({"namespaceSelector": {}}, CROWDED),
        (
            {"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "shop"}}},
            CROWDED,
        ),
        ({"namespaceSelector": {"matchLabels": {"team": "shop"}}}, CROWDED),
        ({"namespaceSelector": {"matchLabels": {"team": "bank"}}}, None),
    ],
)
def test_only_pods_of_the_terms_namespaces_count(make_pod, make_info, verdicts, where, expected):
    a = make_info("a", make_pod(labels=WEB, meta={"namespace": "shop"}))
    new = make_pod("new", affinity=required("podAntiAffinity", **where))
    assert verdicts(new, a) == [expected]


def test_a_pod_that_has_left_counts_no_more(make_pod, make_info, verdicts):
    info = make_info("a", make_pod("hermit", affinity=required("podAntiAffinity")))
    info.remove("default/hermit")
    assert verdicts(make_pod("new", labels=WEB), info) == [None]


def test_preferences_are_scored_as_both_sides_see_them(plugin, make_pod, make_info, scores):
    web = make_pod(labels=WEB)
    fond = make_pod("fond", affinity=preferred("podAffinity", 7))
    a, b, c = make_info("a", web), make_info("b"), make_info("c", fond)
    near = make_pod("new", affinity=preferred("podAffinity", 10))
    assert scores(plugin, near, a, b) == {"a": 100, "b": 0}
    far = make_pod("new", affinity=preferred("podAntiAffinity", 10))
    assert scores(plugin, far, a, b) == {"a": 0, "b": 100}
    assert scores(plugin, make_pod("new", labels=WEB), b, c) == {"b": 0, "c": 100}
    assert scores(plugin, make_pod("new"), a, b, c) is None
