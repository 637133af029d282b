from __future__ import annotations

from kubelearn.embedded.podresources import pod_limits, pod_requests, stated_requests


def container(name, *, sidecar=False, **requests):
    found = {"name": name, "resources": {"requests": requests, "limits": requests}}
    return {**found, "restartPolicy": "Always"} if sidecar else found


def test_init_containers_count_when_they_need_more_than_what_follows() -> None:
    spec = {
        "containers": [container("a", cpu="1"), container("b", cpu="500m", memory="1Mi")],
        "initContainers": [container("i", cpu="2"), container("j", cpu="1")],
    }
    assert stated_requests(spec) == {"cpu": "2", "memory": "1Mi"}


def test_a_sidecar_runs_beside_all_that_starts_after_it() -> None:
    spec = {
        "containers": [container("a", cpu="1")],
        "initContainers": [
            container("before", cpu="3"),
            container("sidecar", cpu="1", sidecar=True),
            container("after", cpu="2500m"),
        ],
    }
    assert stated_requests(spec) == {"cpu": "3500m"}


def test_what_the_pod_states_as_a_whole_outweighs_the_sum() -> None:
    spec = {
        "containers": [container("a", cpu="1", memory="1Mi")],
        "resources": {"requests": {"cpu": "5"}},
    }
    assert stated_requests(spec) == {"cpu": "5", "memory": "1Mi"}


def test_overhead_is_added_to_requests_and_to_limits_that_exist() -> None:
    bare = {"name": "b"}
    spec = {"containers": [bare], "overhead": {"cpu": "250m"}}
    assert pod_requests({"spec": spec}) == {"cpu": "250m"}
    assert pod_limits({"spec": spec}) == {}
    spec["containers"] = [container("a", cpu="1")]
    assert pod_limits({"spec": spec}) == {"cpu": "1250m"}


def test_while_a_resize_is_under_way_the_larger_amount_counts() -> None:
    status = {"name": "a", "resources": {"requests": {"cpu": "2"}}}
    pod = {
        "spec": {"containers": [container("a", cpu="1")]},
        "status": {"containerStatuses": [status]},
    }
    assert pod_requests(pod) == {"cpu": "2"}
    status["allocatedResources"] = {"cpu": "3"}
    assert pod_requests(pod) == {"cpu": "3"}
    pod["spec"]["containers"][0]["resources"]["requests"]["cpu"] = "9"
    pending = {"type": "PodResizePending", "status": "True", "reason": "Infeasible"}
    pod["status"]["conditions"] = [pending]
    assert pod_requests(pod) == {"cpu": "3"}
