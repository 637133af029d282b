"""What is allowed in a pod, and hardly ever meant.

Stands for k8s.io/kubernetes `pkg/api/pod/warnings.go`. Left out: annotations and fractions of bytes
of long ago, and spellings of addresses.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple

from kubelearn.embedded.apiserver.names import dns_label, label_value
from kubelearn.embedded.apiserver.status import quote
from kubelearn.objects import Object

_REQUIRED = "requiredDuringSchedulingIgnoredDuringExecution"
_PREFERRED = "preferredDuringSchedulingIgnoredDuringExecution"
_NO_SELECTOR = "a null labelSelector results in matching no pod"
_CONTAINERS = ("initContainers", "containers", "ephemeralContainers")
_OLD_LABELS = {
    "beta.kubernetes.io/arch": 'deprecated since v1.14; use "kubernetes.io/arch" instead',
    "beta.kubernetes.io/os": 'deprecated since v1.14; use "kubernetes.io/os" instead',
    "failure-domain.beta.kubernetes.io/region": (
        'deprecated since v1.17; use "topology.kubernetes.io/region" instead'
    ),
    "failure-domain.beta.kubernetes.io/zone": (
        'deprecated since v1.17; use "topology.kubernetes.io/zone" instead'
    ),
    "beta.kubernetes.io/instance-type": (
        'deprecated since v1.17; use "node.kubernetes.io/instance-type" instead'
    ),
    "app.kubernetes.io/created-by": "deprecated since v1.9",
    "scheduler.alpha.kubernetes.io/preferAvoidPods": (
        "deprecated since v1.22; use Taints and Tolerations instead"
    ),
    "node-role.kubernetes.io/master": 'use "node-role.kubernetes.io/control-plane" instead',
}
_OLD_VOLUMES = {
    "photonPersistentDisk": "deprecated in v1.11, non-functional in v1.16+",
    "gitRepo": "deprecated in v1.11, and disabled by default in v1.33+",
    "scaleIO": "deprecated in v1.16, non-functional in v1.22+",
    "flocker": "deprecated in v1.22, non-functional in v1.25+",
    "storageOS": "deprecated in v1.22, non-functional in v1.25+",
    "quobyte": "deprecated in v1.22, non-functional in v1.25+",
    "glusterfs": "deprecated in v1.25, non-functional in v1.26+",
    "cephfs": "deprecated in v1.28, non-functional in v1.31+",
    "rbd": "deprecated in v1.28, non-functional in v1.31+",
}

Warnings = Iterator[str]


def warn_of_name(name: str, use: str) -> Warnings:
    """A name that becomes a part of host names should be fit for that."""
    if problems := dns_label(name):
        yield (
            f"metadata.name: this is used in {use}, which can result in surprising behavior; "
            f"a DNS label is recommended: [{' '.join(problems)}]"
        )


def warn_of_pod(spec: Object, field: str) -> Warnings:
    """A pod's spec, or a template's, which is found at that path."""
    yield from _node_labels(spec, field)
    yield from _selectors(spec, field)
    for i, volume in enumerate(spec.get("volumes") or []):
        for name in _OLD_VOLUMES.keys() & volume.keys():
            yield f"{field}.volumes[{i}].{name}: {_OLD_VOLUMES[name]}"
        yield from _paths(volume)
    yield from _repeated(spec.get("hostAliases"), "ip", f"{field}.hostAliases")
    yield from _repeated(spec.get("imagePullSecrets"), "name", f"{field}.imagePullSecrets")
    for i, secret in enumerate(spec.get("imagePullSecrets") or []):
        if not secret.get("name"):
            yield f'{field}.imagePullSecrets[{i}].name: invalid empty name ""'
    containers = list(_containers(spec, field))
    for path, container in containers:
        yield from _variables(container, path)
    yield from _ports(containers)


def _containers(spec: Object, field: str) -> Iterator[tuple[str, Object]]:
    for kind in _CONTAINERS:
        for i, container in enumerate(spec.get(kind) or []):
            yield f"{field}.{kind}[{i}]", container


def _repeated(items: Iterable[Object] | None, key: str, field: str) -> Warnings:
    seen = set()
    for i, item in enumerate(items or []):
        value = item.get(key, "")
        if value in seen:
            yield f"{field}[{i}].{key}: duplicate {key} {quote(value)}"
        seen.add(value)


# --- where to run --------------------------------------------------------------------------------


def _node_labels(spec: Object, field: str) -> Warnings:
    """Labels of nodes that have another name by now, or never had such a value."""
    for name in spec.get("nodeSelector") or {}:
        if name in _OLD_LABELS:
            yield f"{field}.nodeSelector[{name}]: {_OLD_LABELS[name]}"
    affinity = (spec.get("affinity") or {}).get("nodeAffinity") or {}
    path = f"{field}.affinity.nodeAffinity"
    required = (affinity.get(_REQUIRED) or {}).get("nodeSelectorTerms") or []
    for i, term in enumerate(required):
        yield from _term(term, f"{path}.{_REQUIRED}.nodeSelectorTerms[{i}]")
    for i, item in enumerate(affinity.get(_PREFERRED) or []):
        term = item.get("preference") or {}
        here = f"{path}.{_PREFERRED}[{i}].preference"
        yield from _term(term, here)
        yield from _values(term, here)
    for i, spread in enumerate(spec.get("topologySpreadConstraints") or []):
        if (key := spread.get("topologyKey")) in _OLD_LABELS:
            here = f"{field}.topologySpreadConstraints[{i}].topologyKey"
            yield f"{here}: {key} is {_OLD_LABELS[key]}"


def _term(term: Object, field: str) -> Warnings:
    for i, expression in enumerate(term.get("matchExpressions") or []):
        if (key := expression["key"]) in _OLD_LABELS:
            yield f"{field}.matchExpressions[{i}].key: {key} is {_OLD_LABELS[key]}"


def _values(term: Object, field: str) -> Warnings:
    for i, expression in enumerate(term.get("matchExpressions") or []):
        for j, value in enumerate(expression.get("values") or []):
            for problem in label_value(value):
                here = f"{field}.matchExpressions[{i}].values[{j}]"
                yield f"{here}: {value} is invalid, {problem}"


def _selectors(spec: Object, field: str) -> Warnings:
    """Selectors that were forgotten: they select nobody."""
    for i, spread in enumerate(spec.get("topologySpreadConstraints") or []):
        if spread.get("labelSelector") is None:
            yield f"{field}.topologySpreadConstraints[{i}].labelSelector: {_NO_SELECTOR}"
    for kind in ("podAffinity", "podAntiAffinity"):
        rules = (spec.get("affinity") or {}).get(kind) or {}
        path = f"{field}.affinity.{kind}"
        for i, term in enumerate(rules.get(_REQUIRED) or []):
            if term.get("labelSelector") is None:
                yield f"{path}.{_REQUIRED}[{i}].labelSelector: {_NO_SELECTOR}"
        for i, item in enumerate(rules.get(_PREFERRED) or []):
            if item["podAffinityTerm"].get("labelSelector") is None:
                here = f"{path}.{_PREFERRED}[{i}].podAffinityTerm.labelSelector"
                yield f"{here}: {_NO_SELECTOR}"


# --- volumes -------------------------------------------------------------------------------------


class _Path(NamedTuple):
    path: str
    source: str = ""

    def __str__(self) -> str:
        return f"{quote(self.path)} ({self.source})" if self.source else quote(self.path)


def _paths(volume: Object) -> Warnings:
    """Files of one volume that get in each other's way."""
    name = volume["name"]
    for kind, words, key in (
        ("configMap", "ConfigMap ", "name"),
        ("secret", "Secret ", "secretName"),
        ("downwardAPI", "DownwardAPI", ""),
    ):
        if source := volume.get(kind):
            what = words + (quote(source.get(key, "")) if key else "")
            files = [_Path(item["path"]) for item in source.get("items") or []]
            yield from _overlaps(files, f"volume {quote(name)} ({what})")
    if (projected := volume.get("projected")) is not None:
        sources = projected.get("sources") or []
        for source in sources:
            if not source:
                yield f"volume {quote(name)} (Projected) has no sources provided"
        files = [file for source in sources for file in _projected(source)]
        yield from _overlaps(files, f"volume {quote(name)} (Projected)")


