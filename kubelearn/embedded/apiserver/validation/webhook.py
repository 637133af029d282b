"""Rules for admission webhooks.

Upstream: pkg/apis/admissionregistration/validation and k8s.io/apiserver `pkg/util/webhook`.
"""

from __future__ import annotations

from collections.abc import Sequence
from urllib.parse import urlsplit

from kubelearn.embedded.apiserver.apiextensions.cel import CelError, expression
from kubelearn.embedded.apiserver.names import dns_1035_label, dns_subdomain, port_number
from kubelearn.embedded.apiserver.validation.field import (
    Errors,
    duplicate,
    each_invalid,
    invalid,
    not_supported,
    required,
    too_many,
)
from kubelearn.embedded.apiserver.validation.metadata import (
    label_selector,
    metadata,
    metadata_update,
)
from kubelearn.embedded.apiserver.validation.rules import on_create, on_update
from kubelearn.objects import Object

_CONFIGURATIONS = (
    "admissionregistration.v1.MutatingWebhookConfiguration",
    "admissionregistration.v1.ValidatingWebhookConfiguration",
)
_CHOICES = {
    "failurePolicy": ("Fail", "Ignore"),
    "matchPolicy": ("Equivalent", "Exact"),
    "reinvocationPolicy": ("IfNeeded", "Never"),
}
_SIDE_EFFECTS = ("None", "NoneOnDryRun")
_OPERATIONS = ("*", "CONNECT", "CREATE", "DELETE", "UPDATE")
_SCOPES = ("*", "Cluster", "Namespaced")
_REVIEWS = ("v1", "v1beta1")
_MOST_SECONDS, _MOST_CONDITIONS = 30, 64
_FORM = "; desired format: https://host[/path]"


@on_create(*_CONFIGURATIONS)
def webhook_configuration(obj: Object) -> Errors:
    """A configuration and its hooks, whose names differ."""
    yield from metadata(obj, dns_subdomain, namespaced=False)
    seen: set[str] = set()
    for index, hook in enumerate(obj.get("webhooks") or []):
        field = f"webhooks[{index}]"
        yield from _hook(hook, field)
        name = hook.get("name", "")
        if name and name in seen:
            yield duplicate(f"{field}.name", name)
        seen.add(name)


@on_update(*_CONFIGURATIONS)
def webhook_configuration_update(new: Object, old: Object) -> Errors:
    """A configuration, of which all may change."""
    yield from metadata_update(new, old)
    yield from webhook_configuration(new)


def _hook(hook: Object, field: str) -> Errors:
    yield from _qualified_name(f"{field}.name", hook.get("name", ""))
    for index, rule in enumerate(hook.get("rules") or []):
        yield from operations_rule(rule, f"{field}.rules[{index}]")
    for name, choices in _CHOICES.items():
        if name in hook and hook[name] not in choices:
            yield not_supported(f"{field}.{name}", hook[name], choices)
    yield from _side_effects(hook.get("sideEffects"), f"{field}.sideEffects")
    seconds = hook.get("timeoutSeconds", 1)
    if not 1 <= seconds <= _MOST_SECONDS:
        detail = f"the timeout value must be between 1 and {_MOST_SECONDS} seconds"
        yield invalid(f"{field}.timeoutSeconds", seconds, detail)
    for name in ("namespaceSelector", "objectSelector"):
        yield from label_selector(hook.get(name), f"{field}.{name}")
    yield from _client(hook.get("clientConfig") or {}, f"{field}.clientConfig")
    yield from match_conditions(hook.get("matchConditions") or [], f"{field}.matchConditions")
    yield from _reviews(hook.get("admissionReviewVersions") or [], field)


def _qualified_name(field: str, name: str) -> Errors:
    if not name:
        yield required(field)
        return
    yield from each_invalid(field, name, dns_subdomain(name))
    if len(name.split(".")) < 3:
        detail = "should be a domain with at least three segments separated by dots"
        yield invalid(field, name, detail)


def _side_effects(value: str | None, field: str) -> Errors:
    if value is None:
        yield required(field, f"must specify one of {', '.join(_SIDE_EFFECTS)}")
    elif value not in _SIDE_EFFECTS:
        yield not_supported(field, value, _SIDE_EFFECTS)


def operations_rule(rule: Object, field: str) -> Errors:
    """What happens to which resources."""
    operations = rule.get("operations") or []
    if not operations:
        yield required(f"{field}.operations")
    if len(operations) > 1 and "*" in operations:
        detail = "if '*' is present, must not specify other operations"
        yield invalid(f"{field}.operations", operations, detail)
    for index, each in enumerate(operations):
        if each not in _OPERATIONS:
            yield not_supported(f"{field}.operations[{index}]", each, _OPERATIONS)
    for name, words in (("apiGroups", "API groups"), ("apiVersions", "API versions")):
        values = rule.get(name) or []
        if not values:
            yield required(f"{field}.{name}")
        if len(values) > 1 and "*" in values:
            detail = f"if '*' is present, must not specify other {words}"
            yield invalid(f"{field}.{name}", values, detail)
    for index, version in enumerate(rule.get("apiVersions") or []):
        if not version:
            yield required(f"{field}.apiVersions[{index}]")
    yield from _resources(rule.get("resources") or [], f"{field}.resources")
    if rule.get("scope", "*") not in _SCOPES:
        yield not_supported(f"{field}.scope", rule["scope"], _SCOPES)


