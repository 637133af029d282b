from __future__ import annotations

import asyncio
import json
import logging

import pytest

CONFIG_MAPS = "/api/v1/namespaces/default/configmaps"


async def test_health_and_version_need_no_credential(api) -> None:
    async with api.session.get(api.url("/readyz")) as answer:
        assert (answer.status, await answer.text()) == (200, "ok")
    async with api.session.get(api.url("/version")) as answer:
        assert (await answer.json())["gitVersion"] == "v1.36.3+kubelearn"


async def test_what_is_no_part_of_the_api_is_written_to_be_read(api) -> None:
    version = await api.get("/version")
    assert version.raw.startswith(b'{\n  "major": "1",\n  "minor": "36",\n')
    assert version.raw.endswith(b"}")
    assert version.body["platform"].startswith("linux/")
    assert "x86" not in version.body["platform"]
    assert (await api.get("/")).raw.startswith(b'{\n  "paths": [\n    "/api",\n')


async def test_health_can_be_asked_for_each_check(api) -> None:
    answer = await api.get("/readyz?verbose")
    lines = answer.raw.decode().splitlines()
    assert lines[:3] == ["[+]ping ok", "[+]etcd ok", "[+]etcd-readiness ok"]
    assert lines[-1] == "readyz check passed"
    assert (await api.get("/livez/ping")).raw == b"ok"
    assert (await api.get("/readyz/poststarthook/rbac/bootstrap-roles")).raw == b"ok"
    assert (await api.get("/livez/nothing")).status == 404


async def test_a_check_that_fails_is_named_unless_it_is_excluded(api) -> None:
    api.server.storage_available = False
    answer = await api.get("/livez")
    assert (answer.status, answer.raw.decode()) == (
        500,
        "[+]ping ok\n[-]etcd failed: reason withheld\nlivez check failed\n",
    )
    assert (await api.get("/livez/etcd")).status == 500
    assert (await api.get("/livez?exclude=etcd")).raw == b"ok"
    answer = await api.get("/livez?verbose&exclude=etcd&exclude=moon")
    assert answer.raw.decode().splitlines() == [
        "[+]ping ok",
        "[+]etcd excluded: ok",
        'warn: some health checks cannot be excluded: no matches for "moon"',
        "livez check passed",
    ]


async def test_without_a_credential_there_is_403(api) -> None:
    async with api.session.get(api.url("/api/v1/pods")) as answer:
        status = await answer.json()
    assert answer.status == 403
    assert 'User "system:anonymous" cannot list' in status["message"]


async def test_a_wrong_token_gets_401(api) -> None:
    answer = await api.get("/api/v1/pods", token="wrong")
    assert (answer.status, answer.message) == (401, "Unauthorized")


async def test_a_user_without_rights_gets_403_in_upstreams_words(api) -> None:
    answer = await api.get("/api/v1/namespaces/default/pods/p", token="ada")
    assert answer.status == 403
    assert answer.message == (
        'pods "p" is forbidden: User "ada" cannot get resource "pods" in API group "" '
        'in the namespace "default"'
    )


async def test_an_administrator_may_act_as_somebody_else(api) -> None:
    answer = await api.get("/api/v1/pods", headers={"Impersonate-User": "ada"})
    assert answer.status == 403
    assert 'User "ada" cannot list' in answer.message
    group = {"Impersonate-User": "ada", "Impersonate-Group": "system:masters"}
    assert (await api.get("/api/v1/pods", headers=group)).status == 200


async def test_others_may_not_act_as_somebody_else(api) -> None:
    answer = await api.get("/api/v1/pods", token="ada", headers={"Impersonate-User": "bob"})
    assert answer.status == 403
    assert 'User "ada" cannot impersonate resource "users"' in answer.message


async def test_content_type_is_json_and_nothing_more(api) -> None:
    for path in ("/api/v1/namespaces/default", "/api/v1/pods", "/apis", "/api/v1/pods/nothing"):
        assert (await api.get(path)).headers["Content-Type"] == "application/json"


