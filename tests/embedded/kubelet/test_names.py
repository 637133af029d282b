"""How things are called in messages."""

import pytest

from kubelearn.embedded.kubelet.names import container_path, duration, pod_text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(10, "10s"), (40, "40s"), (60, "1m0s"), (80, "1m20s"), (160, "2m40s"), (300, "5m0s")],
)
def test_times_are_told_as_go_tells_them(seconds, text):
    assert duration(seconds) == text


def test_pods_and_containers_have_names_in_messages(pod_of):
    pod = pod_of()
    pod["spec"]["initContainers"] = [{"name": "first", "image": "i"}]
    assert pod_text(pod) == "p_default(uid-of-p)"
    assert container_path(pod, {"name": "app"}) == "spec.containers{app}"
    assert container_path(pod, {"name": "first"}) == "spec.initContainers{first}"
