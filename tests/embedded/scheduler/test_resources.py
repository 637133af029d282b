from __future__ import annotations

from kubelearn.embedded.scheduler.resources import amounts, pod_requests


def container(cpu, **more):
    return {"name": "c", "resources": {"requests": {"cpu": cpu}}, **more}


def cpu(**spec):
    return pod_requests({"spec": spec})["cpu"]


def test_quantities_become_whole_numbers_rounded_up():
    assert amounts({"cpu": "0.1", "memory": "1Ki", "pods": "110"}) == {
        "cpu": 100,
        "memory": 1024,
        "pods": 110,
    }
    assert amounts({"cpu": "100u"}) == {"cpu": 1}
    assert amounts(None) == {}


def test_containers_run_together():
    assert cpu(containers=[container("1"), container("500m")]) == 1500


def test_init_containers_run_one_after_the_other():
    assert cpu(containers=[container("1")], initContainers=[container("3"), container("2")]) == 3000


def test_a_sidecar_runs_beside_containers_and_later_init_containers():
    sidecar = container("1", restartPolicy="Always")
    assert cpu(containers=[container("1")], initContainers=[sidecar]) == 2000
    assert cpu(containers=[container("1")], initContainers=[sidecar, container("3")]) == 4000
    assert cpu(containers=[container("1")], initContainers=[container("3"), sidecar]) == 3000


def test_overhead_is_added_and_what_the_pod_says_outweighs_its_containers():
    assert cpu(containers=[container("1")], overhead={"cpu": "100m"}) == 1100
    whole = {"requests": {"cpu": "5"}}
    assert cpu(containers=[container("1")], resources=whole) == 5000
