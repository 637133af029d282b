import copy

import pytest


def spec(*containers, **fields):
    return {"containers": list(containers) or [{"name": "a", "image": "i"}], **fields}


def container(**fields):
    return {"name": "a", "image": "i", **fields}


@pytest.fixture
def pod(create):
    return lambda *containers, **fields: create("v1", "Pod", spec=spec(*containers, **fields))


def test_a_pod_needs_containers(create):
    assert create("v1", "Pod", spec={}) == ["spec.containers: Required value"]


def test_containers_need_a_name_and_an_image(pod):
    assert pod({}) == [
        "spec.containers[0].name: Required value",
        "spec.containers[0].image: Required value",
    ]


def test_names_of_containers_are_unique(pod):
    assert pod(container(), container()) == ['spec.containers[1].name: Duplicate value: "a"']
    init = [{"name": "a", "image": "i"}]
    assert pod(container(), initContainers=init) == [
        'spec.initContainers[0].name: Duplicate value: "a"'
    ]


def test_words_of_a_fixed_set_are_checked(pod):
    assert pod(restartPolicy="Sometimes") == [
        'spec.restartPolicy: Unsupported value: "Sometimes": '
        'supported values: "Always", "OnFailure", "Never"'
    ]
    assert pod(container(imagePullPolicy="Often")) == [
        'spec.containers[0].imagePullPolicy: Unsupported value: "Often": '
        'supported values: "Always", "IfNotPresent", "Never"'
    ]


def test_ports_are_numbers_with_short_names(pod):
    ports = [{"containerPort": 70000, "name": "this-name-is-too-long"}]
    assert pod(container(ports=ports)) == [
        'spec.containers[0].ports[0].name: Invalid value: "this-name-is-too-long": '
        "must be no more than 15 characters",
        "spec.containers[0].ports[0].containerPort: Invalid value: 70000: "
        "must be between 1 and 65535, inclusive",
    ]


def test_two_containers_cannot_have_the_same_host_port(pod):
    ports = [{"containerPort": 80, "hostPort": 8080}]
    problems = pod(container(ports=ports), {"name": "b", "image": "i", "ports": ports})
    assert problems == ['spec.containers[1].ports[0].hostPort: Duplicate value: "TCP//8080"']


def test_requests_stay_below_limits(pod):
    resources = {"requests": {"cpu": "2"}, "limits": {"cpu": "1"}}
    assert pod(container(resources=resources)) == [
        'spec.containers[0].resources.requests: Invalid value: "2": '
        "must be less than or equal to cpu limit of 1"
    ]


def test_resources_are_known_or_have_a_domain(pod):
    field = "spec.containers[0].resources.requests"
    assert pod(container(resources={"requests": {"gpu": "1"}})) == [
        f'{field}[gpu]: Invalid value: "gpu": must be a standard resource type or fully qualified',
        f'{field}[gpu]: Invalid value: "gpu": must be a standard resource for containers',
    ]
    both = {"example.com/gpu": "1"}
    assert pod(container(resources={"requests": both, "limits": both})) == []


def test_quantities_are_not_negative(pod):
    assert pod(container(resources={"requests": {"memory": "-1"}})) == [
        'spec.containers[0].resources.requests[memory]: Invalid value: "-1": '
        "must be greater than or equal to 0"
    ]


def test_extended_resources_cannot_be_overcommitted(pod):
    assert pod(container(resources={"requests": {"example.com/gpu": "1"}})) == [
        "spec.containers[0].resources.limits: Required value: "
        "Limit must be set for non overcommitable resources"
    ]


def test_a_probe_has_one_handler(pod):
    field = "spec.containers[0].readinessProbe"
    assert pod(container(readinessProbe={})) == [
        f"{field}: Required value: must specify a handler type"
    ]
    both = {"exec": {"command": ["true"]}, "tcpSocket": {"port": 80}}
    assert pod(container(readinessProbe=both)) == [
        f"{field}.tcpSocket: Forbidden: may not specify more than 1 handler type"
    ]


def test_one_success_is_enough_for_liveness(pod):
    probe = {"tcpSocket": {"port": 80}, "successThreshold": 2}
    assert pod(container(livenessProbe=probe)) == [
        "spec.containers[0].livenessProbe.successThreshold: Invalid value: 2: must be 1"
    ]
    assert pod(container(readinessProbe=probe)) == []


def test_hooks_end_within_the_grace_period(pod):
    hooks = {"preStop": {"sleep": {"seconds": 60}}}
    (problem,) = pod(container(lifecycle=hooks))
    assert "must be non-negative and less than terminationGracePeriodSeconds (30)" in problem


def test_init_containers_have_no_probes_unless_they_stay(pod):
    init = {"name": "i", "image": "i", "readinessProbe": {"tcpSocket": {"port": 80}}}
    assert pod(initContainers=[init]) == [
        "spec.initContainers[0].readinessProbe: Forbidden: "
        "may not be set for init containers without restartPolicy=Always"
    ]
    assert pod(initContainers=[{**init, "restartPolicy": "Always"}]) == []


