"""The metrics server: what nodes and pods use now, as an API of its own.

Stands for kubernetes-sigs/metrics-server, which most clusters have though it is no part of
Kubernetes. The API server hands requests for `metrics.k8s.io` on to it.
"""

from kubelearn.embedded.metricsserver.metricsserver import MetricsServer

__all__ = ["MetricsServer"]
