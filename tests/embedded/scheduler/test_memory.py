from __future__ import annotations

from kubelearn.embedded.scheduler.cache import PodInfo
from kubelearn.embedded.scheduler.memory import Memory


class Asked(list):
    """An answer that notes of which nodes it was asked."""

    def __call__(self, info):
        self.append(info.name)
        return len(info.pods)


def test_a_node_that_stays_as_it_is_is_looked_at_once(make_pod, make_info):
    memory, asked, info = Memory(), Asked(), make_info("a")
    for name in ("one", "two"):
        answer = memory.remembering(PodInfo(make_pod(name)), "score", asked)
        assert answer(info) == 0
    assert asked == ["a"]


def test_a_node_that_changed_is_looked_at_again(make_pod, make_info):
    memory, asked, info = Memory(), Asked(), make_info("a")
    answer = memory.remembering(PodInfo(make_pod()), "score", asked)
    answer(info)
    info.add(PodInfo(make_pod("other")))
    assert answer(info) == 1
    trial = info.clone()
    trial.remove("default/other")
    assert (answer(trial), answer(info)) == (0, 1)


def test_pods_that_ask_for_something_else_are_another_matter(make_pod, make_info):
    memory, asked, info = Memory(), Asked(), make_info("a")
    for pod in (
        make_pod(),
        make_pod(requests={"cpu": "1"}),
        make_pod(nodeSelector={"disk": "ssd"}),
        make_pod(tolerations=[{"operator": "Exists"}]),
    ):
        memory.remembering(PodInfo(pod), "score", asked)(info)
    memory.remembering(PodInfo(make_pod()), "filter", asked)(info)
    assert len(asked) == 5


def test_what_was_asked_long_ago_is_forgotten(make_pod, make_info):
    memory, asked, info = Memory(), Asked(), make_info("a")
    for cores in (*range(17), 0):
        pod = PodInfo(make_pod(requests={"cpu": str(cores)}))
        memory.remembering(pod, "score", asked)(info)
    assert len(asked) == 18
