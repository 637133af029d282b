import copy

import pytest

TEMPLATE = {
    "metadata": {"labels": {"app": "web"}},
    "spec": {"containers": [{"name": "a", "image": "i"}]},
}
SELECTOR = {"matchLabels": {"app": "web"}}
WORKLOADS = ("Deployment", "ReplicaSet", "StatefulSet", "DaemonSet")


def spec(**fields):
    return {"selector": SELECTOR, "template": copy.deepcopy(TEMPLATE), **fields}


@pytest.fixture
def workload(create):
    return lambda kind, **fields: create("apps/v1", kind, spec=spec(**fields))


@pytest.mark.parametrize("kind", WORKLOADS)
def test_a_good_workload_has_no_problems(workload, kind):
    assert workload(kind) == []


@pytest.mark.parametrize("kind", WORKLOADS)
def test_the_selector_selects_the_template(workload, kind):
    assert workload(kind, selector={"matchLabels": {"app": "db"}}) == [
        'spec.template.metadata.labels: Invalid value: {"app":"web"}: '
        "`selector` does not match template `labels`"
    ]


@pytest.mark.parametrize("kind", WORKLOADS)
def test_pods_of_a_workload_are_always_restarted(workload, kind):
    template = copy.deepcopy(TEMPLATE)
    template["spec"]["restartPolicy"] = "Never"
    assert workload(kind, template=template) == [
        'spec.template.spec.restartPolicy: Unsupported value: "Never": supported values: "Always"'
    ]


@pytest.mark.parametrize("kind", ["Deployment", "ReplicaSet", "StatefulSet"])
def test_replicas_are_not_negative(workload, kind):
    assert workload(kind, replicas=-1) == [
        "spec.replicas: Invalid value: -1: must be greater than or equal to 0"
    ]


@pytest.mark.parametrize("kind", ["Deployment", "ReplicaSet", "DaemonSet"])
def test_a_selector_stays(update, kind):
    both = {"matchLabels": {"app": "web", "tier": "x"}}
    template = copy.deepcopy(TEMPLATE)
    template["metadata"]["labels"]["tier"] = "x"
    old, new = spec(template=template), spec(template=template, selector=both)
    assert update("apps/v1", kind, {"spec": old}, {"spec": new}) == [
        'spec.selector: Invalid value: {"matchLabels":{"app":"web","tier":"x"}}: field is immutable'
    ]


def test_a_selector_is_needed(workload):
    assert workload("Deployment", selector=None)[0] == "spec.selector: Required value"
    assert "empty selector is invalid for deployment" in workload("Deployment", selector={})[0]


def test_templates_are_checked_like_pods(workload):
    template = copy.deepcopy(TEMPLATE)
    template["spec"]["containers"] = []
    assert workload("Deployment", template=template) == [
        "spec.template.spec.containers: Required value"
    ]


def test_a_rolling_update_has_room_to_move(workload):
    strategy = {"rollingUpdate": {"maxSurge": 0, "maxUnavailable": 0}}
    assert workload("Deployment", strategy=strategy) == [
        "spec.strategy.rollingUpdate.maxUnavailable: Invalid value: 0: "
        "may not be 0 when `maxSurge` is 0"
    ]
    strategy = {"rollingUpdate": {"maxUnavailable": "110%"}}
    (problem,) = workload("Deployment", strategy=strategy)
    assert problem.endswith("must not be greater than 100%")


def test_recreate_knows_no_rolling_update(workload):
    strategy = {"type": "Recreate", "rollingUpdate": {"maxSurge": 1}}
    assert workload("Deployment", strategy=strategy) == [
        "spec.strategy.rollingUpdate: Forbidden: "
        "may not be specified when strategy `type` is 'Recreate'"
    ]


def test_an_unknown_strategy_is_shown_whole(workload):
    assert workload("Deployment", strategy={"type": "Blue"}) == [
        'spec.strategy: Unsupported value: {"Type":"Blue","RollingUpdate":null}: '
        'supported values: "Recreate", "RollingUpdate"'
    ]


def test_the_deadline_is_later_than_readiness(workload):
    problems = workload("Deployment", minReadySeconds=60, progressDeadlineSeconds=60)
    assert problems == [
        "spec.progressDeadlineSeconds: Invalid value: 60: must be greater than minReadySeconds"
    ]


def test_a_status_cannot_count_more_than_there_are(update):
    old = {"spec": spec()}
    new = {"spec": spec(), "status": {"replicas": 1, "readyReplicas": 2}}
    assert update("apps/v1", "Deployment", old, new, status=True) == [
        "status.readyReplicas: Invalid value: 2: cannot be greater than status.replicas"
    ]


def test_of_a_stateful_set_only_some_fields_may_change(update):
    old = {"spec": spec(serviceName="a")}
    assert update("apps/v1", "StatefulSet", old, {"spec": spec(serviceName="a", replicas=3)}) == []
    (problem,) = update("apps/v1", "StatefulSet", old, {"spec": spec(serviceName="b")})
    assert problem.startswith("spec: Forbidden: updates to statefulset spec for fields other than")


def test_claims_of_a_stateful_set_can_be_mounted(workload):
    template = copy.deepcopy(TEMPLATE)
    template["spec"]["containers"][0]["volumeMounts"] = [{"name": "d", "mountPath": "/d"}]
    claim = {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}}
    claims = [{"metadata": {"name": "d"}, "spec": claim}]
    assert workload("StatefulSet", template=template, volumeClaimTemplates=claims) == []
    assert workload("StatefulSet", template=template) != []


def test_a_daemon_set_surges_or_waits_but_not_both(workload):
    strategy = {"rollingUpdate": {"maxSurge": 1, "maxUnavailable": 1}}
    assert workload("DaemonSet", updateStrategy=strategy) == [
        "spec.updateStrategy.rollingUpdate.maxSurge: Invalid value: 1: "
        "may not be set when maxUnavailable is non-zero"
    ]
