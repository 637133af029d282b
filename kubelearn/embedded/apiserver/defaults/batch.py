"""Defaults of the batch group (upstream `pkg/apis/batch/v1/defaults.go`)."""

from __future__ import annotations

from kubelearn.embedded.apiserver.defaults.rules import rule
from kubelearn.objects import Object

_NO_LIMIT = 2**31 - 1


@rule("batch.v1.Job")
def job(obj: Object) -> None:
    """One pod to run to its end, with six more tries."""
    spec = obj["spec"]
    if "completions" not in spec and "parallelism" not in spec:
        spec["completions"] = 1
    spec.setdefault("parallelism", 1)
    spec.setdefault("backoffLimit", _NO_LIMIT if "backoffLimitPerIndex" in spec else 6)
    if labels := spec["template"]["metadata"].get("labels"):
        obj["metadata"].setdefault("labels", dict(labels))
    spec.setdefault("completionMode", "NonIndexed")
    spec.setdefault("suspend", False)
    replacement = "Failed" if "podFailurePolicy" in spec else "TerminatingOrFailed"
    spec.setdefault("podReplacementPolicy", replacement)
    spec.setdefault("manualSelector", False)


@rule("batch.v1.CronJob")
def cron_job(obj: Object) -> None:
    """Runs may overlap; three good and one failed are kept."""
    spec = obj["spec"]
    spec.setdefault("concurrencyPolicy", "Allow")
    spec.setdefault("suspend", False)
    spec.setdefault("successfulJobsHistoryLimit", 3)
    spec.setdefault("failedJobsHistoryLimit", 1)


@rule("batch.v1.PodFailurePolicyOnPodConditionsPattern")
def pod_conditions_pattern(pattern: Object) -> None:
    """The condition has to be true."""
    pattern["status"] = pattern.get("status") or "True"
