"""What objects use of a ResourceQuota: the API server charges it, a controller recounts it.

Stands for k8s.io/apiserver `pkg/quota/v1` and k8s.io/kubernetes `pkg/quota/v1`.
"""