async def test_a_status_is_written_byte_for_byte_as_upstream_writes_it(api) -> None:
    # Go's client libraries compare keys and the line's end in their own tests.
    answer = await api.get("/apis/apps/v1/namespaces/default/deployments/nobody")
    assert answer.raw == (
        b'{"kind":"Status","apiVersion":"v1","metadata":{},"status":"Failure","message":'
        b'"deployments.apps \\"nobody\\" not found","reason":"NotFound","details":{"name":"nobody",'
        b'"group":"apps","kind":"deployments"},"code":404}\n'
    )


async def test_paths_that_lead_nowhere_are_told_apart(api) -> None:
    paths = ("/nothing", "/version/x", "/apis/example.com/v1", "/apis/example.com/v1/things")
    for path in paths:
        answer = await api.get(path)
        assert (answer.status, answer.raw) == (404, b"404 page not found\n")
    for path in (
        "/api/v1/gadgets",
        "/apis/apps/v9",
        "/apis/apps/v9/deployments",
        "/api/v1/namespaces/default/nodes",
        "/api/v1/pods/p",
        "/apis/batch/v1/namespaces/default/jobs/j/scale",
    ):
        answer = await api.get(path)
        assert answer.status == 404
        assert answer.message == "the server could not find the requested resource"


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/api/v1/namespaces/default/pods/p"),
        ("PUT", "/api/v1/namespaces/default/pods"),
        ("PATCH", "/api/v1/namespaces/default/pods"),
        ("POST", "/api/v1/pods"),
        ("DELETE", "/api/v1/namespaces"),
        ("GET", "/api/v1/namespaces/default/pods/p/binding"),
        ("DELETE", "/apis/apps/v1"),
        ("POST", "/version"),
    ],
)
async def test_a_method_that_a_path_does_not_have_gets_405(api, method, path) -> None:
    answer = await api(method, path, {})
    assert (answer.status, answer.body["reason"]) == (405, "MethodNotAllowed")


async def test_trailing_slashes_are_accepted(api) -> None:
    for path in ("/api/", "/apis/", "/api/v1/", "/apis/apps/v1/", "/version/", "/api/v1/pods/"):
        assert (await api.get(path)).status == 200


async def test_the_cluster_begins_with_its_namespaces_and_service(api) -> None:
    listed = (await api.get("/api/v1/namespaces")).body["items"]
    names = [each["metadata"]["name"] for each in listed]
    assert names == ["default", "kube-node-lease", "kube-public", "kube-system"]
    service = (await api.get("/api/v1/namespaces/default/services/kubernetes")).body
    assert service["spec"]["clusterIP"] == "127.64.128.1"
    slices = await api.get("/apis/discovery.k8s.io/v1/namespaces/default/endpointslices/kubernetes")
    assert slices.body["ports"][0]["port"] == api.server.port


async def test_a_body_over_the_limit_gets_413(api) -> None:
    body = {"metadata": {"name": "big"}, "data": {"x": "y" * (3 * 2**20)}}
    answer = await api.post(CONFIG_MAPS, body)
    assert (answer.status, answer.body["reason"]) == (413, "RequestEntityTooLarge")
    assert answer.message == "Request entity too large: limit is 3145728"


async def test_what_goes_wrong_inside_is_logged_once_and_not_shown(
    api, monkeypatch, caplog
) -> None:
    def broken(*_: object) -> None:
        raise RuntimeError("the secret cause")

    monkeypatch.setattr("kubelearn.embedded.apiserver.resources.list_page", broken)
    with caplog.at_level(logging.ERROR):
        answer = await api.get("/api/v1/pods")
    assert (answer.status, answer.body["reason"]) == (500, "InternalError")
    assert b"secret cause" not in answer.raw
    assert b"Traceback" not in answer.raw
    assert len([record for record in caplog.records if record.exc_info]) == 1


