"""The table of the built-in kinds.

Stands for upstream's `pkg/registry/*/rest/storage_*.go`, which register a storage a resource. This
is everything that the server knows of a built-in kind apart from its fields (`schema.py`). Left out
are the groups that no lesson meets: flow control.
"""

from __future__ import annotations

from functools import partial

from kubelearn.embedded.apiserver.kinds import ALL_VERBS, Kind, Kinds, Subresource

_CREATE_ONLY = ("create",)
_PROXY_VERBS = ("create", "delete", "get", "patch", "update")
_ALL = ("all",)
_API_EXTENSIONS = ("api-extensions",)
_SCALE = Subresource("scale", "Scale", group="autoscaling", version="v1")
_POD = (
    Subresource("attach", "PodAttachOptions", ("create", "get")),
    Subresource("binding", "Binding", _CREATE_ONLY),
    Subresource("ephemeralcontainers", "Pod"),
    Subresource("eviction", "Eviction", _CREATE_ONLY, "policy", "v1"),
    Subresource("exec", "PodExecOptions", ("create", "get")),
    Subresource("log", "Pod", ("get",)),
    Subresource("portforward", "PodPortForwardOptions", ("create", "get")),
    Subresource("proxy", "PodProxyOptions", _PROXY_VERBS),
    Subresource("resize", "Pod"),
    Subresource("status", "Pod"),
)


def _kind(
    package: str,
    group: str,
    kind: str,
    plural: str,
    *short_names: str,
    version: str = "v1",
    namespaced: bool = True,
    status: bool = False,
    categories: tuple[str, ...] = (),
    verbs: tuple[str, ...] = ALL_VERBS,
    subresources: tuple[Subresource, ...] = (),
) -> Kind:
    if status:
        subresources = (*subresources, Subresource("status", kind))
    return Kind(
        group=group,
        version=version,
        plural=plural,
        kind=kind,
        namespaced=namespaced,
        singular=kind.lower(),
        short_names=short_names,
        categories=categories,
        verbs=verbs,
        subresources=subresources,
        type_name=f"{package}.{version}.{kind}",
    )


_admission = partial(
    _kind,
    "admissionregistration",
    "admissionregistration.k8s.io",
    namespaced=False,
    categories=_API_EXTENSIONS,
)
_core = partial(_kind, "core", "")
_apps = partial(_kind, "apps", "apps")
_authorization = partial(_kind, "authorization", "authorization.k8s.io", verbs=_CREATE_ONLY)
_autoscaling = partial(_kind, "autoscaling", "autoscaling", categories=_ALL, status=True)
_flow_control = partial(
    _kind, "flowcontrol", "flowcontrol.apiserver.k8s.io", namespaced=False, status=True
)
_networking = partial(_kind, "networking", "networking.k8s.io")
_rbac = partial(_kind, "rbac", "rbac.authorization.k8s.io")
_resource = partial(_kind, "resource", "resource.k8s.io")
_review = partial(
    _kind, "authentication", "authentication.k8s.io", namespaced=False, verbs=_CREATE_ONLY
)
_resource = partial(_kind, "resource", "resource.k8s.io")
_storage = partial(_kind, "storage", "storage.k8s.io")

