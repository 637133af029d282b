"""Which kinds a cluster serves, and under which path: discovery, as kubectl does it."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from kubelearn.clusters.transport import send
from kubelearn.errors import ClusterError, NotFound
from kubelearn.objects import Object, Resource

if TYPE_CHECKING:
    from kubernetes.client import ApiClient

# Where a lesson's plural names are looked for, in this order.
_GROUPS = ("v1", "apps/v1", "discovery.k8s.io/v1", "batch/v1")


def of_kind(api: ApiClient, api_version: str, kind: str) -> Resource:
    """The resource of a manifest's kind. Raises NotFound when the cluster does not serve it."""
    return _find(api, api_version, lambda entry: bool(entry["kind"] == kind), kind)


def of_plural(api: ApiClient, api_version: str, plural: str) -> Resource:
    """The resource of that plural name in a group. Raises NotFound when there is none."""
    return _find(api, api_version, lambda entry: bool(entry["name"] == plural), plural)


def of_name(api: ApiClient, plural: str) -> Resource:
    """The resource of that plural name. Raises ClusterError when there is none."""
    for api_version in _GROUPS:
        try:
            return of_plural(api, api_version, plural)
        except NotFound:
            continue
    raise ClusterError(
        f"the cluster serves no kind called {plural!r}",
        hint="names are plural and lower case: pods, deployments, services",
    )


def _find(
    api: ApiClient, api_version: str, wanted: Callable[[Object], bool], word: str
) -> Resource:
    group, _, version = api_version.rpartition("/")
    path = f"/apis/{api_version}" if group else f"/api/{api_version}"
    answer = send(api, "GET", path)
    # The whole group may be unknown: 404.
    entries = [] if answer.code == 404 else answer.checked()["resources"]
    for entry in entries:
        # Names with a slash are subresources.
        if "/" not in entry["name"] and wanted(entry):
            return Resource(
                group, version, entry["name"], entry["kind"], namespaced=entry["namespaced"]
            )
    raise NotFound({"message": f"the cluster serves no {word} in {api_version}", "code": 404})
