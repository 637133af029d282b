"""What is filled in when a client leaves it out.

Stands for upstream's `pkg/apis/*/*/defaults.go` and the code that is generated around it: a rule
belongs to a type, and is applied wherever an object of that type occurs. So the rules of a
container serve pods, Deployments and CronJobs alike. Parents come before their children.
"""

from kubelearn.embedded.apiserver.defaults import (
    admissionregistration,
    apiextensions,
    apps,
    batch,
    core,
    flowcontrol,
    groups,
    pod,
)
from kubelearn.embedded.apiserver.defaults.rules import apply

__all__ = [
    "admissionregistration",
    "apiextensions",
    "apply",
    "apps",
    "batch",
    "core",
    "flowcontrol",
    "groups",
    "pod",
]
