"""Which Services select which pods, without a look at all of them.

Stands for `ServiceSelectorCache` of k8s.io/endpointslice/util, and goes further: both are found by
a label, so that many Services with a few pods each cost no more than one with all of them.
"""

from __future__ import annotations

from collections.abc import Mapping

from kubelearn.embedded.informer import Informer
from kubelearn.objects import Object, labels_of

_LABEL, _SELECTOR = "label", "selector"


def index_pods(pods: Informer) -> None:
    """Let `pods_of` find pods."""
    pods.add_index(_LABEL, _by_labels)


def index_services(services: Informer) -> None:
    """Let `services_of` find Services."""
    services.add_index(_SELECTOR, lambda service: _by_selector(service)[:1])


def pods_of(pods: Informer, service: Object) -> list[Object]:
    """The pods that a Service selects."""
    return [
        pod
        for value in _by_selector(service)[:1]
        for pod in pods.by_index(_LABEL, value)
        if selects(service, pod)
    ]


def services_of(services: Informer, pod: Object) -> list[Object]:
    """The Services that select a pod."""
    return [
        service
        for value in _by_labels(pod)
        for service in services.by_index(_SELECTOR, value)
        if selects(service, pod)
    ]


def selects(service: Object, pod: Object) -> bool:
    """Whether a Service of the same namespace selects the pod."""
    selector: Mapping[str, str] = service["spec"].get("selector") or {}
    labels = labels_of(pod)
    return bool(selector) and selector.items() <= labels.items()


def _by_selector(service: Object) -> list[str]:
    return _values(service, service["spec"].get("selector") or {})


def _by_labels(pod: Object) -> list[str]:
    return _values(pod, labels_of(pod))


def _values(obj: Object, labels: Mapping[str, str]) -> list[str]:
    namespace = obj["metadata"]["namespace"]
    return [f"{namespace}/{name}={value}" for name, value in labels.items()]
