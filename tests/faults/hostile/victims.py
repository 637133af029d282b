"""The objects that requests are hostile to: one of each kind, called `victim`."""

from __future__ import annotations

import random
from typing import Any

NAMESPACE = "hostile"
CORE = f"/api/v1/namespaces/{NAMESPACE}"
APPS = f"/apis/apps/v1/namespaces/{NAMESPACE}"
BATCH = f"/apis/batch/v1/namespaces/{NAMESPACE}"
NETWORK = f"/apis/networking.k8s.io/v1/namespaces/{NAMESPACE}"
RBAC = f"/apis/rbac.authorization.k8s.io/v1/namespaces/{NAMESPACE}"

_LABELS = {"app": "victim"}
# Never scheduled: hostile as they may become, no node is to start processes for them.
_POD = {
    "schedulerName": "nobody",
    "containers": [
        {
            "name": "c",
            "image": "busybox",
            "env": [{"name": "A", "value": "b"}],
            "ports": [{"containerPort": 80}],
            "resources": {"limits": {"cpu": "1", "memory": "1Gi"}},
            "livenessProbe": {"httpGet": {"path": "/", "port": 80}},
            "volumeMounts": [{"name": "v", "mountPath": "/v"}],
        }
    ],
    "volumes": [{"name": "v", "emptyDir": {}}],
    "tolerations": [{"key": "a", "operator": "Exists"}],
    "affinity": {"podAntiAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": []}},
}
_TEMPLATE = {"metadata": {"labels": _LABELS}, "spec": _POD}
_SELECTOR = {"matchLabels": _LABELS}
_JOB = {"template": {"spec": _POD | {"restartPolicy": "Never"}}}
_RULE = {"apiGroups": [""], "resources": ["pods"], "verbs": ["get"]}

VICTIMS: dict[str, dict[str, Any]] = {
    f"{CORE}/configmaps": {"data": {"a": "b"}, "binaryData": {"c": "ZA=="}},
    f"{CORE}/secrets": {"type": "Opaque", "data": {"a": "Yg=="}},
    f"{CORE}/pods": {"spec": _POD},
    f"{CORE}/services": {"spec": {"selector": _LABELS, "ports": [{"port": 80, "name": "web"}]}},
    f"{CORE}/serviceaccounts": {"secrets": [{"name": "s"}]},
    f"{CORE}/events": {
        "involvedObject": {"kind": "Pod", "name": "victim", "namespace": NAMESPACE},
        "reason": "Reason",
        "type": "Normal",
    },
    f"{CORE}/persistentvolumeclaims": {
        "spec": {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}}
    },
    f"{CORE}/resourcequotas": {"spec": {"hard": {"configmaps": "1000"}}},
    f"{CORE}/limitranges": {"spec": {"limits": [{"type": "Container", "default": {"cpu": "1"}}]}},
    f"{APPS}/deployments": {"spec": {"replicas": 1, "selector": _SELECTOR, "template": _TEMPLATE}},
    f"{APPS}/statefulsets": {
        "spec": {"serviceName": "s", "selector": _SELECTOR, "template": _TEMPLATE}
    },
    f"{APPS}/daemonsets": {"spec": {"selector": _SELECTOR, "template": _TEMPLATE}},
    f"{BATCH}/jobs": {"spec": {"parallelism": 1, **_JOB}},
    f"{BATCH}/cronjobs": {"spec": {"schedule": "0 0 1 1 *", "jobTemplate": {"spec": _JOB}}},
    f"{NETWORK}/ingresses": {
        "spec": {"defaultBackend": {"service": {"name": "s", "port": {"number": 80}}}}
    },
    f"{RBAC}/roles": {"rules": [_RULE]},
    f"{RBAC}/rolebindings": {
        "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": "victim"},
        "subjects": [{"kind": "ServiceAccount", "name": "default"}],
    },
}
PARTS = {
    f"{CORE}/pods": ["status", "log", "exec", "attach", "portforward", "eviction", "binding",
                     "ephemeralcontainers", "resize", "proxy", "proxy/a/../b", "nothing"],
    f"{CORE}/services": ["status", "proxy", "proxy/%2e%2e/x"],
    f"{CORE}/serviceaccounts": ["token"],
    f"{APPS}/deployments": ["scale", "status", "rollback"],
}  # fmt: skip


def collection_of(rng: random.Random) -> str:
    """Where the objects of some kind are."""
    return rng.choice(list(VICTIMS))


def target(rng: random.Random) -> str:
    """A collection, its victim, or nothing at all."""
    collection = collection_of(rng)
    return rng.choice([collection, f"{collection}/victim", f"{collection}/nothing"])
