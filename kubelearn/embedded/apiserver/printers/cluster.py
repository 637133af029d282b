"""Rows of nodes, namespaces, events and configuration."""

from __future__ import annotations

from datetime import datetime, timedelta

from kubelearn.embedded.apiserver.printers.columns import Cells, age, human_duration, printer, since
from kubelearn.objects import Object, condition, labels_of

_ROLE = "node-role.kubernetes.io/"


@printer("core.v1.Namespace", columns=("Name", "Status", "Age"))
def namespace(obj: Object, now: datetime) -> Cells:
    """A Namespace."""
    return [obj["metadata"]["name"], obj["status"].get("phase", ""), age(obj, now)]


@printer(
    "core.v1.Node",
    columns=(
        "Name", "Status", "Roles", "Age", "Version",
        "+Internal-IP", "+External-IP", "+OS-Image", "+Kernel-Version", "+Container-Runtime",
    ),
)  # fmt: skip
def node(obj: Object, now: datetime) -> Cells:
    """A Node."""
    info = obj["status"].get("nodeInfo") or {}
    kernel = info.get("kernelVersion") or "<unknown>"
    if info.get("architecture"):
        kernel += f" ({info['architecture']})"
    return [
        obj["metadata"]["name"],
        _node_status(obj),
        ",".join(_roles(obj)) or "<none>",
        age(obj, now),
        info.get("kubeletVersion", ""),
        _address(obj, "InternalIP"),
        _address(obj, "ExternalIP"),
        info.get("osImage") or "<unknown>",
        kernel,
        info.get("containerRuntimeVersion") or "<unknown>",
    ]


def _node_status(obj: Object) -> str:
    ready = condition(obj, "Ready")
    status = "Unknown" if not ready else "Ready" if ready["status"] == "True" else "NotReady"
    return f"{status},SchedulingDisabled" if obj["spec"].get("unschedulable") else status


def _roles(obj: Object) -> list[str]:
    labels = labels_of(obj)
    roles = {name.removeprefix(_ROLE) for name in labels if name.startswith(_ROLE)}
    return sorted((roles | {labels.get("kubernetes.io/role", "")}) - {""})


def _address(obj: Object, kind: str) -> str:
    addresses = obj["status"].get("addresses") or []
    return next((each["address"] for each in addresses if each["type"] == kind), "<none>")


_EVENT_COLUMNS = (
    "Last Seen", "Type", "Reason", "Object", "+Subobject", "+Source", "Message", "+First Seen",
    "+Count", "+Name",
)  # fmt: skip


@printer("core.v1.Event", columns=_EVENT_COLUMNS)
def event(obj: Object, now: datetime) -> Cells:
    """An Event."""
    about, source = obj["involvedObject"], obj["source"]
    series = obj.get("series") or {}
    first = since(obj.get("firstTimestamp") or obj.get("eventTime"), now)
    last = since(obj["lastTimestamp"], now) if obj.get("lastTimestamp") else first
    if series:
        last = since(series.get("lastObservedTime"), now)
    who = source.get("component") or obj.get("reportingComponent", "")
    where = source.get("host") or obj.get("reportingInstance", "")
    return [
        last,
        obj.get("type", ""),
        obj.get("reason", ""),
        "/".join(filter(None, (about.get("kind", "").lower(), about.get("name")))),
        about.get("fieldPath", ""),
        f"{who}, {where}" if where else who,
        obj.get("message", "").strip(),
        first,
        series.get("count") or obj.get("count") or 1,
        obj["metadata"]["name"],
    ]


@printer("core.v1.ConfigMap", columns=("Name", "Data", "Age"))
def config_map(obj: Object, now: datetime) -> Cells:
    """A ConfigMap."""
    count = len(obj.get("data") or {}) + len(obj.get("binaryData") or {})
    return [obj["metadata"]["name"], count, age(obj, now)]


