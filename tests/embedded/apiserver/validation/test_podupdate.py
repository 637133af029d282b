"""Rules for changes of pods, of their debug containers and of their resources."""

import copy

import pytest

from tests.embedded.apiserver.validation.conftest import spec


@pytest.fixture
def change(update):
    def check(old=None, status=False, **new):
        before = {"spec": spec(**(old or {}))}
        after = copy.deepcopy(before)
        after["spec"] |= new
        return update("v1", "Pod", before, after, status=status)

    return check


def test_the_image_of_a_container_may_change(change):
    assert change(containers=[{"name": "a", "image": "other"}]) == []


def test_little_else_of_a_pod_may_change(change):
    (problem,) = change(hostname="other")
    words, _, difference = problem.partition("\n")
    assert words.startswith(
        "spec: Forbidden: pod updates may not change fields other than "
        "`spec.containers[*].image`,`spec.initContainers[*].image`,"
    )
    assert difference.startswith("@@ ")
    assert '+ "Hostname": "other",' in difference


def test_containers_cannot_be_added(change):
    containers = [{"name": "a", "image": "i"}, {"name": "b", "image": "i"}]
    assert change(containers=containers) == [
        "spec.containers: Forbidden: pod updates may not add or remove containers"
    ]


def test_tolerations_can_only_be_added(change):
    old = {"tolerations": [{"key": "a", "operator": "Exists"}]}
    more = [*old["tolerations"], {"key": "b", "operator": "Exists"}]
    assert change(old, tolerations=more) == []
    assert "existing toleration can not be modified" in change(old, tolerations=[])[0]


def test_a_deadline_can_only_come_nearer(change):
    old = {"activeDeadlineSeconds": 10}
    assert change(old, activeDeadlineSeconds=5) == []
    assert (
        "must be less than or equal to previous value" in change(old, activeDeadlineSeconds=20)[0]
    )
    assert (
        "must not update from a positive integer to nil value"
        in change(old, activeDeadlineSeconds=None)[0]
    )


def test_a_pod_that_is_held_back_can_be_narrowed_down(change):
    old = {"schedulingGates": [{"name": "a/b"}], "nodeSelector": {"zone": "a"}}
    assert change(old, nodeSelector={"zone": "a", "disk": "ssd"}) == []
    assert "only additions to spec.nodeSelector are allowed" in change(old, nodeSelector={})[0]


def test_gates_can_only_be_lifted(change):
    assert change({"schedulingGates": [{"name": "a/b"}]}, schedulingGates=[]) == []
    (problem,) = change(schedulingGates=[{"name": "a/b"}])
    assert "only deletion is allowed, but found new scheduling gate 'a/b'" in problem


def test_an_ended_container_does_not_come_back(update):
    def status(state):
        found = {"name": "a", "ready": False, "restartCount": 0, "image": "i", "imageID": ""}
        return {"containerStatuses": [{**found, "state": state}]}

    pods = [
        {"spec": spec(restartPolicy="Never"), "status": status(state)}
        for state in ({"terminated": {"exitCode": 0}}, {"running": {}})
    ]
    assert update("v1", "Pod", *pods, status=True) == [
        "status.containerStatuses[0].state: Forbidden: "
        "may not be transitioned to non-terminated state"
    ]


def test_an_ended_container_comes_back_if_its_own_policy_says_so(update):
    def pod(state):
        found = {"name": "a", "ready": False, "restartCount": 0, "image": "i", "imageID": ""}
        container = {"name": "a", "image": "i", "restartPolicy": "OnFailure"}
        return {
            "spec": spec(restartPolicy="Never", containers=[container]),
            "status": {"containerStatuses": [{**found, "state": state}]},
        }

    ended = pod({"terminated": {"exitCode": 1}})
    assert update("v1", "Pod", ended, pod({"running": {}}), status=True) == []


# --- debug containers and resources --------------------------------------------------------------


@pytest.fixture
def debug(update):
    """The problems of another list of debug containers; the pod has one already."""

    def check(*containers, **metadata):
        first = {"name": "d", "image": "i"}
        pods = [
            {"metadata": metadata, "spec": spec(ephemeralContainers=found, nodeName="n")}
            for found in ([first], list(containers))
        ]
        return update("v1", "Pod", *pods, subresource="ephemeralcontainers")

    return check


