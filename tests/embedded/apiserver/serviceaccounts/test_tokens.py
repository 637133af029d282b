from __future__ import annotations

import base64
import json

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, utils

ACCOUNTS = "/api/v1/namespaces/default/serviceaccounts"
PODS = "/api/v1/namespaces/default/pods"


async def token_of(api, name: str = "default", **spec: object) -> str:
    answer = await api.post(f"{ACCOUNTS}/{name}/token", {"spec": spec})
    assert answer.status == 201
    return answer.body["status"]["token"]


def decoded(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "==")


def claims_of(token: str) -> dict[str, object]:
    return json.loads(decoded(token.split(".")[1]))


async def test_a_token_request_says_what_was_given(with_account) -> None:
    answer = await with_account.post(f"{ACCOUNTS}/default/token", {"spec": {}})
    assert answer.status == 201
    assert answer.body["spec"] == {
        "audiences": ["https://kubernetes.default.svc.cluster.local"],
        "expirationSeconds": 3600,
        "boundObjectRef": None,
    }
    assert answer.body["status"]["expirationTimestamp"] == "2026-01-01T13:00:00Z"
    assert (
        claims_of(answer.body["status"]["token"])["sub"] == "system:serviceaccount:default:default"
    )


async def test_a_token_is_its_account_for_an_hour(with_account, clock) -> None:
    api = with_account
    token = await token_of(api)
    refused = await api.get(PODS, token=token)
    assert refused.status == 403
    assert 'User "system:serviceaccount:default:default" cannot list' in refused.message
    await clock.advance(3601)
    assert (await api.get(PODS, token=token)).status == 403  # clocks may differ by a minute
    await clock.advance(60)
    assert (await api.get(PODS, token=token)).status == 401


async def test_a_token_ends_with_its_account(with_account) -> None:
    api = with_account
    token = await token_of(api)
    await api.delete(f"{ACCOUNTS}/default")
    assert (await api.get("/apis", token=token)).status == 401
    await api.post(ACCOUNTS, {"metadata": {"name": "default"}})
    assert (await api.get("/apis", token=token)).status == 401


async def test_a_token_ends_with_the_pod_that_it_is_bound_to(with_account, pod) -> None:
    api = with_account
    uid = (await api.post(PODS, pod())).body["metadata"]["uid"]
    token = await token_of(api, boundObjectRef={"kind": "Pod", "name": "web", "uid": uid})
    assert (await api.get("/apis", token=token)).status == 200
    await api.delete(f"{PODS}/web")
    assert (await api.get("/apis", token=token)).status == 401


async def test_a_token_for_others_is_none_for_us(with_account) -> None:
    token = await token_of(with_account, audiences=["vault"])
    assert (await with_account.get("/apis", token=token)).status == 401


@pytest.mark.parametrize(
    ("spec", "status", "message"),
    [
        ({"expirationSeconds": 5}, 422, "may not specify a duration less than 10 minutes"),
        ({"boundObjectRef": {"kind": "Pod", "name": "no"}}, 404, 'pods "no" not found'),
        ({"boundObjectRef": {"kind": "Frog", "name": "no"}}, 400, "cannot bind token to object"),
    ],
)
async def test_a_request_that_cannot_be_met_is_refused(with_account, spec, status, message) -> None:
    answer = await with_account.post(f"{ACCOUNTS}/default/token", {"spec": spec})
    assert answer.status == status
    assert message in answer.message


async def test_a_pod_must_run_as_the_account_that_asks(with_account, pod) -> None:
    api = with_account
    await api.post(ACCOUNTS, {"metadata": {"name": "robot"}})
    await api.post(PODS, pod())
    ref = {"boundObjectRef": {"kind": "Pod", "name": "web"}}
    answer = await api.post(f"{ACCOUNTS}/robot/token", {"spec": ref})
    assert answer.status == 400
    assert "different serviceaccount name" in answer.message


async def test_the_token_that_every_pod_gets_lives_for_a_year(with_account, pod) -> None:
    api = with_account
    await api.post(PODS, pod())
    bound = {"kind": "Pod", "name": "web"}
    claims = claims_of(await token_of(api, expirationSeconds=3607, boundObjectRef=bound))
    assert claims["exp"] - claims["iat"] == 365 * 24 * 3600
    assert claims["kubernetes.io"]["warnafter"] - claims["iat"] == 3607
    other = claims_of(await token_of(api, expirationSeconds=3606, boundObjectRef=bound))
    assert other["exp"] - other["iat"] == 3606


async def test_a_token_names_the_pod_and_the_node_that_it_is_bound_to(with_account, pod) -> None:
    api = with_account
    node = (await api.post("/api/v1/nodes", {"metadata": {"name": "n1"}})).body["metadata"]
    made = (await api.post(PODS, pod(nodeName="n1"))).body["metadata"]
    claims = claims_of(await token_of(api, boundObjectRef={"kind": "Pod", "name": "web"}))
    private = claims["kubernetes.io"]
    assert private["pod"] == {"name": "web", "uid": made["uid"]}
    assert private["node"] == {"name": "n1", "uid": node["uid"]}


async def test_anybody_with_an_account_can_learn_how_to_verify_tokens(with_account) -> None:
    api = with_account
    header, claims, signature = (await token_of(api)).split(".")
    found = await api.get("/.well-known/openid-configuration", token="admin")
    assert found.body["issuer"] == "https://kubernetes.default.svc.cluster.local"
    # Where pods find the server too: whoever checks tokens may be one.
    assert found.body["jwks_uri"] == "https://127.64.128.1/openid/v1/jwks"
    [key] = (await api.get("/openid/v1/jwks", token="admin")).body["keys"]
    x, y = (int.from_bytes(decoded(key[name]), "big") for name in ("x", "y"))
    public = ec.EllipticCurvePublicNumbers(x, y, ec.SECP256R1()).public_key()
    raw = decoded(signature)
    r, s = int.from_bytes(raw[:32], "big"), int.from_bytes(raw[32:], "big")
    signed = f"{header}.{claims}".encode()
    public.verify(utils.encode_dss_signature(r, s), signed, ec.ECDSA(hashes.SHA256()))
    assert (await api.get("/openid/v1/jwks", token="ada")).status == 403
