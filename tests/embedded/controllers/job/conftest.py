"""A Job, as its controller finds it."""

from __future__ import annotations

import pytest

from kubelearn.objects import JOBS

LABELS = {"batch.kubernetes.io/job-name": "sum"}


@pytest.fixture
def make_job(api):
    """Create a Job `sum`."""

    async def make(**spec):
        pod = {"restartPolicy": "Never", "containers": [{"name": "a"}]}
        body = {
            "metadata": {"name": "sum", "namespace": "default", "uid": "uid-of-sum"},
            "spec": {
                "parallelism": 1,
                "completions": 1,
                "backoffLimit": 6,
                "selector": {"matchLabels": LABELS},
                "template": {"metadata": {"labels": LABELS}, "spec": pod},
                **spec,
            },
            "status": {},
        }
        return await api.create(JOBS, body)

    return make
