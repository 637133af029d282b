"""MutatingAdmissionPolicies: changes in CEL to what is written."""

from __future__ import annotations

import pytest

PATH = "/apis/admissionregistration.k8s.io/v1"
RULE = {"apiGroups": [""], "apiVersions": ["v1"], "operations": ["CREATE"]}


@pytest.fixture
def change(send, namespace):
    """Let a policy change the pods and ConfigMaps of the test's namespace."""
    made = []

    def call(*mutations, **spec):
        name = f"mutating-{len(made)}-{namespace}"
        rules = [RULE | {"resources": ["configmaps", "pods"]}]
        body = {
            "matchConstraints": {"resourceRules": rules},
            "reinvocationPolicy": "Never",
            "mutations": list(mutations),
            **spec,
        }
        where = {"matchLabels": {"kubernetes.io/metadata.name": namespace}}
        binding = {"policyName": name, "matchResources": {"namespaceSelector": where}}
        add("mutatingadmissionpolicies", name, body).checked()
        add("mutatingadmissionpolicybindings", name, binding).checked()
        return name

    def add(plural, name, spec):
        made.append(f"{PATH}/{plural}/{name}")
        return send("POST", f"{PATH}/{plural}", body={"metadata": {"name": name}, "spec": spec})

    yield call
    for path in reversed(made):
        send("DELETE", path)


@pytest.fixture
def in_time(send, namespace, eventually):
    """Create for trial until the API server knows the policy; gives what came of it."""

    def call(obj, done, plural="configmaps"):
        path = f"/api/v1/namespaces/{namespace}/{plural}?dryRun=All"
        return eventually(lambda: done(body := send("POST", path, body=obj).body) and body)

    return call


def configuration(expression):
    return {"patchType": "ApplyConfiguration", "applyConfiguration": {"expression": expression}}


def patch(expression):
    return {"patchType": "JSONPatch", "jsonPatch": {"expression": expression}}


def config_map(**data):
    return {"metadata": {"name": "a"}, "data": data}


def labels(obj):
    return obj["metadata"].get("labels")


def test_a_part_is_laid_over_the_object(change, in_time):
    change(
        configuration(
            "Object{spec: Object.spec{containers: object.spec.containers.map(each, "
            "Object.spec.containers{name: each.name, env: "
            "[Object.spec.containers.env{name: 'B', value: variables.value}]})}}"
        ),
        variables=[{"name": "value", "expression": "object.metadata.name + '!'"}],
    )
    container = {"name": "c", "image": "i", "env": [{"name": "A", "value": "1"}]}
    pod = {"metadata": {"name": "web"}, "spec": {"containers": [container]}}
    made = in_time(pod, lambda body: len(body["spec"]["containers"][0]["env"]) == 2, "pods")
    environment = {each["name"]: each["value"] for each in made["spec"]["containers"][0]["env"]}
    assert environment == {"A": "1", "B": "web!"}
    assert made["spec"]["containers"][0]["image"] == "i"


def test_operations_change_an_object_unless_their_test_fails(change, in_time, send, namespace):
    change(
        patch(
            "[JSONPatch{op: 'test', path: '/data/size', value: 'big'}, "
            "JSONPatch{op: 'add', path: '/data/' + jsonpatch.escapeKey('a/b'), value: 'x'}]"
        ),
        matchConditions=[{"name": "has-size", "expression": "has(object.data.size)"}],
    )
    path = f"/api/v1/namespaces/{namespace}/configmaps?dryRun=All"
    # ConfigMaps may not have such a key: that it is refused shows that it was there.
    refused = in_time(config_map(size="big"), lambda body: body.get("code"))
    assert refused["details"]["causes"][0]["field"] == "data[a/b]"
    assert send("POST", path, body=config_map(size="small")).code == 201


def test_a_policy_is_asked_again_when_another_has_changed_the_object(change, in_time):
    count = "string(has(object.metadata.labels) ? size(object.metadata.labels) : 0)"
    told = "Object{metadata: Object.metadata{annotations: {'labels': " + count + "}}}"
    change(configuration(told), reinvocationPolicy="IfNeeded")
    change(configuration("Object{metadata: Object.metadata{labels: {'a': 'b'}}}"))
    made = in_time(config_map(), labels)
    assert made["metadata"]["annotations"]["labels"] == "1"


@pytest.mark.parametrize(
    ("expression", "problem"),
    [
        (
            "Object{data: Object.wrong{}}",
            'type mismatch: unexpected type name "Object.wrong", expected "Object.data", '
            "which matches field name path from root Object type",
        ),
        (
            "Object{color: 'red'}",
            "error applying patch: failed to convert patch object to typed object: "
            ".color: field not declared in schema",
        ),
        (
            "Object{metadata: Object.metadata{ownerReferences: "
            "[Object.metadata.ownerReferences{uid: 'u'}], labels: {'a': object.data['b']}}}",
            "resulted in error: no such key: b",
        ),
    ],
)
def test_a_change_that_does_not_fit_is_refused(change, in_time, expression, problem):
    name = change(configuration(expression))
    status = in_time(config_map(a="b"), lambda body: body.get("code"))
    assert (status["code"], status["reason"]) == (403, "Invalid")
    assert status["message"].startswith(f"policy '{name}' with binding '{name}' denied request: ")
    assert status["message"].endswith(problem)
    assert status["details"]["causes"] == [{"message": status["message"]}]


def test_what_a_policy_may_fail_at_is_let_through(change, in_time, send, namespace):
    change(configuration("Object{color: 'red'}"), failurePolicy="Ignore")
    change(configuration("Object{metadata: Object.metadata{labels: {'a': 'b'}}}"))
    assert in_time(config_map(), labels)["metadata"]["labels"] == {"a": "b"}


def test_a_patch_has_one_type_and_its_expression(send):
    mutation = {"patchType": "JSONPatch", "applyConfiguration": {"expression": "Object{}"}}
    rules = [RULE | {"operations": ["DELETE"], "resources": ["pods"]}]
    spec = {"matchConstraints": {"resourceRules": rules}, "mutations": [mutation]}
    body = {"metadata": {"name": "wrong"}, "spec": spec}
    status = send("POST", f"{PATH}/mutatingadmissionpolicies", body=body).body
    assert status["message"].splitlines()[0].startswith("MutatingAdmissionPolicy")
    causes = {each["field"]: each["message"] for each in status["details"]["causes"]}
    assert causes == {
        "spec.matchConstraints.resourceRules.operations": (
            'Unsupported value: "DELETE": supported values: "*", "CONNECT", "CREATE", "UPDATE"'
        ),
        "spec.mutations[0].applyConfiguration": (
            'Invalid value: "{applyConfiguration}": must not be specified when patchType is '
            "JSONPatch"
        ),
        "spec.mutations[0].jsonPatch": (
            "Required value: must be specified when patchType is JSONPatch"
        ),
        "spec.reinvocationPolicy": "Required value",
    }
