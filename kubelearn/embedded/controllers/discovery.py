"""Which kinds of objects the API server has, custom ones included.

Asks for aggregated discovery, one document for each of `/api` and `/apis` (upstream:
k8s.io/client-go/discovery). Whoever handles objects of every kind, needs this.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from kubelearn.embedded.client import Client
from kubelearn.objects import Object, Resource

_ACCEPT = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList"


@dataclass(frozen=True)
class ServedResource:
    """A resource in its group's preferred version, and what can be done with it."""

    resource: Resource
    verbs: frozenset[str]


async def served_resources(client: Client) -> list[ServedResource]:
    """Everything that is served, each resource once."""
    found: dict[tuple[str, str], ServedResource] = {}
    for path in ("/api", "/apis"):
        document = await client.request("GET", path, accept=_ACCEPT)
        for served in _resources(document):
            # Versions come in the order of preference.
            found.setdefault((served.resource.group, served.resource.plural), served)
    return list(found.values())


def _resources(document: Object) -> Iterator[ServedResource]:
    for group in document["items"]:
        name = group["metadata"].get("name", "")
        for version in group["versions"]:
            for item in version.get("resources") or []:
                yield ServedResource(_resource(name, version["version"], item), _verbs(item))


def _resource(group: str, version: str, item: dict[str, Any]) -> Resource:
    return Resource(
        group,
        version,
        item["resource"],
        item["responseKind"]["kind"],
        namespaced=item["scope"] == "Namespaced",
    )


def _verbs(item: dict[str, Any]) -> frozenset[str]:
    return frozenset(item["verbs"])
