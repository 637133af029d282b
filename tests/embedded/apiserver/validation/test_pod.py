import pytest

from tests.embedded.apiserver.validation.conftest import container, spec


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
