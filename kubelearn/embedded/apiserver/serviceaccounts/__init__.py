"""Service account tokens: how programs in pods prove who they are.

Stands for k8s.io/kubernetes `pkg/serviceaccount`. Left out: tokens in Secrets, which are no longer
made by themselves, and tokens signed by somebody else.
"""

ISSUER = "https://kubernetes.default.svc.cluster.local"
"""Who signs, and also for whom a token is that says nothing else: the API server."""
