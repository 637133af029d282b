"""Aggregation: groups of the API that other servers answer, behind this one's door.

Stands for k8s.io/kube-aggregator. An APIService says which group and version, and which Service has
the server; those without a Service are this server's own.
"""

from kubelearn.embedded.apiserver.aggregator.aggregator import Aggregator

__all__ = ["Aggregator"]