BUILT_IN: tuple[Kind, ...] = (
    _kind(
        "apiregistration",
        "apiregistration.k8s.io",
        "APIService",
        "apiservices",
        namespaced=False,
        status=True,
        categories=_API_EXTENSIONS,
    ),
    _core("Binding", "bindings", verbs=_CREATE_ONLY),
    _core("ComponentStatus", "componentstatuses", "cs", namespaced=False, verbs=("get", "list")),
    _core("ConfigMap", "configmaps", "cm"),
    _core("Endpoints", "endpoints", "ep"),
    _core("Event", "events", "ev"),
    _core("LimitRange", "limitranges", "limits"),
    _core(
        "Namespace",
        "namespaces",
        "ns",
        namespaced=False,
        status=True,
        verbs=tuple(verb for verb in ALL_VERBS if verb != "deletecollection"),
        subresources=(Subresource("finalize", "Namespace", ("update",)),),
    ),
    _core(
        "Node",
        "nodes",
        "no",
        namespaced=False,
        status=True,
        subresources=(Subresource("proxy", "NodeProxyOptions", _PROXY_VERBS),),
    ),
    _core("PersistentVolumeClaim", "persistentvolumeclaims", "pvc", status=True),
    _core("PersistentVolume", "persistentvolumes", "pv", namespaced=False, status=True),
    _core("Pod", "pods", "po", categories=_ALL, subresources=_POD),
    _core("PodTemplate", "podtemplates"),
    _core(
        "ReplicationController",
        "replicationcontrollers",
        "rc",
        categories=_ALL,
        status=True,
        subresources=(_SCALE,),
    ),
    _core("ResourceQuota", "resourcequotas", "quota", status=True),
    _core("Secret", "secrets"),
    _core(
        "ServiceAccount",
        "serviceaccounts",
        "sa",
        subresources=(
            Subresource("token", "TokenRequest", _CREATE_ONLY, "authentication.k8s.io", "v1"),
        ),
    ),
    _core(
        "Service",
        "services",
        "svc",
        categories=_ALL,
        status=True,
        subresources=(Subresource("proxy", "ServiceProxyOptions", _PROXY_VERBS),),
    ),
    _apps("ControllerRevision", "controllerrevisions"),
    _apps("DaemonSet", "daemonsets", "ds", categories=_ALL, status=True),
    _apps(
        "Deployment",
        "deployments",
        "deploy",
        categories=_ALL,
        status=True,
        subresources=(_SCALE,),
    ),
    _apps("ReplicaSet", "replicasets", "rs", categories=_ALL, status=True, subresources=(_SCALE,)),
    _apps(
        "StatefulSet", "statefulsets", "sts", categories=_ALL, status=True, subresources=(_SCALE,)
    ),
    _review("SelfSubjectReview", "selfsubjectreviews"),
    _review("TokenReview", "tokenreviews"),
    _authorization("LocalSubjectAccessReview", "localsubjectaccessreviews"),
    _authorization("SelfSubjectAccessReview", "selfsubjectaccessreviews", namespaced=False),
    _authorization("SelfSubjectRulesReview", "selfsubjectrulesreviews", namespaced=False),
    _authorization("SubjectAccessReview", "subjectaccessreviews", namespaced=False),
    _autoscaling("HorizontalPodAutoscaler", "horizontalpodautoscalers", "hpa", version="v1"),
    _autoscaling("HorizontalPodAutoscaler", "horizontalpodautoscalers", "hpa", version="v2"),
    _kind("batch", "batch", "CronJob", "cronjobs", "cj", categories=_ALL, status=True),
    _kind("batch", "batch", "Job", "jobs", categories=_ALL, status=True),
    _kind(
        "certificates",
        "certificates.k8s.io",
        "CertificateSigningRequest",
        "certificatesigningrequests",
        "csr",
        namespaced=False,
        status=True,
        subresources=(Subresource("approval", "CertificateSigningRequest"),),
    ),
    _kind("coordination", "coordination.k8s.io", "Lease", "leases"),
    _kind("discovery", "discovery.k8s.io", "EndpointSlice", "endpointslices"),
    _kind("events", "events.k8s.io", "Event", "events", "ev"),
    _flow_control("FlowSchema", "flowschemas"),
    _flow_control("PriorityLevelConfiguration", "prioritylevelconfigurations"),
    _networking("IngressClass", "ingressclasses", namespaced=False),
    _networking("Ingress", "ingresses", "ing", status=True),
    _networking("IPAddress", "ipaddresses", "ip", namespaced=False),
    _networking("NetworkPolicy", "networkpolicies", "netpol"),
    _networking("ServiceCIDR", "servicecidrs", namespaced=False, status=True),
    _kind("node", "node.k8s.io", "RuntimeClass", "runtimeclasses", namespaced=False),
    _kind("policy", "policy", "PodDisruptionBudget", "poddisruptionbudgets", "pdb", status=True),
    _rbac("ClusterRoleBinding", "clusterrolebindings", namespaced=False),
    _rbac("ClusterRole", "clusterroles", namespaced=False),
    _rbac("RoleBinding", "rolebindings"),
    _rbac("Role", "roles"),
    _resource("DeviceClass", "deviceclasses", namespaced=False),
    _resource("ResourceClaim", "resourceclaims", status=True),
    _resource("ResourceClaimTemplate", "resourceclaimtemplates"),
    _resource("ResourceSlice", "resourceslices", namespaced=False),
    _kind(
        "scheduling",
        "scheduling.k8s.io",
        "PriorityClass",
        "priorityclasses",
        "pc",
        namespaced=False,
    ),
    _storage("CSIDriver", "csidrivers", namespaced=False),
    _storage("CSINode", "csinodes", namespaced=False),
    _storage("CSIStorageCapacity", "csistoragecapacities"),
    _storage("StorageClass", "storageclasses", "sc", namespaced=False),
    _storage("VolumeAttachment", "volumeattachments", namespaced=False, status=True),
    _storage("VolumeAttributesClass", "volumeattributesclasses", "vac", namespaced=False),
    _admission("MutatingAdmissionPolicy", "mutatingadmissionpolicies"),
    _admission("MutatingAdmissionPolicyBinding", "mutatingadmissionpolicybindings"),
    _admission("MutatingWebhookConfiguration", "mutatingwebhookconfigurations"),
    _admission("ValidatingAdmissionPolicy", "validatingadmissionpolicies", status=True),
    _admission("ValidatingAdmissionPolicyBinding", "validatingadmissionpolicybindings"),
    _admission("ValidatingWebhookConfiguration", "validatingwebhookconfigurations"),
    _kind(
        "apiextensions",
        "apiextensions.k8s.io",
        "CustomResourceDefinition",
        "customresourcedefinitions",
        "crd",
        "crds",
        namespaced=False,
        status=True,
        categories=_API_EXTENSIONS,
    ),
)


def built_in() -> Kinds:
    """The kinds that every cluster serves."""
    return Kinds(BUILT_IN)
