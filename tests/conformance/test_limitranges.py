"""LimitRanges: what containers get that say nothing, and what they may not go beyond."""

from __future__ import annotations

import pytest

pytestmark = pytest.mark.needs_nodes


@pytest.fixture
def limits(core, namespace):
    def make(*items):
        body = {"metadata": {"name": "l"}, "spec": {"limits": list(items)}}
        core.create_namespaced_limit_range(namespace, body)

    return make


def pod(**resources):
    container = {"name": "a", "image": "busybox:1.37", "resources": resources}
    return {"metadata": {"name": "p"}, "spec": {"containers": [container]}}


def test_a_container_that_says_nothing_gets_the_defaults(core, namespace, limits, eventually):
    limits({"type": "Container", "default": {"memory": "64Mi"}, "defaultRequest": {"cpu": "10m"}})
    # A new LimitRange takes a moment to reach the API server's own copy.
    made = eventually(lambda: _dry_run(core, namespace, pod()))
    resources = made.spec.containers[0].resources
    assert resources.limits == {"memory": "64Mi"}
    assert resources.requests == {"cpu": "10m", "memory": "64Mi"}
    assert made.metadata.annotations["kubernetes.io/limit-ranger"] == (
        "LimitRanger plugin set: cpu, memory request for container a; memory limit for container a"
    )


def _dry_run(core, namespace, body):
    made = core.create_namespaced_pod(namespace, body, dry_run="All")
    return made if made.metadata.annotations else None


def test_what_goes_beyond_a_bound_is_refused(core, namespace, limits, refused):
    limits({"type": "Container", "max": {"cpu": "1"}, "min": {"cpu": "100m"}})
    body = pod(limits={"cpu": "2"}, requests={"cpu": "100m"})
    status = refused(core.create_namespaced_pod, namespace, body)
    assert (status["code"], status["reason"]) == (403, "Forbidden")
    assert status["message"] == (
        'pods "p" is forbidden: maximum cpu usage per Container is 1, but limit is 2'
    )


def test_requests_may_not_be_too_far_below_limits(core, namespace, limits, refused):
    limits({"type": "Container", "maxLimitRequestRatio": {"memory": "2"}})
    body = pod(limits={"memory": "3Mi"}, requests={"memory": "1Mi"})
    status = refused(core.create_namespaced_pod, namespace, body)
    assert status["message"] == (
        'pods "p" is forbidden: memory max limit to request ratio per Container is 2, '
        "but provided ratio is 3.000000"
    )


def test_a_claim_has_bounds_too(core, namespace, limits, refused):
    limits({"type": "PersistentVolumeClaim", "max": {"storage": "1Gi"}})
    resources = {"requests": {"storage": "2Gi"}}
    spec = {"accessModes": ["ReadWriteOnce"], "resources": resources, "storageClassName": ""}
    body = {"metadata": {"name": "c"}, "spec": spec}
    status = refused(core.create_namespaced_persistent_volume_claim, namespace, body)
    assert status["message"] == (
        'persistentvolumeclaims "c" is forbidden: maximum storage usage per '
        "PersistentVolumeClaim is 1Gi, but request is 2Gi"
    )
