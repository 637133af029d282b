import pytest

from kubelearn.embedded.apiserver import builtin, discovery


@pytest.fixture
def kinds():
    return builtin.built_in()


def named(resources, name):
    return next(each for each in resources if each["name"] == name)


def test_groups_are_listed_with_their_preferred_version(kinds):
    groups = discovery.group_list(kinds)["groups"]
    assert "" not in [group["name"] for group in groups]
    assert named(groups, "autoscaling")["preferredVersion"] == {
        "groupVersion": "autoscaling/v2",
        "version": "v2",
    }


def test_one_group_is_described_alone(kinds):
    assert discovery.group(kinds, "apps")["versions"] == [
        {"groupVersion": "apps/v1", "version": "v1"}
    ]
    assert discovery.group(kinds, "nothing") is None
    assert discovery.group(kinds, "") is None


def test_the_core_groups_list_lacks_an_api_version(kinds):
    assert "apiVersion" not in discovery.resource_list(kinds, "", "v1")
    assert discovery.resource_list(kinds, "apps", "v1")["apiVersion"] == "v1"
    assert discovery.resource_list(kinds, "apps", "v2") is None


def test_resources_and_subresources_are_listed_by_name(kinds):
    resources = discovery.resource_list(kinds, "apps", "v1")["resources"]
    names = [each["name"] for each in resources]
    assert names == sorted(names)
    assert named(resources, "deployments") == {
        "name": "deployments",
        "singularName": "deployment",
        "namespaced": True,
        "kind": "Deployment",
        "verbs": [
            "create",
            "delete",
            "deletecollection",
            "get",
            "list",
            "patch",
            "update",
            "watch",
        ],
        "shortNames": ["deploy"],
        "categories": ["all"],
        "storageVersionHash": "8aSe+NMegvE=",
    }


def test_a_resource_names_the_version_that_it_is_stored_in(kinds, custom_kind):
    def stored_as(group, version, name):
        resources = discovery.resource_list(kinds, group, version)["resources"]
        return named(resources, name).get("storageVersionHash")

    # Two kinds of two groups and two versions of one, which lie in the store as one.
    assert stored_as("events.k8s.io", "v1", "events") == stored_as("", "v1", "events")
    later = stored_as("autoscaling", "v2", "horizontalpodautoscalers")
    assert stored_as("autoscaling", "v1", "horizontalpodautoscalers") == later == "qwQve8ut294="
    assert stored_as("authorization.k8s.io", "v1", "subjectaccessreviews") is None
    assert stored_as("", "v1", "componentstatuses") is None
    frog = custom_kind()
    kinds.add(frog)
    assert stored_as(frog.group, "v1", "frogs")


def test_scale_and_eviction_name_the_group_they_come_from(kinds):
    scale = named(discovery.resource_list(kinds, "apps", "v1")["resources"], "deployments/scale")
    assert (scale["group"], scale["version"], scale["kind"]) == ("autoscaling", "v1", "Scale")
    eviction = named(discovery.resource_list(kinds, "", "v1")["resources"], "pods/eviction")
    assert (eviction["group"], eviction["version"]) == ("policy", "v1")


def test_the_aggregated_document_of_the_core_group_has_no_name(kinds):
    (item,) = discovery.aggregated(kinds, core=True)["items"]
    assert item["metadata"] == {}
    assert item["versions"][0]["freshness"] == "Current"


def test_the_aggregated_document_holds_subresources_with_their_resource(kinds):
    items = discovery.aggregated(kinds, core=False)["items"]
    apps = next(item for item in items if item["metadata"] == {"name": "apps"})
    deployments = next(
        each for each in apps["versions"][0]["resources"] if each["resource"] == "deployments"
    )
    assert deployments["responseKind"] == {"group": "", "version": "", "kind": "Deployment"}
    assert deployments["subresources"][0] == {
        "subresource": "scale",
        "responseKind": {"group": "autoscaling", "version": "v1", "kind": "Scale"},
        "verbs": ["get", "patch", "update"],
    }


def test_custom_kinds_spell_out_their_group(kinds, custom_kind):
    kinds.add(custom_kind("Car", group="ex.org"))
    item = discovery.aggregated(kinds, core=False)["items"][-1]
    (resource,) = item["versions"][0]["resources"]
    assert resource["responseKind"] == {"group": "ex.org", "version": "v1", "kind": "Car"}


def test_the_servers_address_is_told():
    found = discovery.api_versions("127.0.0.1:6443")
    assert found["serverAddressByClientCIDRs"][0]["serverAddress"] == "127.0.0.1:6443"
