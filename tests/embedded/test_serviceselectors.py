"""Services and the pods that they select."""

import asyncio

import pytest

from kubelearn.embedded.informer import Informer
from kubelearn.embedded.serviceselectors import (
    index_pods,
    index_services,
    pods_of,
    selects,
    services_of,
)
from kubelearn.objects import PODS, SERVICES


def service(name, namespace="default", **selector):
    return {
        "metadata": {"name": name, "namespace": namespace},
        "spec": {"selector": selector} if selector else {},
    }


OBJECTS = [
    service("web", app="web"),
    service("blue", app="web", colour="blue"),
    service("green", colour="green", app="web"),
    service("none"),
    service("other", "elsewhere", app="web"),
]


@pytest.fixture
async def informers(api, clock, make_pod):
    pods, services = (Informer(api, resource, clock=clock) for resource in (PODS, SERVICES))
    index_pods(pods)
    index_services(services)
    for each in OBJECTS:
        await api.create(SERVICES, each)
    for name, labels in (("a", {"app": "web"}), ("b", {"app": "web", "colour": "blue"}), ("c", {})):
        await api.create(PODS, make_pod(name, labels=labels))
    tasks = [asyncio.create_task(informer.run()) for informer in (pods, services)]
    await clock.advance(0)
    yield pods, services
    for task in tasks:
        task.cancel()
    await asyncio.wait(tasks)


def names(objects):
    return sorted(each["metadata"]["name"] for each in objects)


async def test_pods_are_found_by_all_that_a_service_asks_for(informers):
    pods, _ = informers
    found = {each["metadata"]["name"]: names(pods_of(pods, each)) for each in OBJECTS}
    assert found == {"web": ["a", "b"], "blue": ["b"], "green": [], "none": [], "other": []}


async def test_services_are_found_by_the_labels_of_a_pod(informers):
    pods, services = informers
    assert names(services_of(services, pods.get("default/a"))) == ["web"]
    assert names(services_of(services, pods.get("default/b"))) == ["blue", "web"]
    assert services_of(services, pods.get("default/c")) == []


def test_a_service_without_a_selector_selects_nothing(make_pod):
    assert not selects(service("none"), make_pod("a", labels={"app": "web"}))
    assert selects(service("web", app="web"), make_pod("a", labels={"app": "web", "x": "y"}))
