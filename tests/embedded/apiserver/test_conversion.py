import pytest

from kubelearn.embedded.apiserver import builtin, conversion, serializer

KINDS = builtin.built_in()
CORE = KINDS.find("", "v1", "events")
NEW = KINDS.find("events.k8s.io", "v1", "events")
HPA_V1, HPA_V2 = (
    KINDS.find("autoscaling", version, "horizontalpodautoscalers") for version in ("v1", "v2")
)


def decoded(kind, **fields):
    body = {"apiVersion": kind.api_version, "kind": kind.kind, "metadata": {"name": "x"}}
    return serializer.decode(kind, body | fields).object


def test_both_forms_of_an_event_share_one_storage():
    assert conversion.storage_kind(KINDS, NEW) is CORE
    assert conversion.storage_kind(KINDS, CORE) is CORE
    assert NEW.storage_prefix == CORE.storage_prefix


def test_an_event_keeps_everything_in_both_directions():
    event = decoded(
        CORE,
        involvedObject={"kind": "Pod", "name": "p"},
        message="Started",
        count=2,
        source={"component": "kubelet"},
        reportingComponent="kubelet",
    )
    new = conversion.convert(event, CORE, NEW)
    assert new["apiVersion"] == "events.k8s.io/v1"
    assert new["regarding"] == {"kind": "Pod", "name": "p"}
    assert (new["note"], new["deprecatedCount"]) == ("Started", 2)
    assert conversion.convert(new, NEW, CORE) == event


def test_an_autoscaler_keeps_what_version_1_does_not_know():
    cpu = {"name": "cpu", "target": {"type": "Utilization", "averageUtilization": 50}}
    memory = {"name": "memory", "target": {"type": "AverageValue", "averageValue": "1Gi"}}
    metrics = [{"type": "Resource", "resource": each} for each in (memory, cpu)]
    autoscaler = decoded(HPA_V2, spec={"maxReplicas": 3, "metrics": metrics})
    old = conversion.convert(autoscaler, HPA_V2, HPA_V1)
    assert old["spec"]["targetCPUUtilizationPercentage"] == 50
    assert "metrics" not in old["spec"]
    assert conversion.convert(old, HPA_V1, HPA_V2) == autoscaler


def test_version_1_without_a_target_means_80_percent():
    autoscaler = decoded(HPA_V1, spec={"maxReplicas": 3})
    found = conversion.convert(autoscaler, HPA_V1, HPA_V2)
    assert found["spec"]["metrics"][0]["resource"]["target"]["averageUtilization"] == 80


def test_somebody_elses_annotation_is_no_error():
    name = "autoscaling.alpha.kubernetes.io/metrics"
    autoscaler = decoded(HPA_V1, spec={"maxReplicas": 3})
    autoscaler["metadata"]["annotations"] = {name: "{not json"}
    assert conversion.convert(autoscaler, HPA_V1, HPA_V2)["spec"]["maxReplicas"] == 3


@pytest.mark.parametrize("kind", [CORE, KINDS.find("", "v1", "pods")])
def test_the_same_kind_needs_no_conversion(kind):
    obj = {"kind": kind.kind}
    assert conversion.convert(obj, kind, kind) is obj
