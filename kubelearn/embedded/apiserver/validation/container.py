"""Rules for containers: of a pod, to initialize it, and to look into it."""

from __future__ import annotations

from collections.abc import Iterable

from kubelearn.embedded.apiserver.names import (
    config_map_key,
    dns_subdomain,
    environment_name,
    port_name,
    port_number,
)
from kubelearn.embedded.apiserver.validation.common import (
    descending_path,
    dns_label,
    named,
    no_backsteps,
    supported,
)
from kubelearn.embedded.apiserver.validation.downward import field_selector, resource_selector
from kubelearn.embedded.apiserver.validation.field import (
    Errors,
    duplicate,
    each_invalid,
    forbidden,
    invalid,
    not_found,
    one_of,
    required,
    too_many,
)
from kubelearn.embedded.apiserver.validation.probe import lifecycle, probes
from kubelearn.embedded.apiserver.validation.resources import resource_requirements
from kubelearn.embedded.apiserver.validation.security import container_security_context
from kubelearn.objects import Object

_ENVIRONMENT_FIELDS = (
    "metadata.name", "metadata.namespace", "metadata.uid", "spec.nodeName",
    "spec.serviceAccountName", "status.hostIP", "status.hostIPs", "status.podIP", "status.podIPs",
)  # fmt: skip
_SOURCES = ("fieldRef", "resourceFieldRef", "configMapKeyRef", "secretKeyRef", "fileKeyRef")
_PROTOCOLS = ("SCTP", "TCP", "UDP")
_PULL_POLICIES = ("Always", "IfNotPresent", "Never")
_RULES_AT_MOST, _CODES_AT_MOST = 20, 255
_HOOKS = ("lifecycle", "livenessProbe", "readinessProbe", "startupProbe")


def containers(field: str, spec: Object, volumes: set[str]) -> Errors:
    """`spec.containers`; `field` is the path of the spec, `volumes` are those that are good."""
    found = spec.get("containers") or []
    path = f"{field}.containers"
    if not found:
        yield required(path)
    seen = set()
    for i, container in enumerate(found):
        here = f"{path}[{i}]"
        yield from _container(here, container, volumes)
        if container["name"] in seen:
            yield duplicate(f"{here}.name", container["name"])
        seen.add(container["name"])
        yield from _hooks(here, container, spec)
        yield from _restart_policy(here, container)
    yield from _unique_host_ports(path, found)


def init_containers(field: str, spec: Object, volumes: set[str]) -> Errors:
    """`spec.initContainers`, sidecars among them."""
    path = f"{field}.initContainers"
    seen = {each["name"] for each in spec.get("containers") or []}
    for i, container in enumerate(spec.get("initContainers") or []):
        here = f"{path}[{i}]"
        yield from _container(here, container, volumes)
        yield from _restart_policy(here, container)
        if container["name"] in seen:
            yield duplicate(f"{here}.name", container["name"])
        elif container["name"]:
            seen.add(container["name"])
        yield from _unique_host_ports(path, [container])
        if container.get("restartPolicy") == "Always":
            yield from _hooks(here, container, spec)
            continue
        for name in _HOOKS:
            if name in container:
                detail = "may not be set for init containers without restartPolicy=Always"
                yield forbidden(f"{here}.{name}", detail)


def ephemeral_containers(field: str, spec: Object, volumes: set[str]) -> Errors:
    """`spec.ephemeralContainers`: those of `kubectl debug`."""
    others = {
        each["name"] for name in ("containers", "initContainers") for each in spec.get(name) or []
    }
    seen = set(others)
    for i, container in enumerate(spec.get("ephemeralContainers") or []):
        here = f"{field}.ephemeralContainers[{i}]"
        yield from _container(here, container, volumes)
        yield from image_spaces(here, container)
        if container["name"] in seen:
            yield duplicate(f"{here}.name", container["name"])
        seen.add(container["name"])
        target = container.get("targetContainerName")
        if target and target not in others:
            yield not_found(f"{here}.targetContainerName", target)
        for name in ("ports", "resources", *_HOOKS):
            if container.get(name):
                yield forbidden(f"{here}.{name}", "cannot be set for an Ephemeral Container")