def test_debug_containers_can_only_be_added(debug):
    first, second = {"name": "d", "image": "i"}, {"name": "e", "image": "i"}
    field = "spec.ephemeralContainers: Forbidden: existing ephemeral containers"
    assert debug(first, second) == []
    assert debug(second) == [f'{field} "d" may not be removed\n']
    (problem,) = debug({**first, "image": "other"})
    assert problem.startswith(f'{field} "d" may not be changed\n@@ ')


def test_a_debug_container_has_a_name_of_its_own_and_an_aim(debug):
    first = {"name": "d", "image": "i"}
    assert debug(first, {"name": "a", "image": "i", "targetContainerName": "z"}) == [
        'spec.ephemeralContainers[1].name: Duplicate value: "a"',
        'spec.ephemeralContainers[1].targetContainerName: Not found: "z"',
    ]
    assert debug(first, {"name": "e", "image": "i", "ports": [{"containerPort": 1}]}) == [
        "spec.ephemeralContainers[1].ports: Forbidden: cannot be set for an Ephemeral Container"
    ]


MIRROR = "kubernetes.io/config.mirror"


def test_static_pods_have_no_debug_containers(debug):
    mirror = {"annotations": {"kubernetes.io/config.mirror": "x"}}
    assert debug(**mirror) == [": Forbidden: static pods do not support ephemeral containers"]


def test_only_a_pod_without_a_node_is_promised_one(update):
    def problems(before, after, **fields):
        pods = [
            {"spec": spec(**fields), "status": {"nominatedNodeName": each} if each else {}}
            for each in (before, after)
        ]
        return update("v1", "Pod", *pods, subresource="status")

    bound = (
        "status.nominatedNodeName: Forbidden: may not be set on pods that are already bound to a "
        "node"
    )
    assert problems("", "n") == problems("n", "n", nodeName="n") == []
    assert problems("n", "", nodeName="n") == []
    assert problems("", "n", nodeName="n") == problems("n", "m", nodeName="n") == [bound]
    assert len(problems("", "No_Node")) == 1


@pytest.fixture
def resize(update):
    """The problems of other resources for the container of a pod, which asks for some memory."""

    def check(*containers, **fields):
        before = {"name": "a", "image": "i", "resources": {"requests": {"memory": "1Mi"}}}
        after = [{**before, **fields}, *containers]
        pods = [
            {"spec": spec(containers=found), "status": {"qosClass": "Burstable"}}
            for found in ([before], after)
        ]
        return update("v1", "Pod", *pods, subresource="resize")

    return check


def test_a_container_may_ask_for_more(resize):
    assert resize(resources={"requests": {"cpu": "1", "memory": "2Mi"}}) == []


def test_only_processors_and_memory_can_be_resized(resize):
    only = "spec: Forbidden: only cpu and memory resources are mutable"
    more = {"requests": {"memory": "1Mi", "ephemeral-storage": "1Mi"}}
    assert resize(resources=more) == [only]
    assert resize(image="other") == [only]


def test_resources_cannot_be_removed(resize):
    assert resize(resources={"requests": {"cpu": "1"}}) == [
        "spec.containers[0].resources.requests: Forbidden: resource requests cannot be removed"
    ]


def test_the_quality_of_service_stays(resize):
    amounts = {"cpu": "1", "memory": "1Mi"}
    assert resize(resources={"limits": amounts, "requests": amounts}) == [
        'spec: Invalid value: "Burstable": Pod QOS Class may not change as a result of resizing'
    ]


def test_containers_stay_where_they_are(resize):
    assert resize({"name": "b", "image": "i"}) == [
        "spec.containers: Forbidden: containers may not be added or removed on resize"
    ]
    assert resize(name="b") == [
        "spec.containers[0].name: Forbidden: containers may not be renamed or reordered on resize"
    ]


@pytest.mark.parametrize(
    ("before", "after", "verb"),
    [({}, {MIRROR: "1"}, "add"), ({MIRROR: "1"}, {}, "remove or update")],
)
def test_a_pod_does_not_become_a_mirror(update, before, after, verb):
    pods = [
        {"metadata": {"annotations": found}, "spec": spec(nodeName="n")}
        for found in (before, after)
    ]
    assert update("v1", "Pod", *pods) == [
        f"metadata.annotations[{MIRROR}]: Forbidden: may not {verb} mirror pod annotation"
    ]