@printer("core.v1.Secret", columns=("Name", "Type", "Data", "Age"))
def secret(obj: Object, now: datetime) -> Cells:
    """A Secret: how many entries, and none of them."""
    return [obj["metadata"]["name"], obj.get("type", ""), len(obj.get("data") or {}), age(obj, now)]


@printer("core.v1.ServiceAccount", columns=("Name", "Age"))
def service_account(obj: Object, now: datetime) -> Cells:
    """A ServiceAccount."""
    return [obj["metadata"]["name"], age(obj, now)]


@printer("core.v1.ComponentStatus", columns=("Name", "Status", "Message", "Error"))
def component_status(obj: Object, _: datetime) -> Cells:
    """A ComponentStatus."""
    for each in obj.get("conditions") or []:
        if each["type"] == "Healthy":
            status = "Healthy" if each["status"] == "True" else "Unhealthy"
            words = (each.get("message", ""), each.get("error", ""))
            return [obj["metadata"]["name"], status, *words]
    return [obj["metadata"]["name"], "Unknown", "", ""]


@printer("core.v1.ResourceQuota", columns=("Name", "Request", "Limit", "Age"))
def resource_quota(obj: Object, now: datetime) -> Cells:
    """A ResourceQuota: what is used of what, limits apart."""
    status = obj["status"]
    used = status.get("used") or {}
    requests: list[str] = []
    limits: list[str] = []
    for name, hard in sorted((status.get("hard") or {}).items()):
        column = limits if name.startswith("limits.") else requests
        column.append(f"{name}: {used.get(name, '0')}/{hard}")
    return [obj["metadata"]["name"], ", ".join(requests), ", ".join(limits), age(obj, now)]


@printer(
    "admissionregistration.v1.MutatingWebhookConfiguration",
    "admissionregistration.v1.ValidatingWebhookConfiguration",
    columns=("Name", "Webhooks:integer", "Age"),
)
def webhook_configuration(obj: Object, now: datetime) -> Cells:
    """A configuration of webhooks, and how many there are."""
    return [obj["metadata"]["name"], len(obj.get("webhooks") or []), age(obj, now)]


@printer(
    "admissionregistration.v1.ValidatingAdmissionPolicy",
    columns=("Name", "Validations:integer", "ParamKind", "Age"),
)
def validating_admission_policy(obj: Object, now: datetime) -> Cells:
    """A policy, how much it demands, and from what it takes its settings."""
    return _policy(obj, "validations", now)


@printer(
    "admissionregistration.v1.MutatingAdmissionPolicy",
    columns=("Name", "Mutations:integer", "ParamKind", "Age"),
)
def mutating_admission_policy(obj: Object, now: datetime) -> Cells:
    """A policy, how much it changes, and from what it takes its settings."""
    return _policy(obj, "mutations", now)


def _policy(obj: Object, counted: str, now: datetime) -> Cells:
    spec = obj["spec"]
    params = spec.get("paramKind")
    kind = f"{params['apiVersion']}/{params['kind']}" if params else "<unset>"
    return [obj["metadata"]["name"], len(spec.get(counted) or []), kind, age(obj, now)]


@printer(
    "admissionregistration.v1.MutatingAdmissionPolicyBinding",
    "admissionregistration.v1.ValidatingAdmissionPolicyBinding",
    columns=("Name", "PolicyName", "ParamRef", "Age"),
)
def admission_policy_binding(obj: Object, now: datetime) -> Cells:
    """A binding: of which policy, with which settings."""
    spec, ref = obj["spec"], obj["spec"].get("paramRef") or {}
    params = "<unset>"
    if ref.get("name"):
        params = f"{ref.get('namespace') or '*'}/{ref['name']}"
    elif ref.get("selector") is not None:
        params = _go_selector(ref["selector"])
    return [obj["metadata"]["name"], spec.get("policyName", ""), params, age(obj, now)]


