"""The kube-scheduler: a queue of pods, a cache of nodes, plugins that filter and score, binding."""

from kubelearn.embedded.scheduler.decisions import Decision, Decisions
from kubelearn.embedded.scheduler.scheduler import Scheduler

__all__ = ["Decision", "Decisions", "Scheduler"]