def _restart_policy(field: str, container: Object) -> Errors:
    policy, rules = container.get("restartPolicy"), container.get("restartPolicyRules") or []
    if policy is None and rules:
        detail = "must specify restartPolicy when restart rules are used"
        yield required(f"{field}.restartPolicy", detail)
    yield from supported(f"{field}.restartPolicy", policy, ("Always", "Never", "OnFailure"))
    if len(rules) > _RULES_AT_MOST:
        yield too_many(f"{field}.restartPolicyRules", len(rules), _RULES_AT_MOST)
    for i, rule in enumerate(rules):
        here = f"{field}.restartPolicyRules[{i}]"
        actions = ("Restart", "RestartAllContainers")
        yield from supported(f"{here}.action", rule.get("action", ""), actions)
        if (codes := rule.get("exitCodes")) is None:
            yield required(f"{here}.exitCodes", "must be specified")
            continue
        operator = codes.get("operator", "")
        yield from supported(f"{here}.exitCodes.operator", operator, ("In", "NotIn"))
        count = len(codes.get("values") or [])
        if count > _CODES_AT_MOST:
            yield too_many(f"{here}.exitCodes.values", count, _CODES_AT_MOST)


def image_spaces(field: str, container: Object) -> Errors:
    """No blanks around an image's name; templates may have them."""
    image = container.get("image", "")
    if image != image.strip():
        yield invalid(f"{field}.image", image, "must not have leading or trailing whitespace")


def _container(field: str, container: Object, volumes: set[str]) -> Errors:
    if not container["name"]:
        yield required(f"{field}.name")
    else:
        yield from dns_label(f"{field}.name", container["name"])
    if not container.get("image"):
        yield required(f"{field}.image")
    yield from one_of(
        f"{field}.terminationMessagePolicy",
        container.get("terminationMessagePolicy"),
        ("File", "FallbackToLogsOnError"),
    )
    yield from _ports(f"{field}.ports", container.get("ports") or [])
    yield from _environment(f"{field}.env", container.get("env") or [])
    yield from _environment_from(f"{field}.envFrom", container.get("envFrom") or [])
    yield from _mounts(f"{field}.volumeMounts", container, volumes)
    policy = container.get("imagePullPolicy")
    yield from one_of(f"{field}.imagePullPolicy", policy, _PULL_POLICIES)
    yield from resource_requirements(f"{field}.resources", container.get("resources") or {})
    if context := container.get("securityContext"):
        yield from container_security_context(f"{field}.securityContext", context)


def _hooks(field: str, container: Object, spec: Object) -> Errors:
    if (hooks := container.get("lifecycle")) is not None:
        grace = spec.get("terminationGracePeriodSeconds")
        system = (spec.get("os") or {}).get("name", "")
        yield from lifecycle(f"{field}.lifecycle", hooks, grace, system)
    yield from probes(field, container)


def _ports(field: str, ports: Iterable[Object]) -> Errors:
    seen = set()
    for i, port in enumerate(ports):
        here = f"{field}[{i}]"
        if name := port.get("name"):
            problems = port_name(name)
            yield from each_invalid(f"{here}.name", name, problems)
            if not problems and name in seen:
                yield duplicate(f"{here}.name", name)
            seen.add(name)
        number = port["containerPort"]
        if number == 0:
            yield required(f"{here}.containerPort")
        else:
            yield from each_invalid(f"{here}.containerPort", number, port_number(number))
        if host := port.get("hostPort"):
            yield from each_invalid(f"{here}.hostPort", host, port_number(host))
        yield from one_of(f"{here}.protocol", port.get("protocol"), _PROTOCOLS)


def _unique_host_ports(field: str, found: Iterable[Object]) -> Errors:
    seen = set()
    for i, container in enumerate(found):
        for j, port in enumerate(container.get("ports") or []):
            if not port.get("hostPort"):
                continue
            key = f"{port.get('protocol', '')}/{port.get('hostIP', '')}/{port['hostPort']}"
            if key in seen:
                yield duplicate(f"{field}[{i}].ports[{j}].hostPort", key)
            seen.add(key)


