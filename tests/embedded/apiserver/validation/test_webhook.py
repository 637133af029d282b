"""What is wrong with the configuration of a webhook."""

import pytest

GROUP = "admissionregistration.k8s.io/v1"
RULE = {"operations": ["CREATE"], "apiGroups": [""], "apiVersions": ["v1"], "resources": ["pods"]}
HOOK = {
    "name": "hook.example.com",
    "clientConfig": {"url": "https://example.com/hook"},
    "rules": [RULE],
    "sideEffects": "None",
    "admissionReviewVersions": ["v1"],
}


@pytest.fixture
def problems(create):
    def check(**changes):
        hook = {**HOOK, **changes}
        hook = {name: value for name, value in hook.items() if value is not None}
        return create(GROUP, "ValidatingWebhookConfiguration", webhooks=[hook])

    return check


def test_a_complete_one_is_valid(problems):
    assert problems() == []


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        (
            {"name": "short"},
            'webhooks[0].name: Invalid value: "short": '
            "should be a domain with at least three segments separated by dots",
        ),
        (
            {"sideEffects": None},
            "webhooks[0].sideEffects: Required value: must specify one of None, NoneOnDryRun",
        ),
        (
            {"timeoutSeconds": 31},
            "webhooks[0].timeoutSeconds: Invalid value: 31: "
            "the timeout value must be between 1 and 30 seconds",
        ),
        (
            {"clientConfig": {}},
            "webhooks[0].clientConfig: Required value: exactly one of url or service is required",
        ),
        (
            {"clientConfig": {"url": "http://example.com"}},
            'webhooks[0].clientConfig.url: Invalid value: "http": '
            "'https' is the only allowed URL scheme; desired format: https://host[/path]",
        ),
        (
            {"clientConfig": {"service": {"namespace": "a", "name": "b", "path": "x"}}},
            "webhooks[0].clientConfig.service.path: Invalid value: \"x\": must start with a '/'",
        ),
        (
            {"admissionReviewVersions": ["v2"]},
            'webhooks[0].admissionReviewVersions: Invalid value: ["v2"]: '
            "must include at least one of v1, v1beta1",
        ),
        (
            {"rules": [{**RULE, "resources": ["*", "pods"]}]},
            'webhooks[0].rules[0].resources: Invalid value: ["*","pods"]: '
            "if '*' is present, must not specify other resources without subresources",
        ),
        (
            {"rules": [{**RULE, "operations": ["LOOK"]}]},
            'webhooks[0].rules[0].operations[0]: Unsupported value: "LOOK": '
            'supported values: "*", "CONNECT", "CREATE", "DELETE", "UPDATE"',
        ),
        (
            {"matchConditions": [{"name": "a"}]},
            "webhooks[0].matchConditions[0].expression: Required value",
        ),
    ],
)
def test_what_is_wrong_is_named(problems, changes, expected):
    assert expected in problems(**changes)


def test_names_differ(create):
    assert create(GROUP, "MutatingWebhookConfiguration", webhooks=[HOOK, HOOK]) == [
        'webhooks[1].name: Duplicate value: "hook.example.com"'
    ]
