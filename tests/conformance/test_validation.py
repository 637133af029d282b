"""What is refused, and in which words: the rules of each kind, tried without storing anything."""

from __future__ import annotations

import pytest

CONTAINER = {"name": "a", "image": "i"}
PATHS = {
    "ConfigMap": "/api/v1/namespaces/{}/configmaps",
    "Deployment": "/apis/apps/v1/namespaces/{}/deployments",
    "Lease": "/apis/coordination.k8s.io/v1/namespaces/{}/leases",
    "Pod": "/api/v1/namespaces/{}/pods",
    "Secret": "/api/v1/namespaces/{}/secrets",
    "Service": "/api/v1/namespaces/{}/services",
}


@pytest.fixture
def reject(send, shared_namespace):
    """Try to create an object; gives the refusal's code and the message after "is invalid:"."""

    def call(kind, **fields):
        path = PATHS[kind].format(shared_namespace)
        body = {"metadata": {"name": "x"}, **fields}
        answer = send("POST", path, body=body, query={"dryRun": "All"})
        assert answer.code >= 400, "it was accepted"
        _, _, reason = answer.body["message"].rpartition(" is invalid: ")
        return answer.code, reason

    return call


def container(**fields):
    return {"containers": [{**CONTAINER, **fields}]}


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        pytest.param({}, "spec.containers: Required value", id="no_containers"),
        pytest.param({"containers": []}, "spec.containers: Required value", id="empty_containers"),
        pytest.param(
            {"containers": [{}]},
            "[spec.containers[0].name: Required value, spec.containers[0].image: Required value]",
            id="container_without_fields",
        ),
        pytest.param(
            {"containers": [CONTAINER, CONTAINER]},
            'spec.containers[1].name: Duplicate value: "a"',
            id="same_name_twice",
        ),
        pytest.param(
            {"containers": [{"name": "My_App", "image": "i"}]},
            'spec.containers[0].name: Invalid value: "My_App": a lowercase RFC 1123 label must '
            "consist of lower case alphanumeric characters or '-', and must start and end with an "
            "alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is "
            "'[a-z0-9]([-a-z0-9]*[a-z0-9])?')",
            id="container_name",
        ),
        pytest.param(
            {**container(), "restartPolicy": "Sometimes"},
            'spec.restartPolicy: Unsupported value: "Sometimes": '
            'supported values: "Always", "OnFailure", "Never"',
            id="restart_policy",
        ),
        pytest.param(
            container(imagePullPolicy="Perhaps"),
            'spec.containers[0].imagePullPolicy: Unsupported value: "Perhaps": '
            'supported values: "Always", "IfNotPresent", "Never"',
            id="pull_policy",
        ),
        pytest.param(
            container(ports=[{"name": "this-name-is-too-long", "containerPort": 80}]),
            'spec.containers[0].ports[0].name: Invalid value: "this-name-is-too-long": '
            "must be no more than 15 characters",
            id="port_name",
        ),
        pytest.param(
            container(readinessProbe={"periodSeconds": 3}),
            "spec.containers[0].readinessProbe: Required value: must specify a handler type",
            id="probe_without_handler",
        ),
        pytest.param(
            container(livenessProbe={"httpGet": {"port": 80}, "exec": {"command": ["x"]}}),
            "spec.containers[0].livenessProbe.httpGet: Forbidden: "
            "may not specify more than 1 handler type",
            id="probe_with_two_handlers",
        ),
        pytest.param(
            container(livenessProbe={"successThreshold": 2, "exec": {"command": ["x"]}}),
            "spec.containers[0].livenessProbe.successThreshold: Invalid value: 2: must be 1",
            id="liveness_success_threshold",
        ),
        pytest.param(
            container(resources={"requests": {"cpu": "2"}, "limits": {"cpu": "1"}}),
            'spec.containers[0].resources.requests: Invalid value: "2": '
            "must be less than or equal to cpu limit of 1",
            id="request_above_limit",
        ),
        pytest.param(
            container(resources={"requests": {"cpu": "-1"}}),
            'spec.containers[0].resources.requests[cpu]: Invalid value: "-1": '
            "must be greater than or equal to 0",
            id="negative_request",
        ),
        pytest.param(
            container(volumeMounts=[{"name": "data", "mountPath": "/d"}]),
            'spec.containers[0].volumeMounts[0].name: Not found: "data"',
            id="mount_without_volume",
        ),
        pytest.param(
            {**container(), "volumes": [{"name": "v", "emptyDir": {}, "configMap": {"name": "c"}}]},
            "spec.volumes[0].configMap: Forbidden: may not specify more than 1 volume type",
            id="volume_with_two_sources",
        ),
        pytest.param(
            container(env=[{"name": "X", "valueFrom": {"fieldRef": {"fieldPath": "metadata.no"}}}]),
            "spec.containers[0].env[0].valueFrom.fieldRef.fieldPath: Invalid value: "
            '"metadata.no": error converting fieldPath: field label not supported: metadata.no',
            id="field_path",
        ),
    ],
)
def test_a_pod_that_breaks_a_rule(reject, spec, message):
    assert reject("Pod", spec=spec) == (422, message)


