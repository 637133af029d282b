"""Defaults of pods and pod templates (upstream `pkg/apis/core/v1/defaults.go`)."""

from __future__ import annotations

import re
from collections.abc import Iterable
from decimal import Decimal

from kubelearn.embedded.apiserver.defaults.rules import rule
from kubelearn.embedded.apiserver.quantity import canonical
from kubelearn.objects import Object
from kubelearn.quantity import quantity

_COMPONENT = r"[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*"
_HOST = r"[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?"
# An image reference, as github.com/distribution/reference reads it.
_REFERENCE = re.compile(
    rf"(?P<name>(?:{_HOST}(?:\.{_HOST})*(?::\d+)?/)?{_COMPONENT}(?:/{_COMPONENT})*)"
    r"(?::(?P<tag>\w[\w.-]{0,127}))?(?P<digest>@[A-Za-z]\w*(?:[+._-]\w+)*:[0-9a-fA-F]{32,})?"
)
_LONGEST_NAME = 255
# All permission bits of a file that its owner may write and everybody may read.
_MODE_0644 = 0o644


def pull_policy(image: str) -> str:
    """`Always` for the moving tag `latest`, said or unsaid; an image that cannot be read is not."""
    found = _REFERENCE.fullmatch(image)
    if not found or len(found["name"]) > _LONGEST_NAME:
        return "IfNotPresent"
    latest = found["tag"] == "latest" or not (found["tag"] or found["digest"])
    return "Always" if latest else "IfNotPresent"


@rule("core.v1.Container", "core.v1.EphemeralContainer")
def container(obj: Object) -> None:
    """Pull policy and where the last words are looked for."""
    obj.setdefault("imagePullPolicy", pull_policy(obj.get("image", "")))
    obj.setdefault("terminationMessagePath", "/dev/termination-log")
    obj.setdefault("terminationMessagePolicy", "File")


@rule("core.v1.PodSpec")
def pod_spec(spec: Object) -> None:
    """What holds for templates as well as for pods."""
    spec.setdefault("dnsPolicy", "ClusterFirst")
    spec.setdefault("restartPolicy", "Always")
    spec.setdefault("securityContext", {})
    spec.setdefault("terminationGracePeriodSeconds", 30)
    spec.setdefault("schedulerName", "default-scheduler")
    # Two names of one thing; upstream's conversion keeps them equal.
    if account := spec.get("serviceAccountName") or spec.get("serviceAccount"):
        spec["serviceAccountName"] = spec["serviceAccount"] = account


@rule("core.v1.Pod")
def pod(obj: Object) -> None:
    """What holds for pods only: requests from limits, service links, host ports."""
    spec = obj["spec"]
    containers = [*(spec.get("containers") or ()), *(spec.get("initContainers") or ())]
    for each in containers:
        _requests_from_limits(each["resources"])
    if (spec.get("resources") or {}).get("limits"):
        _pod_requests(spec)
    if spec.get("terminationGracePeriodSeconds", 0) < 0:
        spec["terminationGracePeriodSeconds"] = 1
    spec.setdefault("enableServiceLinks", True)
    if spec.get("hostNetwork"):
        for each in containers:
            for port in each.get("ports") or ():
                port.setdefault("hostPort", port["containerPort"])


@rule("core.v1.PodStatus")
def pod_status(status: Object) -> None:
    """The first of all addresses is the one address."""
    address, addresses = status.get("podIP"), status.get("podIPs")
    if address and (not addresses or addresses[0].get("ip") != address):
        status["podIPs"] = [{"ip": address}]
    elif addresses and addresses[0].get("ip"):
        status["podIP"] = addresses[0]["ip"]


def _requests_from_limits(resources: Object) -> None:
    if limits := resources.get("limits"):
        resources["requests"] = {**limits, **(resources.get("requests") or {})}


def _pod_requests(spec: Object) -> None:
    """Requests of the whole pod: given, else the sum of its containers', else its limits."""
    resources = spec["resources"]
    requests = dict(resources.get("requests") or {})
    for name in ("cpu", "memory"):
        if total := _container_requests(spec, name):
            requests.setdefault(name, canonical(str(total)))
    for name, limit in resources["limits"].items():
        requests.setdefault(name, limit)
    resources["requests"] = requests


def _container_requests(spec: Object, name: str) -> Decimal:
    def total(containers: Iterable[Object]) -> Decimal:
        requests = (each["resources"].get("requests") or {} for each in containers)
        return sum((quantity(each.get(name, 0)) for each in requests), Decimal(0))

    # Sidecars stay while the later ones run; other init containers run alone.
    highest = sidecars = Decimal(0)
    for each in spec.get("initContainers") or ():
        if each.get("restartPolicy") == "Always":
            sidecars += total([each])
            highest = max(highest, sidecars)
        else:
            highest = max(highest, sidecars + total([each]))
    return max(highest, sidecars + total(spec.get("containers") or ()))


@rule("core.v1.Probe")
def probe(obj: Object) -> None:
    """One second to answer, every ten seconds, three failures."""
    obj.setdefault("timeoutSeconds", 1)
    obj.setdefault("periodSeconds", 10)
    obj.setdefault("successThreshold", 1)
    obj.setdefault("failureThreshold", 3)


@rule("core.v1.HTTPGetAction")
def http_get(obj: Object) -> None:
    """Of probes and lifecycle hooks."""
    obj.setdefault("path", "/")
    obj.setdefault("scheme", "HTTP")


@rule("core.v1.Volume")
def volume(obj: Object) -> None:
    """An empty directory, when nothing else is named."""
    if len(obj) == 1:
        obj["emptyDir"] = {}
    if image := obj.get("image"):
        image.setdefault("pullPolicy", pull_policy(image.get("reference", "")))


@rule(
    "core.v1.ConfigMapVolumeSource",
    "core.v1.DownwardAPIVolumeSource",
    "core.v1.ProjectedVolumeSource",
    "core.v1.SecretVolumeSource",
)
def files(obj: Object) -> None:
    """Mode of the files that are made from objects."""
    obj.setdefault("defaultMode", _MODE_0644)


@rule("core.v1.HostPathVolumeSource")
def host_path(obj: Object) -> None:
    """Unchecked."""
    obj.setdefault("type", "")


@rule("core.v1.ServiceAccountTokenProjection")
def token_projection(obj: Object) -> None:
    """An hour."""
    obj.setdefault("expirationSeconds", 3600)


@rule("core.v1.ObjectFieldSelector")
def object_field_selector(obj: Object) -> None:
    """The version in whose words the field is named."""
    obj.setdefault("apiVersion", "v1")