@printer("apiregistration.v1.APIService", columns=("Name", "Service", "Available", "Age"))
def api_service(obj: Object, now: datetime) -> Cells:
    """An APIService: who answers, and whether."""
    service = obj["spec"].get("service")
    where = f"{service['namespace']}/{service['name']}" if service else "Local"
    found = condition(obj, "Available") or {"status": "Unknown"}
    status = found["status"]
    if status != "True" and found.get("reason"):
        status = f"{status} ({found['reason']})"
    return [obj["metadata"]["name"], where, status, age(obj, now)]


@printer("coordination.v1.Lease", columns=("Name", "Holder", "Age"))
def lease(obj: Object, now: datetime) -> Cells:
    """A Lease."""
    return [obj["metadata"]["name"], obj["spec"].get("holderIdentity", ""), age(obj, now)]


@printer(
    "scheduling.v1.PriorityClass",
    columns=("Name", "Value:integer", "Global-Default:boolean", "Age", "PreemptionPolicy"),
)
def priority_class(obj: Object, now: datetime) -> Cells:
    """A PriorityClass."""
    return [
        obj["metadata"]["name"],
        obj["value"],
        obj.get("globalDefault", False),
        age(obj, now),
        obj.get("preemptionPolicy", ""),
    ]


@printer("node.v1.RuntimeClass", columns=("Name", "Handler", "Age"))
def runtime_class(obj: Object, now: datetime) -> Cells:
    """A RuntimeClass."""
    return [obj["metadata"]["name"], obj["handler"], age(obj, now)]


@printer(
    "certificates.v1.CertificateSigningRequest",
    columns=("Name", "Age", "SignerName", "Requestor", "RequestedDuration", "Condition"),
)
def certificate_signing_request(obj: Object, now: datetime) -> Cells:
    """A CertificateSigningRequest."""
    spec = obj["spec"]
    seconds = spec.get("expirationSeconds")
    return [
        obj["metadata"]["name"],
        age(obj, now),
        spec.get("signerName") or "<none>",
        spec.get("username", ""),
        "<none>" if seconds is None else human_duration(timedelta(seconds=seconds)),
        _signing_state(obj["status"]),
    ]


def _signing_state(status: Object) -> str:
    kinds = {each["type"] for each in status.get("conditions") or []}
    state = next((each for each in ("Denied", "Approved") if each in kinds), "Pending")
    if "Failed" in kinds:
        state += ",Failed"
    return f"{state},Issued" if status.get("certificate") else state


@printer(
    "rbac.v1.ClusterRoleBinding",
    "rbac.v1.RoleBinding",
    columns=("Name", "Role", "Age", "+Users", "+Groups", "+ServiceAccounts"),
)
def role_binding(obj: Object, now: datetime) -> Cells:
    """A RoleBinding or ClusterRoleBinding."""
    role = obj["roleRef"]
    subjects: dict[str, list[str]] = {"User": [], "Group": [], "ServiceAccount": []}
    for each in obj.get("subjects") or []:
        # A ServiceAccount's namespace is part of its name, as in audit logs.
        name = f"{each['namespace']}/{each['name']}" if each.get("namespace") else each["name"]
        subjects.setdefault(each["kind"], []).append(name)
    cells = [", ".join(subjects[kind]) for kind in ("User", "Group", "ServiceAccount")]
    return [obj["metadata"]["name"], f"{role['kind']}/{role['name']}", age(obj, now), *cells]


def _go_selector(selector: Object) -> str:
    """A LabelSelector as Go prints the struct."""
    labels = sorted((selector.get("matchLabels") or {}).items())
    pairs = "".join(f"{name}: {value}," for name, value in labels)
    demands = "".join(
        f"LabelSelectorRequirement{{Key:{each['key']},Operator:{each['operator']},"
        f"Values:[{' '.join(each.get('values') or [])}],}},"
        for each in selector.get("matchExpressions") or []
    )
    return (
        f"&LabelSelector{{MatchLabels:map[string]string{{{pairs}}},"
        f"MatchExpressions:[]LabelSelectorRequirement{{{demands}}},}}"
    )
