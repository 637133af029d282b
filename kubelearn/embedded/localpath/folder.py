"""The folder behind a volume: the volume's object, and the pod that removes the folder again.

Upstream: `provisionFor` and `createHelperPod` of local-path-provisioner's `provisioner.go`. Left
out: the helper pod that makes the folder, for the kubelet makes it when it is first mounted.
"""

from __future__ import annotations

from kubelearn.embedded.localpath.manifests import NAMESPACE, PROVISIONER
from kubelearn.embedded.persistentvolume import PROVISIONED_BY, claim_reference
from kubelearn.objects import Object, annotations_of, labels_of

_BASE = "/var/local-path-provisioner"
_NODE = "local.path.provisioner/selected-node"
_HOST_NAME = "kubernetes.io/hostname"
# Any image with a shell's tools will do; this one is on every node here.
_IMAGE = "python"
_MOUNT = "/volumes"


def volume_name(claim: Object) -> str:
    """The name of the volume that is made for a claim."""
    return f"pvc-{claim['metadata']['uid']}"


def new_volume(claim: Object, storage_class: Object, node: Object) -> Object:
    """The volume for a claim, on that node."""
    meta, spec = claim["metadata"], claim["spec"]
    folder = f"{volume_name(claim)}_{meta['namespace']}_{meta['name']}"
    host = labels_of(node).get(_HOST_NAME, node["metadata"]["name"])
    term = {"matchExpressions": [{"key": _HOST_NAME, "operator": "In", "values": [host]}]}
    return {
        "metadata": {
            "name": volume_name(claim),
            "annotations": {PROVISIONED_BY: PROVISIONER, _NODE: node["metadata"]["name"]},
        },
        "spec": {
            "accessModes": spec["accessModes"],
            "capacity": {"storage": spec["resources"]["requests"]["storage"]},
            "claimRef": claim_reference(claim),
            "hostPath": {"path": f"{_BASE}/{folder}", "type": "DirectoryOrCreate"},
            "nodeAffinity": {"required": {"nodeSelectorTerms": [term]}},
            "persistentVolumeReclaimPolicy": storage_class.get("reclaimPolicy", "Delete"),
            "storageClassName": storage_class["metadata"]["name"],
            "volumeMode": "Filesystem",
        },
    }


def node_of(volume: Object) -> str | None:
    """The name of the node that has the folder."""
    return annotations_of(volume).get(_NODE)


def helper_name(volume: Object) -> str:
    """The name of the pod that removes a volume's folder."""
    return f"helper-pod-delete-{volume['metadata']['name']}"


def helper_pod(volume: Object) -> Object:
    """The pod that removes a volume's folder, on the node that has it."""
    base, _, folder = volume["spec"]["hostPath"]["path"].rpartition("/")
    container = {
        "name": "helper-pod",
        "image": _IMAGE,
        "command": ["rm", "-rf", f"{_MOUNT}/{folder}"],
        "volumeMounts": [{"name": "data", "mountPath": _MOUNT}],
    }
    return {
        "metadata": {"name": helper_name(volume), "namespace": NAMESPACE},
        "spec": {
            "nodeName": node_of(volume),
            "restartPolicy": "Never",
            "tolerations": [{"operator": "Exists"}],
            "containers": [container],
            "volumes": [{"name": "data", "hostPath": {"path": base, "type": "DirectoryOrCreate"}}],
        },
    }
