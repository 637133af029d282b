"""When the changes began that endpoints show."""

from kubelearn.embedded.controllers.servicepods import TriggerTimes

SERVICE = {"metadata": {"name": "web", "namespace": "default", "creationTimestamp": "2026-01-05"}}


def pod(name, time):
    conditions = [{"type": "Ready", "lastTransitionTime": time}]
    return {"metadata": {"name": name}, "status": {"conditions": conditions}}


def test_the_earliest_news_counts_and_only_once():
    times = TriggerTimes()
    pods = [pod("a", "2026-01-07"), pod("b", "2026-01-06")]
    assert times.changed(SERVICE, []) == "2026-01-05"
    assert times.changed(SERVICE, pods) == "2026-01-06"
    assert times.changed(SERVICE, pods) == ""
    assert times.changed(SERVICE, [pods[0], pod("b", "2026-01-09")]) == "2026-01-09"


def test_a_pod_that_goes_or_was_never_ready_is_no_news():
    times = TriggerTimes()
    times.changed(SERVICE, [pod("a", "2026-01-07")])
    assert times.changed(SERVICE, [{"metadata": {"name": "new"}}]) == ""


def test_a_service_that_comes_again_is_news_again():
    times = TriggerTimes()
    times.changed(SERVICE, [])
    times.forget("default/web")
    assert times.changed(SERVICE, []) == "2026-01-05"
