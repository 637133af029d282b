"""What a kubelet may do: with its own Node, and with what the pods that run there need.

Stands for the Node authorizer and the admission plugin NodeRestriction of k8s.io/kubernetes.
"""
