from __future__ import annotations

import pytest

GROUP = "rbac.authorization.k8s.io"
WHO = "/apis/authentication.k8s.io/v1/selfsubjectreviews"


@pytest.fixture
async def actor(api) -> str:
    """Somebody who may act as `bob` of the group `dev` with one extra value, and as nobody else."""
    path = f"/apis/{GROUP}/v1"

    def rule(group, resource, name):
        return {
            "apiGroups": [group],
            "resources": [resource],
            "resourceNames": [name],
            "verbs": ["impersonate"],
        }

    rules = [
        rule("", "users", "bob"),
        rule("", "groups", "dev"),
        rule("", "serviceaccounts", "robot"),
        rule("authentication.k8s.io", "userextras/scopes", "view"),
        rule("authentication.k8s.io", "uids", "7"),
    ]
    await api.post(f"{path}/clusterroles", {"metadata": {"name": "actor"}, "rules": rules})
    binding = {
        "metadata": {"name": "actor"},
        "roleRef": {"apiGroup": GROUP, "kind": "ClusterRole", "name": "actor"},
        "subjects": [{"apiGroup": GROUP, "kind": "User", "name": "ann"}],
    }
    await api.post(f"{path}/clusterrolebindings", binding)
    return "ann"


async def test_each_part_of_an_identity_must_be_allowed(api, actor) -> None:
    headers = {
        "Impersonate-User": "bob",
        "Impersonate-Group": "dev",
        "Impersonate-Uid": "7",
        "Impersonate-Extra-scopes": "view",
    }
    answer = await api.post(WHO, {}, token=actor, headers=headers)
    assert answer.body["status"]["userInfo"] == {
        "username": "bob",
        "uid": "7",
        "groups": ["dev", "system:authenticated"],
        "extra": {"scopes": ["view"]},
    }
    for name, other in (
        ("Impersonate-User", "root"),
        ("Impersonate-Group", "system:masters"),
        ("Impersonate-Uid", "8"),
        ("Impersonate-Extra-scopes", "edit"),
    ):
        answer = await api.post(WHO, {}, token=actor, headers=headers | {name: other})
        assert answer.status == 403
        assert f'User "{actor}" cannot impersonate' in answer.message


async def test_an_account_brings_its_groups(api, actor) -> None:
    headers = {"Impersonate-User": "system:serviceaccount:shop:robot"}
    info = (await api.post(WHO, {}, token=actor, headers=headers)).body["status"]["userInfo"]
    assert info["groups"] == [
        "system:serviceaccounts",
        "system:serviceaccounts:shop",
        "system:authenticated",
    ]


async def test_a_group_without_a_user_makes_no_sense(api) -> None:
    headers = {"Impersonate-Group": "dev", "Impersonate-Extra-a": "b"}
    answer = await api.post(WHO, {}, headers=headers)
    assert (answer.status, answer.message) == (
        400,
        'requested &user.DefaultInfo{Name:"", UID:"", Groups:[]string{"dev"}, '
        'Extra:map[string][]string{"a":[]string{"b"}}} without impersonating a user name',
    )
