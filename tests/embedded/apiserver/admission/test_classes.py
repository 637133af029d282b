"""What comes with a class, or with a node: Ingresses and pods."""

from __future__ import annotations

import pytest

PODS = "/api/v1/namespaces/default/pods"
CLASSES = "/apis/networking.k8s.io/v1/ingressclasses"
INGRESSES = "/apis/networking.k8s.io/v1/namespaces/default/ingresses"
RUNTIMES = "/apis/node.k8s.io/v1/runtimeclasses"
DEFAULT = {"ingressclass.kubernetes.io/is-default-class": "true"}


def ingress(name, **spec):
    backend = {"service": {"name": "web", "port": {"number": 80}}}
    return {"metadata": {"name": name}, "spec": {"defaultBackend": backend, **spec}}


async def test_an_ingress_gets_the_newest_default_class(api, clock) -> None:
    assert "ingressClassName" not in (await api.post(INGRESSES, ingress("none"))).body["spec"]
    for name, marks in (("old", DEFAULT), ("b", DEFAULT), ("a", DEFAULT), ("other", {})):
        await clock.advance(0 if name == "a" else 10)
        meta = {"name": name, "annotations": marks}
        await api.post(CLASSES, {"metadata": meta, "spec": {"controller": "example.com/c"}})
    made = await api.post(INGRESSES, ingress("one"))
    assert made.body["spec"]["ingressClassName"] == "a"
    stated = await api.post(INGRESSES, ingress("two", ingressClassName="other"))
    assert stated.body["spec"]["ingressClassName"] == "other"


@pytest.fixture
async def runtime(with_account):
    """A class that costs something, and that not every node has."""
    toleration = {"key": "vm", "operator": "Exists", "effect": "NoSchedule"}
    body = {
        "metadata": {"name": "vm"},
        "handler": "vm",
        "overhead": {"podFixed": {"cpu": "250m"}},
        "scheduling": {"nodeSelector": {"vm": "yes"}, "tolerations": [toleration]},
    }
    assert (await with_account.post(RUNTIMES, body)).status == 201
    return with_account


async def test_a_pod_gets_what_its_runtime_class_costs_and_needs(runtime, pod) -> None:
    narrow = {"key": "vm", "operator": "Equal", "value": "a", "effect": "NoSchedule"}
    made = await runtime.post(PODS, pod(runtimeClassName="vm", tolerations=[narrow]))
    spec = made.body["spec"]
    assert (spec["overhead"], spec["nodeSelector"]) == ({"cpu": "250m"}, {"vm": "yes"})
    # The wider toleration includes the narrower one.
    assert [each for each in spec["tolerations"] if each["key"] == "vm"] == [
        {"key": "vm", "operator": "Exists", "effect": "NoSchedule"}
    ]


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        ({"runtimeClassName": "no"}, 'pod rejected: RuntimeClass "no" not found'),
        (
            {"runtimeClassName": "vm", "overhead": {"cpu": "1"}},
            "pod rejected: Pod's Overhead doesn't match RuntimeClass's defined Overhead",
        ),
        (
            {"overhead": {"cpu": "1"}},
            "pod rejected: Pod Overhead set without corresponding RuntimeClass defined Overhead",
        ),
        (
            {"runtimeClassName": "vm", "nodeSelector": {"vm": "no"}},
            "conflict: runtimeClass.scheduling.nodeSelector[vm] = yes; "
            "pod.spec.nodeSelector[vm] = no",
        ),
    ],
)
async def test_what_does_not_fit_the_class_is_refused(runtime, pod, spec, message) -> None:
    answer = await runtime.post(PODS, pod(**spec))
    assert (answer.status, answer.message) == (403, f'pods "web" is forbidden: {message}')


async def test_a_pod_takes_over_the_zone_of_its_node(with_account, pod) -> None:
    zone, region = "topology.kubernetes.io/zone", "topology.kubernetes.io/region"
    labels = {zone: "a", region: "r", "disk": "ssd"}
    await with_account.post("/api/v1/nodes", {"metadata": {"name": "n", "labels": labels}})
    await with_account.post(PODS, pod("web"))
    binding = {"metadata": {"name": "web"}, "target": {"kind": "Node", "name": "n"}}
    assert (await with_account.post(f"{PODS}/web/binding", binding)).status == 201
    bound = (await with_account.get(f"{PODS}/web")).body
    assert bound["metadata"]["labels"] == {"app": "web", zone: "a", region: "r"}
    fixed = (await with_account.post(PODS, pod("fixed", nodeName="n"))).body
    assert fixed["metadata"]["labels"][zone] == "a"
