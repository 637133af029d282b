"""The provisioner of kind's class `standard`: a folder of a node for every claim.

Stands for github.com/rancher/local-path-provisioner as kind installs it. There it is a pod; here a
component, so that storage works without any image.
"""

from kubelearn.embedded.localpath.manifests import install
from kubelearn.embedded.localpath.provisioner import LocalPathProvisioner, provision

__all__ = ["LocalPathProvisioner", "install", "provision"]
