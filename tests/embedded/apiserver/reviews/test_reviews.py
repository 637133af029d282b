from __future__ import annotations

import pytest

ACCESS = "/apis/authorization.k8s.io/v1"
IDENTITY = "/apis/authentication.k8s.io/v1"
ACCOUNTS = "/api/v1/namespaces/default/serviceaccounts"
PODS = {"verb": "list", "resource": "pods", "namespace": "default"}


async def bind_view(api) -> None:
    """`ada` may list pods in the namespace `default`."""
    group = "rbac.authorization.k8s.io"
    path = f"/apis/{group}/v1/namespaces/default"
    rules = [{"apiGroups": [""], "resources": ["pods"], "verbs": ["list"]}]
    await api.post(f"{path}/roles", {"metadata": {"name": "r"}, "rules": rules})
    binding = {
        "metadata": {"name": "b"},
        "roleRef": {"apiGroup": group, "kind": "Role", "name": "r"},
        "subjects": [{"apiGroup": group, "kind": "User", "name": "ada"}],
    }
    await api.post(f"{path}/rolebindings", binding)


async def test_a_user_may_ask_what_he_may_do(api) -> None:
    await bind_view(api)
    body = {"spec": {"resourceAttributes": PODS}}
    answer = await api.post(f"{ACCESS}/selfsubjectaccessreviews", body, token="ada")
    assert answer.status == 201
    reason = 'RBAC: allowed by RoleBinding "b/default" of Role "r" to User "ada"'
    assert answer.body["status"] == {"allowed": True, "reason": reason}
    other = await api.post(f"{ACCESS}/selfsubjectaccessreviews", body, token="bob")
    assert other.body["status"] == {"allowed": False}


async def test_an_administrator_may_ask_about_others(api) -> None:
    await bind_view(api)
    body = {"spec": {"user": "ada", "resourceAttributes": PODS}}
    assert (await api.post(f"{ACCESS}/subjectaccessreviews", body)).body["status"]["allowed"]
    path = f"{ACCESS}/namespaces/default/localsubjectaccessreviews"
    assert (await api.post(path, body)).body["status"]["allowed"]
    elsewhere = f"{ACCESS}/namespaces/kube-system/localsubjectaccessreviews"
    answer = await api.post(elsewhere, body)
    assert answer.status == 422
    assert "must match metadata.namespace" in answer.message


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        ({"user": "a"}, "spec.resourceAttributes: Invalid value: null: exactly one of"),
        ({"resourceAttributes": PODS}, "at least one of user or group must be specified"),
        (
            {
                "user": "a",
                "resourceAttributes": PODS,
                "nonResourceAttributes": {"path": "/a", "verb": "get"},
            },
            'Invalid value: {"Path":"/a","Verb":"get"}: cannot be specified in combination',
        ),
    ],
)
async def test_a_question_must_be_complete(api, spec, message) -> None:
    answer = await api.post(f"{ACCESS}/subjectaccessreviews", {"spec": spec})
    assert answer.status == 422
    assert message in answer.message


async def test_a_user_sees_his_rules(api) -> None:
    await bind_view(api)
    path = f"{ACCESS}/selfsubjectrulesreviews"
    answer = await api.post(path, {"spec": {"namespace": "default"}}, token="ada")
    status = answer.body["status"]
    assert {"verbs": ["list"], "apiGroups": [""], "resources": ["pods"]} in status["resourceRules"]
    assert status["nonResourceRules"]
    assert (await api.post(path, {"spec": {}}, token="ada")).status == 400


async def test_a_user_may_ask_who_he_is(api) -> None:
    path = f"{IDENTITY}/selfsubjectreviews"
    answer = await api.post(path, {}, token="ada")
    assert answer.body["status"] == {
        "userInfo": {"username": "ada", "groups": ["system:authenticated"]}
    }


async def test_reviews_are_not_kept(api, store) -> None:
    await api.post(f"{IDENTITY}/selfsubjectreviews", {})
    assert store.count("/registry/authentication.k8s.io") == 0
    assert (await api.get(f"{IDENTITY}/selfsubjectreviews")).status == 405


async def review(api, token: str, **spec: object) -> dict:
    answer = await api.post(f"{IDENTITY}/tokenreviews", {"spec": {"token": token, **spec}})
    assert answer.status == 201
    return answer.body["status"]


async def test_a_review_tells_whose_a_token_is(with_account) -> None:
    api = with_account
    made = await api.post(f"{ACCOUNTS}/default/token", {"spec": {"audiences": ["vault", "shop"]}})
    token = made.body["status"]["token"]
    status = await review(api, token, audiences=["shop", "bank"])
    assert status["authenticated"]
    assert status["user"]["username"] == "system:serviceaccount:default:default"
    assert status["audiences"] == ["shop"]
    refused = await review(api, token, audiences=["bank"])
    assert refused == {
        "user": {},
        "error": '[invalid bearer token, token audiences ["vault" "shop"] is invalid for the '
        'target audiences ["bank"]]',
    }


async def test_a_review_tells_what_is_wrong_with_a_token(with_account, clock) -> None:
    api = with_account
    token = (await api.post(f"{ACCOUNTS}/default/token", {})).body["status"]["token"]
    assert (await review(api, "a.b.c"))["error"] == "invalid bearer token"
    await clock.advance(3700)
    assert "service account token has expired" in (await review(api, token))["error"]


async def test_a_review_without_a_token_is_refused(api) -> None:
    answer = await api.post(f"{IDENTITY}/tokenreviews", {})
    assert (answer.status, answer.message) == (
        400,
        "token is required for TokenReview in authentication",
    )