def _projected(source: Object) -> Iterator[_Path]:
    for kind, word in (("configMap", "ConfigMap"), ("secret", "Secret")):
        if part := source.get(kind):
            for item in part.get("items") or []:
                yield _Path(item["path"], f"{word} {quote(part.get('name', ''))}")
    for item in (source.get("downwardAPI") or {}).get("items") or []:
        yield _Path(item["path"], "DownwardAPI")
    if token := source.get("serviceAccountToken"):
        yield _Path(token["path"], "ServiceAccountToken")


def _overlaps(files: Iterable[_Path], where: str) -> Warnings:
    before: list[_Path] = []
    for file in files:
        file = file._replace(path=file.path.rstrip("/"))
        for other in before:
            if _overlap(file.path, other.path):
                yield f"{where}: overlapping paths: {file} with {other}"
        before.append(file)


def _overlap(one: str, other: str) -> bool:
    if not (one and other):
        return False
    one, other = f"{one}/", f"{other}/"
    return one.startswith(other) or other.startswith(one)


# --- containers ----------------------------------------------------------------------------------


def _variables(container: Object, field: str) -> Warnings:
    """A variable that is set again without using what it was: apply keeps only one of them."""
    seen = set()
    for i, variable in enumerate(container.get("env") or []):
        name, value = variable["name"], variable.get("value", "")
        reference = f"$({name})"
        hides = variable.get("valueFrom") or value == reference or reference not in value
        if name in seen and hides:
            problem = f"hides previous definition of {quote(name)}"
            yield f"{field}.env[{i}]: {problem}, which may be dropped when using apply"
        seen.add(name)