def _environment(field: str, variables: Iterable[Object]) -> Errors:
    for i, variable in enumerate(variables):
        here = f"{field}[{i}]"
        if not variable["name"]:
            yield required(f"{here}.name")
        else:
            problems = environment_name(variable["name"])
            yield from each_invalid(f"{here}.name", variable["name"], problems)
        if (source := variable.get("valueFrom")) is not None:
            yield from _value_from(f"{here}.valueFrom", variable, source)


def _value_from(field: str, variable: Object, source: Object) -> Errors:
    if selector := source.get("fieldRef"):
        yield from field_selector(f"{field}.fieldRef", selector, _ENVIRONMENT_FIELDS)
    if selector := source.get("resourceFieldRef"):
        yield from resource_selector(f"{field}.resourceFieldRef", selector)
    for name in ("configMapKeyRef", "secretKeyRef"):
        if selector := source.get(name):
            yield from _key_selector(f"{field}.{name}", selector)
    if selector := source.get("fileKeyRef"):
        yield from _file_selector(f"{field}.fileKeyRef", selector)
    given = [name for name in _SOURCES if name in source]
    if not given:
        names = "`fieldRef`, `resourceFieldRef`, `configMapKeyRef`, `secretKeyRef` or `fileKeyRef`"
        yield invalid(field, "", f"must specify one of: {names}")
    elif variable.get("value"):
        yield invalid(field, "", "may not be specified when `value` is not empty")
    elif len(given) > 1:
        yield invalid(field, "", "may not have more than one field specified at a time")


def _key_selector(field: str, selector: Object) -> Errors:
    name, key = selector.get("name", ""), selector["key"]
    yield from each_invalid(f"{field}.name", name, dns_subdomain(name))
    if not key:
        yield required(f"{field}.key")
    else:
        yield from each_invalid(f"{field}.key", key, config_map_key(key))


def _file_selector(field: str, selector: Object) -> Errors:
    for name in ("key", "volumeName", "path"):
        if not selector[name]:
            yield required(f"{field}.{name}")
    yield from no_backsteps(f"{field}.path", selector["path"])


def _environment_from(field: str, sources: Iterable[Object]) -> Errors:
    for i, source in enumerate(sources):
        here = f"{field}[{i}]"
        if prefix := source.get("prefix"):
            yield from each_invalid(f"{here}.prefix", prefix, environment_name(prefix))
        given = [name for name in ("configMapRef", "secretRef") if name in source]
        for name in given:
            yield from named(f"{here}.{name}.name", source[name].get("name", ""))
        if not given:
            yield invalid(field, "", "must specify one of: `configMapRef` or `secretRef`")
        elif len(given) > 1:
            yield invalid(field, "", "may not have more than one field specified at a time")


def _mounts(field: str, container: Object, volumes: set[str]) -> Errors:
    seen = set()
    for i, mount in enumerate(container.get("volumeMounts") or []):
        here = f"{field}[{i}]"
        if not mount["name"]:
            yield required(f"{here}.name")
        if mount["name"] not in volumes:
            yield not_found(f"{here}.name", mount["name"])
        path = mount["mountPath"]
        if not path:
            yield required(f"{here}.mountPath")
        if path in seen:
            yield invalid(f"{here}.mountPath", path, "must be unique")
        seen.add(path)
        yield from _sub_path(field, here, mount)
        yield from _propagation(f"{field}.mountPropagation", mount, container)


def _sub_path(field: str, here: str, mount: Object) -> Errors:
    # Upstream leaves the index out of these paths, so they are left out here.
    plain, expression = mount.get("subPath", ""), mount.get("subPathExpr", "")
    yield from descending_path(f"{field}.subPath", plain)
    if plain and expression:
        detail = "subPathExpr and subPath are mutually exclusive"
        yield invalid(f"{here}.subPathExpr", expression, detail)
    yield from descending_path(f"{field}.subPathExpr", expression)


def _propagation(field: str, mount: Object, container: Object) -> Errors:
    mode = mount.get("mountPropagation")
    yield from supported(field, mode, ("Bidirectional", "HostToContainer", "None"))
    privileged = (container.get("securityContext") or {}).get("privileged")
    if mode == "Bidirectional" and not privileged:
        detail = "Bidirectional mount propagation is available only to privileged containers"
        yield forbidden(field, detail)
