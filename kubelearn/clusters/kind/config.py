"""What kind is told: its configuration file, and the audit policy that the API server gets.

kind passes patches on to kubeadm. kubeadm's own configuration changed its form with v1beta4, which
kind uses for Kubernetes 1.36 and newer; a patch for the other version matches nothing there.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import yaml

from kubelearn.objects import Object

AUDIT_LOG = "/var/log/kubernetes/audit.log"
"""Where the API server writes its audit trail, on the control plane's machine."""

_AUDIT_FOLDER = "/etc/kubernetes/audit"
_POLICY = f"{_AUDIT_FOLDER}/policy.yaml"
_ARGUMENTS = {
    "audit-policy-file": _POLICY,
    "audit-log-path": AUDIT_LOG,
    "audit-log-maxsize": "50",
    "audit-log-maxbackup": "2",
    # So that etcd's values can be read; Kubernetes' own choice is protobuf.
    "storage-media-type": "application/json",
}
_KUBEADM = {"group": "kubeadm.k8s.io", "kind": "ClusterConfiguration"}

# One event for each finished request, without bodies: who, what, when and with which result. What
# the cluster's own programs only read is left out, since it is nine tenths of all requests.
AUDIT_POLICY: Object = {
    "apiVersion": "audit.k8s.io/v1",
    "kind": "Policy",
    "omitStages": ["RequestReceived", "ResponseStarted"],
    "rules": [
        {"level": "None", "nonResourceURLs": ["/healthz*", "/livez*", "/readyz*"]},
        {
            "level": "None",
            "userGroups": ["system:nodes", "system:serviceaccounts:kube-system"],
            "verbs": ["get", "list", "watch"],
        },
        {"level": "None", "resources": [{"group": "coordination.k8s.io", "resources": ["leases"]}]},
        {"level": "Metadata"},
    ],
}


@dataclass(frozen=True)
class KindConfig:
    """What a cluster is to be."""

    nodes: int = 3
    """The control plane's included."""
    ports: Mapping[int, int] = field(default_factory=dict)
    """Ports of this machine, and the ports of the control plane's machine that they lead to."""
    api_port: int = 0
    """Of the API server on this machine; 0 for any."""
    policy_file: str = ""
    """The audit policy, on this machine."""
    cgroup_v1: bool = False
    """Whether the kernel's control groups are of the old kind."""

    def render(self) -> str:
        """The configuration, as `kind create cluster --config` takes it."""
        config: Object = {
            "kind": "Cluster",
            "apiVersion": "kind.x-k8s.io/v1alpha4",
            "networking": {"apiServerAddress": "127.0.0.1", "apiServerPort": self.api_port},
            "nodes": [self._control_plane(), *({"role": "worker"} for _ in range(self.nodes - 1))],
        }
        if self.cgroup_v1:
            # The kubelet of 1.35 and newer refuses to start there unless it is told to.
            kubelet = {"kind": "KubeletConfiguration", "failCgroupV1": False}
            config["kubeadmConfigPatches"] = [yaml.safe_dump(kubelet)]
        return yaml.safe_dump(config, sort_keys=False)

    def _control_plane(self) -> Object:
        node: Object = {
            "role": "control-plane",
            "extraPortMappings": [
                {"hostPort": host, "containerPort": port, "listenAddress": "127.0.0.1"}
                for host, port in self.ports.items()
            ],
        }
        if self.policy_file:
            mount = {"hostPath": self.policy_file, "containerPath": _POLICY}
            node["extraMounts"] = [{**mount, "readOnly": True}]
            node["kubeadmConfigPatchesJSON6902"] = [
                {**_KUBEADM, "version": version, "patch": yaml.safe_dump(patch)}
                for version, patch in _api_server().items()
            ]
        return node


def _api_server() -> dict[str, list[Object]]:
    """The same patch for each version of kubeadm's configuration."""
    by_name = [_add(f"extraArgs/{name}", value) for name, value in _ARGUMENTS.items()]
    in_list = [_add("extraArgs/-", {"name": n, "value": value}) for n, value in _ARGUMENTS.items()]
    volumes = _add("extraVolumes", _volumes())
    return {"v1beta3": [*by_name, volumes], "v1beta4": [*in_list, volumes]}


def _add(path: str, value: Any) -> Object:
    return {"op": "add", "path": f"/apiServer/{path}", "value": value}


def _volumes() -> list[Object]:
    log = AUDIT_LOG.rpartition("/")[0]
    return [
        {
            "name": "audit-policy",
            "hostPath": _AUDIT_FOLDER,
            "mountPath": _AUDIT_FOLDER,
            "readOnly": True,
            "pathType": "Directory",
        },
        {"name": "audit-log", "hostPath": log, "mountPath": log, "pathType": "DirectoryOrCreate"},
    ]
