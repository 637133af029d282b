"""ValidatingAdmissionPolicies: rules in CEL about what may be written."""

from __future__ import annotations

import pytest
from kubernetes import client

PATH = "/apis/admissionregistration.k8s.io/v1"
MAPS = {"apiGroups": [""], "apiVersions": ["v1"], "resources": ["configmaps"]}


@pytest.fixture
def demand(send, namespace):
    """Demand something of the ConfigMaps in the test's namespace."""
    made = []

    def call(*validations, actions=("Deny",), param_ref=None, **spec):
        name = f"policy-{namespace}"
        rules = [{**MAPS, "operations": ["CREATE", "UPDATE"]}]
        body = {"matchConstraints": {"resourceRules": rules}, "validations": list(validations)}
        add("validatingadmissionpolicies", name, {**body, **spec})
        where = {"matchLabels": {"kubernetes.io/metadata.name": namespace}}
        binding = {
            "policyName": name,
            "validationActions": list(actions),
            "matchResources": {"namespaceSelector": where},
            **({"paramRef": param_ref} if param_ref else {}),
        }
        add("validatingadmissionpolicybindings", name, binding)
        return name

    def add(plural, name, spec):
        send("POST", f"{PATH}/{plural}", body={"metadata": {"name": name}, "spec": spec}).checked()
        made.append(f"{PATH}/{plural}/{name}")

    yield call
    for path in reversed(made):
        send("DELETE", path)


@pytest.fixture
def write(send, namespace, eventually):
    """Create a ConfigMap for trial; gives the answer."""

    def call(name="a", **data):
        body = {"metadata": {"name": name}, "data": data}
        path = f"/api/v1/namespaces/{namespace}/configmaps?dryRun=All"
        return send("POST", path, body=body)

    return call


@pytest.fixture
def refused_in_time(write, eventually):
    """The `Status` of a write that is refused, once the API server knows the policy."""

    def call(**data):
        return eventually(lambda: (answer := write(**data)).code >= 400 and answer.body)

    return call


def test_what_is_not_true_is_refused_in_the_policys_words(demand, refused_in_time, write):
    name = demand(
        {"expression": "object.data.size != 'huge'", "message": "too big", "reason": "Forbidden"}
    )
    status = refused_in_time(size="huge")
    assert (status["code"], status["reason"]) == (403, "Forbidden")
    denied = f"ValidatingAdmissionPolicy '{name}' with binding '{name}' denied request: too big"
    assert status["message"] == f'configmaps "a" is forbidden: {denied}'
    assert status["details"]["causes"] == [{"message": denied}]
    assert write(size="small").code == 201


def test_without_words_of_its_own_the_expression_is_shown(demand, refused_in_time):
    demand({"expression": "!('x' in object.data)"})
    status = refused_in_time(x="1")
    assert (status["code"], status["reason"]) == (422, "Invalid")
    assert status["message"].endswith("denied request: failed expression: !('x' in object.data)")


def test_variables_and_a_computed_message(demand, refused_in_time):
    demand(
        {
            "expression": "variables.count < 3",
            "messageExpression": "'there are ' + string(variables.count)",
        },
        variables=[{"name": "count", "expression": "size(object.data)"}],
    )
    status = refused_in_time(a="1", b="2", c="3")
    assert status["message"].endswith("denied request: there are 3")


def test_parameters_come_from_another_object(demand, refused_in_time, write, core, namespace):
    core.create_namespaced_config_map(
        namespace, {"metadata": {"name": "limit"}, "data": {"n": "1"}}
    )
    demand(
        {"expression": "size(object.data) <= int(params.data.n)"},
        paramKind={"apiVersion": "v1", "kind": "ConfigMap"},
        param_ref={"name": "limit", "namespace": namespace, "parameterNotFoundAction": "Deny"},
    )
    refused_in_time(a="1", b="2")
    assert write(a="1").code == 201


def test_conditions_say_which_writes_are_meant(demand, refused_in_time, write):
    demand(
        {"expression": "false", "message": "never"},
        matchConditions=[{"name": "named-a", "expression": "object.metadata.name == 'a'"}],
    )
    refused_in_time()
    assert write("b").code == 201


def test_a_policy_may_only_warn(demand, write, eventually):
    name = demand({"expression": "false", "message": "think again"}, actions=["Warn"])
    text = (
        f"Validation failed for ValidatingAdmissionPolicy '{name}' with binding '{name}': "
        "think again"
    )
    eventually(lambda: text in write().headers.get("Warning", ""))
    assert write().code == 201


def test_a_policy_that_cannot_be_read_is_refused(send):
    rules = [{**MAPS, "operations": ["CREATE"]}]
    spec = {
        "matchConstraints": {"resourceRules": rules},
        "validations": [{"expression": "object. =="}],
    }
    answer = send(
        "POST",
        f"{PATH}/validatingadmissionpolicies?dryRun=All",
        body={"metadata": {"name": "broken"}, "spec": spec},
    )
    assert answer.code == 422
    assert answer.body["details"]["causes"][0]["field"] == "spec.validations[0].expression"


def test_the_official_client_lists_them(api, demand):
    name = demand({"expression": "true"})
    registration = client.AdmissionregistrationV1Api(api)
    found = registration.read_validating_admission_policy(name)
    assert found.spec.failure_policy == "Fail"
    assert found.spec.match_constraints.match_policy == "Equivalent"
    assert found.spec.match_constraints.resource_rules[0].scope == "*"
