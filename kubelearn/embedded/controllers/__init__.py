"""The control loops of the kube-controller-manager; each is named as upstream names it."""