def _resources(resources: Sequence[str], field: str) -> Errors:
    """Resources with or without subresources; a wildcard stands alone among its kind."""
    if not resources:
        yield required(field)
    wild: set[str] = set()
    for index, each in enumerate(resources):
        where = f"{field}[{index}]"
        if not each:
            yield required(where)
            continue
        resource, slash, part = each.partition("/")
        if not slash:
            continue
        for broader in (f"{resource}/*", f"*/{part}"):
            if broader in wild:
                detail = f"if '{broader}' is present, must not specify {each}"
                yield invalid(where, each, detail)
        if "*" in (resource, part):
            wild.add(each)
    if len(resources) > 1 and "*/*" in resources:
        detail = "if '*/*' is present, must not specify other resources"
        yield invalid(field, list(resources), detail)
    if "*" in resources and any("/" not in each and each != "*" for each in resources):
        detail = "if '*' is present, must not specify other resources without subresources"
        yield invalid(field, list(resources), detail)


def _client(client: Object, field: str) -> Errors:
    url, service = client.get("url"), client.get("service")
    if (url is None) == (service is None):
        yield required(field, "exactly one of url or service is required")
    elif url is not None:
        yield from _url(url, f"{field}.url")
    elif service is not None:
        yield from _service(service, f"{field}.service")


def _url(url: str, field: str) -> Errors:
    try:
        parts = urlsplit(url)
    except ValueError as error:
        yield required(field, f"url must be a valid URL: {error}{_FORM}")
        return
    if parts.scheme != "https":
        yield invalid(field, parts.scheme, f"'https' is the only allowed URL scheme{_FORM}")
    if not parts.netloc:
        yield invalid(field, parts.netloc, f"host must be specified{_FORM}")
    user, at, _ = parts.netloc.rpartition("@")
    if at:
        yield invalid(field, user, "user information is not permitted in the URL")
    if parts.fragment:
        yield invalid(field, parts.fragment, "fragments are not permitted in the URL")
    if parts.query:
        yield invalid(field, parts.query, "query parameters are not permitted in the URL")


def _service(service: Object, field: str) -> Errors:
    for name in ("name", "namespace"):
        if not service.get(name):
            yield required(f"{field}.{name}")
    port = service.get("port", 0)
    if problems := port_number(port):
        yield invalid(f"{field}.port", port, f"port is not valid: {', '.join(problems)}")
    path = service.get("path") or "/"
    where = f"{field}.path"
    if not path.startswith("/"):
        yield invalid(where, path, "must start with a '/'")
    steps = [] if path == "/" else path[1:].removesuffix("/").split("/")
    for index, step in enumerate(steps):
        if not step:
            yield invalid(where, path, f"segment[{index}] may not be empty")
            continue
        for problem in dns_subdomain(step):
            yield invalid(where, path, f"segment[{index}]: {problem}")


def match_conditions(conditions: Sequence[Object], field: str) -> Errors:
    """Conditions in CEL, whose names differ."""
    if len(conditions) > _MOST_CONDITIONS:
        yield too_many(field, len(conditions), _MOST_CONDITIONS)
    seen: set[str] = set()
    for index, each in enumerate(conditions):
        where = f"{field}[{index}]"
        yield from cel(each.get("expression"), f"{where}.expression")
        name = each.get("name", "")
        if not name:
            yield required(f"{where}.name")
        elif name in seen:
            yield duplicate(f"{where}.name", name)
        seen.add(name)


def cel(text: str | None, field: str) -> Errors:
    """An expression, as far as it can be judged without an object."""
    text = (text or "").strip()
    if not text:
        yield required(field)
        return
    try:
        expression(text)
    except CelError as error:
        yield invalid(field, text, f"compilation failed: {error}")


def _reviews(versions: Sequence[str], hook: str) -> Errors:
    field = f"{hook}.admissionReviewVersions"
    known = ", ".join(_REVIEWS)
    if not versions:
        yield required(field, f"must specify one of {known}")
        return
    for index, version in enumerate(versions):
        if version in versions[:index]:
            yield invalid(f"{field}[{index}]", version, "duplicate version")
        else:
            yield from each_invalid(f"{field}[{index}]", version, dns_1035_label(version))
    if not set(versions) & set(_REVIEWS):
        yield invalid(field, list(versions), f"must include at least one of {known}")
