"""The events that requests leave behind, through a real server with the policy of every cluster."""

import asyncio
import json
import random

import pytest

from kubelearn.embedded.apiserver import ApiServer
from kubelearn.embedded.apiserver.audit import Audit, Policy
from kubelearn.embedded.audittrail import POLICY
from tests.embedded.apiserver.conftest import Tokens

PODS = "/api/v1/namespaces/default/pods"
CONFIG_MAPS = "/api/v1/namespaces/default/configmaps"
DEPLOYMENTS = "/apis/apps/v1/namespaces/default/deployments"


@pytest.fixture
def lines():
    return []


@pytest.fixture
def make_server(store, clock, lines):
    def make():
        seed = random.Random(1)
        audit = Audit(
            Policy.read(POLICY), lambda line: lines.append(line()), clock=clock, random=seed
        )
        return ApiServer(store, clock=clock, random=seed, tokens=[Tokens()], audit=audit)

    return make


@pytest.fixture
def last(lines):
    """The last event, decoded."""

    def read():
        assert lines[-1].endswith(b"\n")
        return json.loads(lines[-1])

    return read


async def test_a_request_leaves_one_event_that_says_who_did_what(with_account, pod, last):
    answer = await with_account.post(f"{PODS}?fieldManager=me", pod())
    event = last()
    assert list(event) == [
        "kind",
        "apiVersion",
        "level",
        "auditID",
        "stage",
        "requestURI",
        "verb",
        "user",
        "sourceIPs",
        "userAgent",
        "objectRef",
        "responseStatus",
        "requestObject",
        "responseObject",
        "requestReceivedTimestamp",
        "stageTimestamp",
        "annotations",
    ]
    assert (event["kind"], event["apiVersion"]) == ("Event", "audit.k8s.io/v1")
    assert (event["level"], event["stage"]) == ("RequestResponse", "ResponseComplete")
    assert event["requestURI"] == f"{PODS}?fieldManager=me"
    assert event["verb"] == "create"
    assert event["user"] == {
        "username": "admin",
        "groups": ["system:masters", "system:authenticated"],
    }
    assert (event["sourceIPs"], event["userAgent"]) == (["127.0.0.1"], "test/1")
    assert event["objectRef"] == {
        "resource": "pods",
        "namespace": "default",
        "name": "web",
        "apiVersion": "v1",
    }
    assert event["responseStatus"] == {"metadata": {}, "code": 201}
    assert event["annotations"] == {
        "authorization.k8s.io/decision": "allow",
        "authorization.k8s.io/reason": "",
        "pod-security.kubernetes.io/enforce-policy": "privileged:latest",
    }
    assert answer.headers["Audit-Id"] == event["auditID"]


async def test_times_have_microseconds(api, last, clock):
    await api.get(f"{PODS}")
    event = last()
    assert event["requestReceivedTimestamp"] == event["stageTimestamp"]
    assert event["stageTimestamp"].startswith(f"{clock.now():%Y-%m-%dT%H:%M:%S}.")
    assert len(event["stageTimestamp"]) == len("2026-01-01T00:00:00.000000Z")


async def test_what_was_sent_and_what_came_back_are_kept_without_managed_fields(
    with_account, pod, last
):
    made = (await with_account.post(PODS, pod())).body
    event = last()
    assert event["requestObject"]["spec"]["restartPolicy"] == "Always"
    del made["metadata"]["managedFields"]
    assert event["responseObject"] == made
    await with_account.patch(f"{PODS}/web", {"metadata": {"labels": {"a": "b"}}})
    event = last()
    assert event["requestObject"] == {"metadata": {"labels": {"a": "b"}}}
    assert event["responseObject"]["metadata"]["labels"]["a"] == "b"


async def test_a_patch_in_yaml_is_kept_as_json(with_account, pod, last):
    await with_account.post(PODS, pod())
    body = b"apiVersion: v1\nkind: Pod\nmetadata: {name: web, labels: {a: b}}\n"
    path = f"{PODS}/web?fieldManager=me"
    await with_account("PATCH", path, raw=body, kind="application/apply-patch+yaml")
    assert last()["requestObject"]["metadata"]["labels"] == {"a": "b"}


async def test_a_scale_is_what_was_asked_for_and_what_is_shown(api, deployment, last):
    await api.post(DEPLOYMENTS, deployment())
    await api.patch(f"{DEPLOYMENTS}/web/scale", {"spec": {"replicas": 3}})
    event = last()
    assert event["objectRef"]["subresource"] == "scale"
    assert event["requestObject"] == {"spec": {"replicas": 3}}
    assert event["responseObject"]["kind"] == "Scale"
    assert event["responseObject"]["spec"] == {"replicas": 3}


async def test_a_deletion_keeps_its_options_and_the_status(api, deployment, last):
    await api.post(DEPLOYMENTS, deployment())
    answer = await api.delete(f"{DEPLOYMENTS}/web", {"propagationPolicy": "Background"})
    event = last()
    assert event["requestObject"]["propagationPolicy"] == "Background"
    assert event["responseObject"] == answer.body
    assert event["responseStatus"]["status"] == "Success"


async def test_what_belongs_in_no_log_is_not_in_it(api, last):
    secret = {"metadata": {"name": "s"}, "stringData": {"password": "x"}}
    await api.post("/api/v1/namespaces/default/secrets", secret)
    event = last()
    assert event["level"] == "Metadata"
    assert event["objectRef"]["name"] == "s"
    assert not {"requestObject", "responseObject"} & set(event)


