"""The agent of a node: it starts and stops the containers of the pods that are bound to it."""

from kubelearn.embedded.kubelet.hollow import HollowKubelet
from kubelearn.embedded.kubelet.kubelet import Kubelet
from kubelearn.embedded.kubelet.node import NodeConfig

__all__ = ["HollowKubelet", "Kubelet", "NodeConfig"]
