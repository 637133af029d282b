"""What kind is told: its configuration file, with what the API server is to do otherwise.

kind passes patches on to kubeadm. kubeadm's own configuration changed its form with v1beta4, which
kind uses for Kubernetes 1.36 and newer; a patch for the other version matches nothing there.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import yaml

from kubelearn.embedded.audittrail import LOG, MAX_BACKUPS, MAX_MEGABYTES
from kubelearn.objects import Object

AUDIT_FOLDER = "/var/log/kubernetes"
"""Where the API server writes its audit trail, on the control plane's machine."""

_POLICIES = "/etc/kubernetes/audit"
_POLICY = f"{_POLICIES}/policy.yaml"
_ARGUMENTS = {
    "audit-policy-file": _POLICY,
    "audit-log-path": f"{AUDIT_FOLDER}/{LOG}",
    "audit-log-maxsize": str(MAX_MEGABYTES),
    "audit-log-maxbackup": str(MAX_BACKUPS),
    # So that etcd's values can be read; Kubernetes' own choice is protobuf.
    "storage-media-type": "application/json",
}
_KUBEADM = {"group": "kubeadm.k8s.io", "kind": "ClusterConfiguration"}


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
    return [
        {
            "name": "audit-policy",
            "hostPath": _POLICIES,
            "mountPath": _POLICIES,
            "readOnly": True,
            "pathType": "Directory",
        },
        {
            "name": "audit-log",
            "hostPath": AUDIT_FOLDER,
            "mountPath": AUDIT_FOLDER,
            "pathType": "DirectoryOrCreate",
        },
    ]
