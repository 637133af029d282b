"""Rules for Ingresses, NetworkPolicies and autoscalers."""

import pytest

NETWORKING = "networking.k8s.io/v1"
BACKEND = {"service": {"name": "web", "port": {"number": 80}}}


def rule(**path):
    return {"http": {"paths": [{"path": "/", "pathType": "Prefix", "backend": BACKEND, **path}]}}


@pytest.mark.parametrize(
    ("spec", "problem"),
    [
        (
            {},
            "spec: Invalid value: null: either `defaultBackend` or `rules` must be specified",
        ),
        (
            {"rules": [rule(path="x")]},
            'spec.rules[0].http.paths[0].path: Invalid value: "x": must be an absolute path',
        ),
        (
            {"rules": [rule(pathType=None)]},
            "spec.rules[0].http.paths[0].pathType: Required value: pathType must be specified",
        ),
        (
            {"defaultBackend": {"service": {"name": "web", "port": {}}}},
            "spec.defaultBackend: Required value: port name or number is required",
        ),
        (
            {"rules": [{"host": "127.0.0.1", **rule()}]},
            'spec.rules[0].host: Invalid value: "127.0.0.1": must be a DNS name, not an IP address',
        ),
    ],
)
def test_what_an_ingress_says_is_checked(create, spec, problem):
    assert create(NETWORKING, "Ingress", spec=spec) == [problem]


def test_parameters_of_a_class_are_of_the_cluster_if_not_said(create):
    parameters = {"kind": "Settings", "name": "s", "namespace": "default"}
    spec = {"controller": "example.com/ingress", "parameters": parameters}
    assert create(NETWORKING, "IngressClass", spec=spec) == [
        "spec.parameters.namespace: Forbidden: `parameters.scope` is set to 'Cluster'"
    ]


def test_exceptions_lie_within_their_block(create):
    block = {"cidr": "10.0.0.0/16", "except": ["10.1.0.0/24"]}
    spec = {"podSelector": {}, "ingress": [{"from": [{"ipBlock": block}, {}]}]}
    assert create(NETWORKING, "NetworkPolicy", spec=spec) == [
        'spec.ingress[0].from[0].ipBlock.except[0]: Invalid value: "10.1.0.0/24": '
        "must be a strict subset of `cidr`",
        "spec.ingress[0].from[1]: Required value: must specify a peer",
    ]


def test_an_autoscaler_has_bounds_and_a_target_with_a_group(create):
    target = {"apiVersion": "v1", "kind": "Deployment", "name": "web"}
    spec = {"minReplicas": 5, "maxReplicas": 2, "scaleTargetRef": target}
    assert create("autoscaling/v2", "HorizontalPodAutoscaler", spec=spec) == [
        "spec.maxReplicas: Invalid value: 2: must be greater than or equal to `minReplicas`",
        'spec.scaleTargetRef.apiVersion: Invalid value: "v1": apiVersion must specify API group',
    ]


def test_a_metric_has_the_source_that_it_names(create):
    target = {"apiVersion": "apps/v1", "kind": "Deployment", "name": "web"}
    metrics = [{"type": "Pods", "resource": {"name": "cpu", "target": {"type": "Utilization"}}}]
    spec = {"maxReplicas": 2, "scaleTargetRef": target, "metrics": metrics}
    assert create("autoscaling/v2", "HorizontalPodAutoscaler", spec=spec) == [
        "spec.metrics[0].resource.target.averageUtilization: Required value: "
        "must set either a target raw value or a target utilization",
        "spec.metrics[0].pods: Required value: "
        "must populate information for the given metric source",
    ]
