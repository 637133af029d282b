import pytest

PATH = "/apis/flowcontrol.apiserver.k8s.io/v1"
SCHEMA, LEVEL = "X-Kubernetes-PF-FlowSchema-UID", "X-Kubernetes-PF-PriorityLevel-UID"
EVERYTHING = {
    "verbs": ["*"],
    "apiGroups": ["*"],
    "resources": ["*"],
    "namespaces": ["*"],
    "clusterScope": True,
}


@pytest.fixture
def make(api, eventually):
    """Make a level and a FlowSchema that leads a user to it; gives both uids."""

    async def call(user, *, shares=1, level=True):
        limited = {"nominalConcurrencyShares": shares, "limitResponse": {"type": "Reject"}}
        uid = ""
        if level:
            body = {"metadata": {"name": user}, "spec": {"type": "Limited", "limited": limited}}
            answer = await api.post(f"{PATH}/prioritylevelconfigurations", body)
            assert answer.status == 201, answer.message
            uid = answer.body["metadata"]["uid"]
        subject = {"kind": "User", "user": {"name": user}}
        spec = {
            "matchingPrecedence": 5,
            "priorityLevelConfiguration": {"name": user},
            "rules": [{"subjects": [subject], "resourceRules": [EVERYTHING]}],
        }
        answer = await api.post(f"{PATH}/flowschemas", {"metadata": {"name": user}, "spec": spec})
        assert answer.status == 201, answer.message
        return answer.body["metadata"]["uid"], uid

    return call


async def uid(api, plural, name):
    return (await api.get(f"{PATH}/{plural}/{name}")).body["metadata"]["uid"]


async def test_each_answer_tells_to_which_flow_it_belongs(api):
    answer = await api.get("/api/v1/pods")
    assert answer.headers[SCHEMA] == await uid(api, "flowschemas", "exempt")
    assert answer.headers[LEVEL] == await uid(api, "prioritylevelconfigurations", "exempt")
    # Also one that is refused.
    answer = await api.get("/api/v1/pods", token="ada")
    assert answer.status == 403
    assert answer.headers[SCHEMA] == await uid(api, "flowschemas", "global-default")


async def answer_of_flow(api, user, schema):
    """The answer to a user, once the server knows the FlowSchema."""
    while True:
        answer = await api.get("/api/v1/pods", token=user)
        if answer.headers.get(SCHEMA) == schema:
            return answer


async def test_a_flow_schema_leads_requests_to_its_level(api, make):
    schema, level = await make("ada")
    answer = await answer_of_flow(api, "ada", schema)
    assert answer.headers[LEVEL] == level


async def test_a_level_without_seats_sends_requests_away(api, make):
    schema, _ = await make("ada", shares=0)
    answer = await answer_of_flow(api, "ada", schema)
    assert (answer.status, answer.headers["Retry-After"]) == (429, "1")
    assert answer.raw == b"Too many requests, please try again later.\n"
    assert (await api.get("/api/v1/pods", token="admin")).status == 200


async def dangling(api, name, status):
    while True:
        found = (await api.get(f"{PATH}/flowschemas/{name}")).body
        for each in (found.get("status") or {}).get("conditions") or []:
            if each["status"] == status:
                return each


async def test_a_flow_schema_tells_whether_its_level_exists(api, make):
    await make("ada", level=False)
    told = await dangling(api, "ada", "True")
    assert (told["type"], told["reason"]) == ("Dangling", "NotFound")
    assert told["message"].endswith('object named "ada" but there is no such object')
    limited = {"limitResponse": {"type": "Reject"}}
    body = {"metadata": {"name": "ada"}, "spec": {"type": "Limited", "limited": limited}}
    made = (await api.post(f"{PATH}/prioritylevelconfigurations", body)).body
    assert made["spec"]["limited"]["nominalConcurrencyShares"] == 30
    assert (await dangling(api, "ada", "False"))["reason"] == "Found"


async def test_what_every_cluster_needs_may_not_be_changed(api):
    path = f"{PATH}/flowschemas/catch-all"
    answer = await api.patch(path, {"spec": {"matchingPrecedence": 9}})
    assert answer.status == 422
    assert answer.message.endswith("spec of 'catch-all' must equal the fixed value")


async def test_a_flow_schema_that_means_nobody_is_refused(api):
    spec = {"priorityLevelConfiguration": {}, "rules": [{"subjects": [{"kind": "Team"}]}]}
    body = {"metadata": {"name": "a"}, "spec": spec}
    answer = await api.post(f"{PATH}/flowschemas", body)
    causes = {each["field"]: each["message"] for each in answer.body["details"]["causes"]}
    assert causes == {
        "spec.priorityLevelConfiguration.name": "Required value: must reference a priority level",
        "spec.rules[0].subjects[0].kind": (
            'Unsupported value: "Team": supported values: "Group", "ServiceAccount", "User"'
        ),
        "spec.rules[0]": (
            "Required value: at least one of resourceRules and nonResourceRules has to be non-empty"
        ),
    }
