"""A cluster that exists only in memory, for demos of the widgets and for their tests."""

from kubelearn.widgets.simulation.cluster import SimulatedCluster

__all__ = ["SimulatedCluster"]
