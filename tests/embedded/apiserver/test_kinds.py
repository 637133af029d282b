import pytest

from kubelearn.embedded.apiserver import builtin
from kubelearn.embedded.apiserver.kinds import Kinds, version_priority


@pytest.fixture
def kinds():
    return builtin.built_in()


@pytest.fixture
def car(custom_kind):
    return custom_kind("Car", group="ex.org", shortNames=["c"])


def test_a_kind_is_found_by_its_url_and_by_its_objects(kinds):
    by_url = kinds.find("apps", "v1", "deployments")
    assert by_url is kinds.for_object("apps/v1", "Deployment")
    assert by_url.short_names == ("deploy",)


def test_what_is_not_served_is_not_found(kinds):
    assert kinds.find("apps", "v1beta1", "deployments") is None
    assert kinds.for_object("v1", "Deployment") is None


def test_custom_kinds_come_and_go(kinds, car):
    kinds.add(car)
    assert kinds.find("ex.org", "v1", "cars") is car
    kinds.remove(car)
    assert kinds.find("ex.org", "v1", "cars") is None
    assert kinds.for_object("ex.org/v1", "Car") is None


def test_the_generation_rises_with_each_change(kinds, car):
    before = kinds.generation
    kinds.add(car)
    assert kinds.generation > before


def test_keys_in_the_store_are_those_of_the_real_server(kinds, car):
    prefixes = {
        "pods": "/registry/pods",
        "nodes": "/registry/minions",
        "services": "/registry/services/specs",
        "endpoints": "/registry/services/endpoints",
    }
    for plural, prefix in prefixes.items():
        assert kinds.find("", "v1", plural).storage_prefix == prefix
    assert car.storage_prefix == "/registry/ex.org/cars"


def test_subresources_name_their_own_group(kinds):
    scale = kinds.find("apps", "v1", "deployments").subresource("scale")
    assert (scale.group, scale.version, scale.kind) == ("autoscaling", "v1", "Scale")
    eviction = kinds.find("", "v1", "pods").subresource("eviction")
    assert (eviction.group, eviction.version) == ("policy", "v1")


def test_namespaces_cannot_be_deleted_all_at_once(kinds):
    assert not kinds.find("", "v1", "namespaces").has_verb("deletecollection")


def test_the_preferred_version_of_a_group_comes_first(kinds):
    assert kinds.groups()["autoscaling"] == ["v2", "v1"]


def test_versions_are_ordered_as_kubernetes_orders_them():
    versions = ["foo1", "v1alpha1", "v1", "v10", "v2beta1", "v2", "v1beta2", "v1beta10"]
    ordered = ["v10", "v2", "v1", "v2beta1", "v1beta10", "v1beta2", "v1alpha1", "foo1"]
    assert sorted(versions, key=version_priority) == ordered


def test_the_core_group_comes_first_and_custom_groups_last(kinds, car):
    kinds.add(car)
    groups = list(kinds.groups())
    assert groups[0] == ""
    assert groups[-1] == "ex.org"


def test_an_empty_registry_serves_nothing():
    assert Kinds().groups() == {}