def test_a_quantity_has_to_be_one(reject):
    code, message = reject("Pod", spec=container(resources={"limits": {"memory": "12zz"}}))
    assert code == 400
    assert message == (
        'Pod in version "v1" cannot be handled as a Pod: quantities must match the regular '
        "expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'"
    )


SELECTOR = {"matchLabels": {"app": "b"}}
TEMPLATE = {"metadata": {"labels": {"app": "b"}}, "spec": {"containers": [CONTAINER]}}


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        pytest.param(
            {"replicas": -1},
            "spec.replicas: Invalid value: -1: must be greater than or equal to 0",
            id="negative_replicas",
        ),
        pytest.param(
            {"selector": {"matchLabels": {"app": "a"}}},
            'spec.template.metadata.labels: Invalid value: {"app":"b"}: '
            "`selector` does not match template `labels`",
            id="selector_misses_template",
        ),
        pytest.param(
            {"selector": None},
            "[spec.selector: Required value, spec.template.metadata.labels: "
            'Invalid value: {"app":"b"}: `selector` does not match template `labels`]',
            id="no_selector",
        ),
        pytest.param(
            {"strategy": {"rollingUpdate": {"maxSurge": 0, "maxUnavailable": 0}}},
            "spec.strategy.rollingUpdate.maxUnavailable: Invalid value: 0: "
            "may not be 0 when `maxSurge` is 0",
            id="neither_surge_nor_unavailable",
        ),
        pytest.param(
            {"strategy": {"type": "Recreate", "rollingUpdate": {"maxSurge": 1}}},
            "spec.strategy.rollingUpdate: Forbidden: may not be specified when strategy `type` "
            "is 'Recreate'",
            id="parameters_of_recreate",
        ),
        pytest.param(
            {"template": {**TEMPLATE, "spec": {**TEMPLATE["spec"], "restartPolicy": "Never"}}},
            'spec.template.spec.restartPolicy: Unsupported value: "Never": '
            'supported values: "Always"',
            id="restart_policy",
        ),
        pytest.param(
            {"minReadySeconds": 600},
            "spec.progressDeadlineSeconds: Invalid value: 600: "
            "must be greater than minReadySeconds",
            id="ready_seconds_above_deadline",
        ),
    ],
)
def test_a_deployment_that_breaks_a_rule(reject, spec, message):
    spec = {"selector": SELECTOR, "template": TEMPLATE, **spec}
    assert reject("Deployment", spec=spec) == (422, message)


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        pytest.param({"selector": {"a": "b"}}, "spec.ports: Required value", id="no_ports"),
        pytest.param(
            {"ports": [{"port": 80}, {"port": 81}]},
            "[spec.ports[0].name: Required value, spec.ports[1].name: Required value]",
            id="nameless_ports",
        ),
        pytest.param(
            {"ports": [{"port": 0, "targetPort": 99999}]},
            "[spec.ports[0].port: Invalid value: 0: must be between 1 and 65535, inclusive, "
            "spec.ports[0].targetPort: Invalid value: 99999: "
            "must be between 1 and 65535, inclusive]",
            id="port_numbers",
        ),
        pytest.param(
            {"type": "Portal", "ports": [{"port": 80}]},
            'spec.type: Unsupported value: "Portal": supported values: '
            '"ClusterIP", "ExternalName", "LoadBalancer", "NodePort"',
            id="type",
        ),
        pytest.param(
            {"ports": [{"name": "a", "port": 80}, {"name": "a", "port": 81}]},
            'spec.ports[1].name: Duplicate value: "a"',
            id="port_name_twice",
        ),
        pytest.param(
            {"type": "ExternalName"},
            "spec.externalName: Required value",
            id="external_name",
        ),
    ],
)
def test_a_service_that_breaks_a_rule(reject, spec, message):
    assert reject("Service", spec=spec) == (422, message)


def test_a_key_of_a_config_map_is_a_file_name(reject):
    code, message = reject("ConfigMap", data={"a b": "x"})
    assert code == 422
    assert message.startswith(
        'data[a b]: Invalid value: "a b": a valid config key must consist of alphanumeric '
        "characters, '-', '_' or '.'"
    )


def test_the_data_of_a_secret_is_base64(reject):
    assert reject("Secret", data={"a": "%%%"}) == (
        400,
        'Secret in version "v1" cannot be handled as a Secret: illegal base64 data at input byte 0',
    )


def test_a_lease_has_a_positive_duration(reject):
    assert reject("Lease", spec={"holderIdentity": "me", "leaseDurationSeconds": 0}) == (
        422,
        "spec.leaseDurationSeconds: Invalid value: 0: must be greater than 0",
    )