async def test_a_failure_is_kept_with_its_status(with_account, last):
    await with_account.get(f"{PODS}/missing")
    assert last()["responseStatus"] == {
        "metadata": {},
        "status": "Failure",
        "message": 'pods "missing" not found',
        "reason": "NotFound",
        "details": {"name": "missing", "kind": "pods"},
        "code": 404,
    }
    await with_account.post(PODS, {"metadata": {"name": "bad"}, "spec": {}})
    event = last()
    assert event["responseStatus"]["code"] == event["responseObject"]["code"] == 422
    assert event["responseObject"]["kind"] == "Status"


async def test_a_body_that_cannot_be_read_is_left_out(api, last):
    await api("POST", PODS, raw=b'{"metadata":')
    assert last()["responseStatus"]["code"] == 400
    assert "requestObject" not in last()


async def test_who_may_not_is_forbidden(api, last):
    await api.get(PODS, token="joe")
    event = last()
    assert event["user"]["username"] == "joe"
    assert event["responseStatus"]["code"] == 403
    assert event["annotations"] == {
        "authorization.k8s.io/decision": "forbid",
        "authorization.k8s.io/reason": "",
    }


async def test_nobody_is_behind_wrong_credentials(api, last):
    await api.get(PODS, token="wrong")
    event = last()
    assert (event["user"], event["stage"]) == ({}, "ResponseStarted")
    assert event["responseStatus"]["code"] == 401


async def test_who_acts_as_somebody_else_is_named_too(api, last):
    await api.get(PODS, headers={"Impersonate-User": "joe"})
    event = last()
    assert event["user"]["username"] == "admin"
    assert event["impersonatedUser"] == {"username": "joe", "groups": ["system:authenticated"]}


async def test_a_watch_is_one_event_when_it_has_ended(api, lines, last):
    await api.get(f"{CONFIG_MAPS}?watch=true&timeoutSeconds=1")
    event = last()
    assert (event["verb"], event["responseStatus"]["code"]) == ("watch", 200)


async def test_the_client_may_choose_the_id(api, last):
    answer = await api.get(PODS, headers={"Audit-ID": "mine"})
    assert last()["auditID"] == answer.headers["Audit-Id"] == "mine"


async def test_a_long_agent_is_cut(api, last):
    await api.get(PODS, headers={"User-Agent": "a" * 2000})
    assert last()["userAgent"] == "a" * 1024 + "...TRUNCATED"


async def test_bytes_that_are_no_text_keep_no_event_from_being_written(api, last):
    reader, writer = await asyncio.open_connection("127.0.0.1", api.server.port)
    head = f"GET {PODS}/%ff HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer admin\r\nUser-Agent: "
    writer.write(head.encode() + b"\xff\r\nConnection: close\r\n\r\n")
    assert (await reader.read()).startswith(b"HTTP/1.1 404")
    writer.close()
    assert last()["userAgent"] == "?"


async def test_health_checks_and_heartbeats_leave_nothing(api, lines):
    await api.get("/readyz")
    await api.post("/apis/coordination.k8s.io/v1/namespaces/kube-node-lease/leases", {})
    await api.get(PODS, token="system:kube-scheduler")
    assert lines == []


async def test_what_would_violate_the_audit_level_is_told(with_account, pod, deployment, last):
    labels = {"pod-security.kubernetes.io/audit": "restricted"}
    await with_account.patch("/api/v1/namespaces/default", {"metadata": {"labels": labels}})
    await with_account.post(PODS, pod())
    annotations = last()["annotations"]
    assert annotations["pod-security.kubernetes.io/enforce-policy"] == "privileged:latest"
    told = annotations["pod-security.kubernetes.io/audit-violations"]
    assert told.startswith('would violate PodSecurity "restricted:latest": allowPrivilegeEscal')
    answer = await with_account.post(DEPLOYMENTS, deployment())
    assert "Warning" not in answer.headers
    assert last()["annotations"]["pod-security.kubernetes.io/audit-violations"] == told
    assert "pod-security.kubernetes.io/enforce-policy" not in last()["annotations"]


async def test_a_policy_can_tell_the_audit_trail_instead_of_refusing(api, last):
    rule = {"apiGroups": [""], "apiVersions": ["v1"], "resources": ["configmaps"]}
    policy = {
        "metadata": {"name": "few"},
        "spec": {
            "matchConstraints": {"resourceRules": [{**rule, "operations": ["CREATE"]}]},
            "validations": [{"expression": "true"}, {"expression": "object.data.size() < 2"}],
            "auditAnnotations": [
                {"key": "count", "valueExpression": "'has ' + string(object.data.size())"},
                {"key": "nothing", "valueExpression": "null"},
            ],
        },
    }
    binding = {
        "metadata": {"name": "everywhere"},
        "spec": {"policyName": "few", "validationActions": ["Audit"]},
    }
    path = "/apis/admissionregistration.k8s.io/v1/validatingadmissionpolic"
    assert (await api.post(f"{path}ies", policy)).status == 201
    assert (await api.post(f"{path}ybindings", binding)).status == 201
    made = await api.post(CONFIG_MAPS, {"metadata": {"name": "c"}, "data": {"a": "", "b": ""}})
    assert made.status == 201
    annotations = last()["annotations"]
    assert annotations["few/count"] == "has 2"
    assert "few/nothing" not in annotations
    failure = json.loads(annotations["validation.policy.admission.k8s.io/validation_failure"])
    assert failure == [
        {
            "message": "failed expression: object.data.size() < 2",
            "policy": "few",
            "binding": "everywhere",
            "expressionIndex": 1,
            "validationActions": ["Audit"],
        }
    ]