async def test_without_etcd_requests_fail_and_readiness_says_so(api) -> None:
    api.server.storage_available = False
    answer = await api.get("/api/v1/pods")
    assert (answer.status, answer.message) == (500, "etcdserver: request timed out")
    assert (await api.get("/readyz")).status == 500
    assert b"[-]etcd failed: reason withheld" in (await api.get("/readyz")).raw


async def test_stopping_ends_watches(api) -> None:
    headers = {"Authorization": "Bearer admin"}
    url = api.url("/api/v1/namespaces?watch=true&resourceVersion=0")
    async with api.session.get(url, headers=headers) as answer:
        assert json.loads(await answer.content.readline())["type"] == "ADDED"
        async with asyncio.timeout(5):
            await api.server.stop()
            while await answer.content.readline():
                pass


async def test_it_starts_again_after_a_stop(api) -> None:
    await api.post(CONFIG_MAPS, {"metadata": {"name": "kept"}})
    await api.server.stop()
    await api.server.start()
    assert (await api.get(f"{CONFIG_MAPS}/kept")).status == 200


async def test_answers_are_printed_for_people_who_use_curl(api) -> None:
    answer = await api.get("/api/v1/namespaces/default", headers={"User-Agent": "curl/8"})
    assert answer.raw.startswith(b'{\n  "kind": "Namespace",\n')


async def test_a_client_that_wants_yaml_gets_it(api) -> None:
    answer = await api.get("/api/v1/namespaces/default", headers={"Accept": "application/yaml"})
    assert answer.headers["Content-Type"] == "application/yaml"
    assert b"kind: Namespace\n" in answer.raw


async def test_an_answer_before_the_end_of_the_body_ends_the_connection(api) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", api.server.port)
    head = "POST /nothing HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n\r\nfirst half"
    writer.write(head.encode())
    async with asyncio.timeout(10):
        answer = await reader.readuntil(b"\r\n\r\n")
    assert b"Connection: close" in answer
    writer.close()


async def test_objects_whose_fields_cannot_be_told_apart_have_no_owners(api) -> None:
    accounts = "/api/v1/namespaces/default/serviceaccounts"
    answer = await api.post(accounts, {"metadata": {"name": "a"}, "secrets": [{}]})
    assert answer.status == 201
    assert "managedFields" not in answer.body["metadata"]


async def test_a_client_that_has_the_open_api_document_is_not_sent_it_again(api) -> None:
    old = "application/com.github.proto-openapi.spec.v2@v1.0+protobuf"
    for accept in ("application/json", old):
        known = {"Accept": accept}
        answer = await api.get("/openapi/v2", headers=known)
        assert answer.headers["Content-Type"] == accept.replace("@", ".")
        known["If-None-Match"] = answer.headers["ETag"]
        again = await api.get("/openapi/v2", headers=known)
        assert (again.status, again.raw) == (304, b"")


async def test_an_applied_key_that_stands_twice_is_refused_if_the_client_is_strict(api) -> None:
    path = f"{CONFIG_MAPS}/twice?fieldManager=me&fieldValidation="
    body = b"apiVersion: v1\nkind: ConfigMap\nmetadata: {name: twice}\ndata:\n  a: x\n  a: y\n"
    kind = "application/apply-patch+yaml"
    answer = await api("PATCH", f"{path}Strict", raw=body, kind=kind)
    assert (answer.status, answer.message) == (
        400,
        "error strict decoding YAML: error converting YAML to JSON: yaml: unmarshal errors:\n"
        '  line 6: key "a" already set in map',
    )
    answer = await api("PATCH", f"{path}Warn", raw=body, kind=kind)
    assert (answer.status, answer.body["data"]) == (201, {"a": "y"})
    assert "already set in map" in answer.headers["Warning"]
    body = b'{"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "twice"}}'
    answer = await api("PATCH", f"{path}Strict", raw=body, kind=kind)
    assert (answer.status, "Warning" in answer.headers) == (200, False)
