"""What the API refuses, and why, kind by kind.

Stands for upstream's `pkg/apis/*/validation/validation.go`. Objects have been decoded and defaulted
before, so that validators trust types and presence, and ask only for values. Kinds without a module
of their own get the rules that hold for all.
"""

from kubelearn.embedded.apiserver.validation import (
    apiservice,
    autoscaling,
    certificates,
    claim,
    configuration,
    cronjob,
    customresourcedefinition,
    daemonset,
    deployment,
    endpoints,
    event,
    ingress,
    job,
    jobstatus,
    limitrange,
    networkpolicy,
    node,
    persistentvolume,
    pod,
    podresize,
    podupdate,
    policy,
    quota,
    rbac,
    service,
    servicecidr,
    statefulset,
    storageclass,
)
from kubelearn.embedded.apiserver.validation.field import FieldError
from kubelearn.embedded.apiserver.validation.rules import (
    validate_create,
    validate_part_update,
    validate_update,
)

__all__ = [
    "FieldError",
    "apiservice",
    "autoscaling",
    "certificates",
    "claim",
    "configuration",
    "cronjob",
    "customresourcedefinition",
    "daemonset",
    "deployment",
    "endpoints",
    "event",
    "ingress",
    "job",
    "jobstatus",
    "limitrange",
    "networkpolicy",
    "node",
    "persistentvolume",
    "pod",
    "podresize",
    "podupdate",
    "policy",
    "quota",
    "rbac",
    "service",
    "servicecidr",
    "statefulset",
    "storageclass",
    "validate_create",
    "validate_part_update",
    "validate_update",
]