def _ports(containers: Iterable[tuple[str, Object]]) -> Warnings:
    """Ports of a pod that are the same, or nearly, and names that two of them have."""
    known: dict[tuple[int, str], list[tuple[str, Object]]] = {}
    names: dict[str, str] = {}
    for path, container in containers:
        for i, port in enumerate(container.get("ports") or []):
            here = f"{path}.ports[{i}]"
            if port.get("hostIP") and not port.get("hostPort"):
                yield f"{here}: hostIP set without hostPort: {_shown(port)}"
            same = known.setdefault((port["containerPort"], port["protocol"]), [])
            for there, other in same:
                if problem := _conflict(port, other):
                    yield f"{here}: {problem} port definition with {there}"
            same.append((here, port))
            if name := port.get("name"):
                if other_path := names.get(name):
                    yield (
                        f"{here}: duplicate port name {quote(name)} with {other_path}, services "
                        f"and probes that select ports by name will use {other_path}"
                    )
                names.setdefault(name, here)


def _conflict(port: Object, other: Object) -> str:
    ports = [each.get("hostPort", 0) for each in (port, other)]
    addresses = [each.get("hostIP", "") for each in (port, other)]
    if ports[0] == ports[1] and addresses[0] == addresses[1]:
        return "duplicate"
    if not all(ports):
        return "overlapping"
    if ports[0] == ports[1] and not all(addresses):
        return "dangerously ambiguous"
    return ""


def _shown(port: Mapping[str, Any]) -> str:
    """As Go prints the struct."""
    fields = {
        "Name": port.get("name", ""),
        "HostPort": port.get("hostPort", 0),
        "ContainerPort": port["containerPort"],
        "Protocol": port["protocol"],
        "HostIP": port.get("hostIP", ""),
    }
    return "{" + " ".join(f"{name}:{value}" for name, value in fields.items()) + "}"
