"""The completion indexes of Jobs with `completionMode: Indexed`.

Upstream: pkg/controller/job/indexed_job_utils.go.
"""

from __future__ import annotations

from collections.abc import Iterable

from kubelearn.objects import Object, annotations_of

INDEX = "batch.kubernetes.io/job-completion-index"


def is_indexed(job: Object) -> bool:
    """Whether each pod of a Job has a number."""
    return bool(job["spec"].get("completionMode") == "Indexed")


def index_of(pod: Object) -> int | None:
    """A pod's number."""
    text = annotations_of(pod).get(INDEX, "")
    return int(text) if text.isdigit() else None


def valid_index(job: Object, pod: Object) -> int | None:
    """The number of a pod, if its Job still has that many."""
    index = index_of(pod)
    return index if index is not None and index < job["spec"]["completions"] else None


def superfluous(job: Object, active: Iterable[Object]) -> list[Object]:
    """Pods that share their number with another one, or have none that counts."""
    taken: set[int] = set()
    found = []
    # Of two with the same number the one that has come further stays.
    for pod in sorted(active, key=_progress, reverse=True):
        index = valid_index(job, pod)
        if index is None or index in taken:
            found.append(pod)
        else:
            taken.add(index)
    return found


def _progress(pod: Object) -> tuple[bool, bool, str]:
    running = (pod.get("status") or {}).get("phase") == "Running"
    return bool(pod["spec"].get("nodeName")), running, pod["metadata"]["uid"]


def parse_indexes(text: str) -> set[int]:
    """The numbers in `0,2-4`."""
    found: set[int] = set()
    for part in filter(None, text.split(",")):
        first, _, last = part.partition("-")
        found.update(range(int(first), int(last or first) + 1))
    return found


def format_indexes(indexes: Iterable[int]) -> str:
    """Numbers as `0,2-4`; two neighbours are written one by one."""
    runs: list[list[int]] = []
    for index in sorted(indexes):
        if runs and runs[-1][-1] == index - 1:
            runs[-1].append(index)
        else:
            runs.append([index])
    return ",".join(_format_run(run) for run in runs)


def _format_run(run: list[int]) -> str:
    separator = "-" if len(run) > 2 else ","
    return str(run[0]) if len(run) == 1 else f"{run[0]}{separator}{run[-1]}"


def give_index(pod: Object, job: Object, index: int) -> Object:
    """A new pod with its number in name, labels, host name and environment."""
    meta, name = pod["metadata"], job["metadata"]["name"]
    return {
        **pod,
        "metadata": {
            **meta,
            "generateName": f"{name}-{index}-",
            "labels": {**meta.get("labels", {}), INDEX: str(index)},
            "annotations": {**meta.get("annotations", {}), INDEX: str(index)},
        },
        "spec": {
            **pod["spec"],
            "hostname": f"{name}-{index}",
            **{
                part: [_with_index(container) for container in pod["spec"][part]]
                for part in ("initContainers", "containers")
                if pod["spec"].get(part)
            },
        },
    }


def _with_index(container: Object) -> Object:
    path = {"fieldRef": {"fieldPath": f"metadata.labels['{INDEX}']"}}
    variable = {"name": "JOB_COMPLETION_INDEX", "valueFrom": path}
    env = container.get("env") or []
    if any(item["name"] == variable["name"] for item in env):
        return container
    return {**container, "env": [*env, variable]}