def test_environment_variables_come_from_one_place(pod):
    source = {"fieldRef": {"fieldPath": "metadata.name"}}
    field = "spec.containers[0].env[0].valueFrom"
    assert pod(container(env=[{"name": "A", "value": "a", "valueFrom": source}])) == [
        f'{field}: Invalid value: "": may not be specified when `value` is not empty'
    ]
    unknown = {"fieldRef": {"fieldPath": "metadata.nope"}}
    assert pod(container(env=[{"name": "A", "valueFrom": unknown}])) == [
        f'{field}.fieldRef.fieldPath: Invalid value: "metadata.nope": '
        "error converting fieldPath: field label not supported: metadata.nope"
    ]


def test_labels_reach_volumes_but_not_the_environment(pod):
    selector = {"fieldPath": "metadata.labels"}
    (problem,) = pod(container(env=[{"name": "A", "valueFrom": {"fieldRef": selector}}]))
    assert 'fieldPath: Unsupported value: "metadata.labels"' in problem
    item = {"path": "labels", "fieldRef": selector}
    assert pod(volumes=[{"name": "v", "downwardAPI": {"items": [item]}}]) == []
    one = {"fieldPath": "metadata.labels['app']"}
    assert pod(container(env=[{"name": "A", "valueFrom": {"fieldRef": one}}])) == []


def test_a_mount_needs_its_volume(pod):
    mounts = [{"name": "data", "mountPath": "/data"}]
    assert pod(container(volumeMounts=mounts)) == [
        'spec.containers[0].volumeMounts[0].name: Not found: "data"'
    ]
    assert pod(container(volumeMounts=mounts), volumes=[{"name": "data"}]) == []


def test_a_volume_that_is_wrong_cannot_be_mounted(pod):
    mounts = [{"name": "data", "mountPath": "/data"}]
    volumes = [{"name": "data", "secret": {}}]
    assert pod(container(volumeMounts=mounts), volumes=volumes) == [
        "spec.volumes[0].secret.secretName: Required value",
        'spec.containers[0].volumeMounts[0].name: Not found: "data"',
    ]


def test_a_volume_has_one_source(pod):
    volume = {"name": "v", "emptyDir": {}, "configMap": {"name": "c"}}
    assert pod(volumes=[volume]) == [
        "spec.volumes[0].configMap: Forbidden: may not specify more than 1 volume type"
    ]


def test_files_stay_in_their_volume(pod):
    items = [{"key": "k", "path": "../k"}]
    (problem,) = pod(volumes=[{"name": "v", "configMap": {"name": "c", "items": items}}])
    assert problem.endswith("must not contain '..'")


def test_tolerations_make_sense(pod):
    problems = pod(tolerations=[{"operator": "Equal", "tolerationSeconds": 5}])
    assert problems == [
        'spec.tolerations[0].operator: Invalid value: "Equal": operator must be Exists when '
        '`key` is empty, which means "match all values and all keys"',
        'spec.tolerations[0].effect: Invalid value: "": '
        "effect must be 'NoExecute' when `tolerationSeconds` is set",
    ]


def test_affinity_is_checked_to_the_last_value(pod):
    terms = [{"matchExpressions": [{"key": "zone", "operator": "In"}]}]
    needed = {"requiredDuringSchedulingIgnoredDuringExecution": {"nodeSelectorTerms": terms}}
    (problem,) = pod(affinity={"nodeAffinity": needed})
    assert problem == (
        "spec.affinity.nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution"
        ".nodeSelectorTerms[0].matchExpressions[0].values: Required value: "
        "must be specified when `operator` is 'In' or 'NotIn'"
    )


def test_spreading_needs_a_topology_and_a_skew(pod):
    constraint = {"maxSkew": 0, "topologyKey": "", "whenUnsatisfiable": "DoNotSchedule"}
    assert pod(topologySpreadConstraints=[constraint]) == [
        "spec.topologySpreadConstraints[0].maxSkew: Invalid value: 0: must be greater than zero",
        "spec.topologySpreadConstraints[0].topologyKey: Required value: can not be empty",
    ]


def test_no_dns_policy_needs_name_servers(pod):
    assert pod(dnsPolicy="None") == [
        "spec.dnsConfig: Required value: must provide `dnsConfig` when `dnsPolicy` is None"
    ]


def test_privileges_and_their_denial_exclude_each_other(pod):
    context = {"privileged": True, "allowPrivilegeEscalation": False}
    (problem,) = pod(container(securityContext=context))
    assert "cannot set `allowPrivilegeEscalation` to false and `privileged` to true" in problem


def test_debug_containers_come_later(pod):
    debugger = [{"name": "d", "image": "i"}]
    assert pod(ephemeralContainers=debugger) == [
        "spec.ephemeralContainers: Forbidden: cannot be set on create"
    ]


# --- changes --------------------------------------------------------------------------------------


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


def test_rules_for_restarts_need_a_policy_and_exit_codes(pod):
    rules = [{"action": "Restart", "exitCodes": {"operator": "Like"}}, {"action": "Run"}]
    assert pod(containers=[{"name": "a", "image": "i", "restartPolicyRules": rules}]) == [
        "spec.containers[0].restartPolicy: Required value: "
        "must specify restartPolicy when restart rules are used",
        "spec.containers[0].restartPolicyRules[0].exitCodes.operator: Unsupported value: "
        '"Like": supported values: "In", "NotIn"',
        'spec.containers[0].restartPolicyRules[1].action: Unsupported value: "Run": '
        'supported values: "Restart", "RestartAllContainers"',
        "spec.containers[0].restartPolicyRules[1].exitCodes: Required value: must be specified",
    ]


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
