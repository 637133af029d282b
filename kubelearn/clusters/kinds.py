"""Which kinds a cluster serves, and under which path: discovery, as kubectl does it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from kubelearn.clusters.transport import send
from kubelearn.errors import ClusterError, NotFound
from kubelearn.objects import Object, Resource

if TYPE_CHECKING:
    from kubernetes.client import ApiClient

# Where a lesson's plural names are looked for, in this order.
_GROUPS = ("v1", "apps/v1", "discovery.k8s.io/v1", "batch/v1")
_AGGREGATED = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList"


@dataclass(frozen=True)
class Served:
    """A kind that a cluster serves, and the words that people have for it."""

    resource: Resource
    singular: str
    short_names: tuple[str, ...] = ()

    def is_called(self, word: str) -> bool:
        """Whether somebody who says `deploy`, `Deployment` or `deployments.apps` means it."""
        name, _, group = word.lower().partition(".")
        resource = self.resource
        names = {resource.plural, self.singular, resource.kind.lower(), *self.short_names}
        return name in names and group in ("", resource.group)


def served(api: ApiClient) -> list[Served]:
    """All kinds that can be listed, each in the version that the cluster prefers: two requests."""
    return [
        found
        for path in ("/api", "/apis")
        for group in send(api, "GET", path, accept=_AGGREGATED).checked().get("items", ())
        if group.get("versions")
        for found in _of_group(group["metadata"].get("name", ""), group["versions"][0])
    ]


def of_word(api: ApiClient, word: str) -> Served:
    """The kind that people call so: `po`, `pod`, `pods`. Raises ClusterError when there is none."""
    for found in served(api):
        if found.is_called(word):
            return found
    raise ClusterError(
        f'the cluster does not have a resource type "{word}"',
        hint="kubectl api-resources   # lists them",
    )


def _of_group(group: str, version: Object) -> Iterator[Served]:
    for entry in version.get("resources") or ():
        if "list" in entry.get("verbs", ()):
            kind, namespaced = entry["responseKind"]["kind"], entry["scope"] == "Namespaced"
            plural, name = entry["resource"], version["version"]
            yield Served(
                Resource(group, name, plural, kind, namespaced=namespaced),
                entry.get("singularResource") or kind.lower(),
                tuple(entry.get("shortNames") or ()),
            )


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
