from __future__ import annotations

from kubelearn.embedded.controllers.clusterroleaggregation import ClusterRoleAggregationController
from kubelearn.objects import CLUSTER_ROLES


def role(name, *, rules=None, labels=None, of=None):
    found = {"metadata": {"name": name, "labels": labels or {}}, "rules": rules}
    if of:
        found["aggregationRule"] = {"clusterRoleSelectors": [{"matchLabels": of}]}
    return found


def rule(resource, *verbs):
    return {"apiGroups": [""], "resources": [resource], "verbs": list(verbs)}


def rules_of(api, name):
    [found] = [each for each in api.objects(CLUSTER_ROLES) if each["metadata"]["name"] == name]
    return found["rules"]


async def test_a_role_gets_the_rules_of_all_that_it_selects(api, clock, start):
    pods, secrets = rule("pods", "get"), rule("secrets", "get")
    await api.create(CLUSTER_ROLES, role("all", of={"to": "all"}))
    await api.create(CLUSTER_ROLES, role("b", rules=[secrets, pods], labels={"to": "all"}))
    await api.create(CLUSTER_ROLES, role("a", rules=[pods], labels={"to": "all"}))
    await api.create(CLUSTER_ROLES, role("other", rules=[rule("nodes", "get")]))
    async with start(ClusterRoleAggregationController):
        await clock.advance(1)
    assert rules_of(api, "all") == [pods, secrets]


async def test_what_is_added_later_goes_up_through_all_levels(api, clock, start):
    await api.create(CLUSTER_ROLES, role("edit", of={"to": "edit"}, labels={"to": "admin"}))
    await api.create(CLUSTER_ROLES, role("admin", of={"to": "admin"}))
    async with start(ClusterRoleAggregationController):
        await clock.advance(1)
        added = rule("crontabs", "get")
        await api.create(CLUSTER_ROLES, role("more", rules=[added], labels={"to": "edit"}))
        await clock.advance(1)
    assert rules_of(api, "edit") == rules_of(api, "admin") == [added]


async def test_a_role_that_is_complete_is_not_written_again(api, clock, start):
    await api.create(CLUSTER_ROLES, role("all", of={"to": "all"}))
    async with start(ClusterRoleAggregationController):
        await clock.advance(1)
    assert "update clusterroles" not in api.requests
