"""Real Kubernetes in Docker, by kind: the same lessons, on the real thing."""

from kubelearn.clusters.kind.cluster import KindCluster

__all__ = ["KindCluster"]
