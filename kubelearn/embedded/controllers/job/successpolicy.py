"""When an Indexed Job has succeeded before all its indexes have: `successPolicy`.

Upstream: pkg/controller/job/success_policy.go.
"""

from __future__ import annotations

from collections.abc import Set as AbstractSet

from kubelearn.embedded.controllers.job.indexes import parse_indexes
from kubelearn.objects import Object


def matched(job: Object, succeeded: AbstractSet[int]) -> str:
    """Which rule is met, in words; empty if none is."""
    rules = (job["spec"].get("successPolicy") or {}).get("rules") or []
    completions = job["spec"].get("completions") or 0
    for number, rule in enumerate(rules if succeeded else ()):
        if _is_met(rule, succeeded, completions):
            return f"Matched rules at index {number}"
    return ""


def _is_met(rule: Object, succeeded: AbstractSet[int], completions: int) -> bool:
    count = rule.get("succeededCount")
    if "succeededIndexes" not in rule:
        return count is not None and len(succeeded) >= count
    wanted = {index for index in parse_indexes(rule["succeededIndexes"]) if index < completions}
    found = len(wanted & succeeded)
    return bool(wanted) and (found == len(wanted) or (count is not None and found >= count))
