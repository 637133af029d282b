"""`kubectl auth`: who am I, what may I do, and making it so."""

import json

import pytest

ROLES = """
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: {name: reader, namespace: test-permissions}
rules: [{apiGroups: [""], resources: [pods], verbs: [get, list]}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: reads, namespace: test-permissions}
roleRef: {kind: Role, name: reader, apiGroup: rbac.authorization.k8s.io}
subjects: [{kind: User, name: ann, apiGroup: rbac.authorization.k8s.io}]
"""


@pytest.fixture(scope="module", autouse=True)
def roles(kubectl):
    said = kubectl("auth", "reconcile", "-f", "-", stdin=ROLES)
    assert "role.rbac.authorization.k8s.io/reader reconciled" in said
    assert "reconciliation required create" in said


def test_whoami_tells_name_and_groups(kubectl):
    heading, *rows = kubectl("auth", "whoami").splitlines()
    assert heading.split() == ["ATTRIBUTE", "VALUE"]
    assert "system:authenticated" in "".join(rows)
    said = json.loads(kubectl("auth", "whoami", "--as=ann", "--as-group=devs", "-o", "json"))
    assert said["status"]["userInfo"] == {
        "username": "ann",
        "groups": ["devs", "system:authenticated"],
    }


def test_an_administrator_may_do_everything(kubectl):
    assert kubectl("auth", "can-i", "*", "*") == "yes\n"
    assert kubectl("auth", "can-i", "delete", "nodes").startswith("yes\n")
    assert kubectl("auth", "can-i", "get", "/metrics") == "yes\n"


@pytest.mark.parametrize(
    ("words", "may"),
    [
        (["list", "pods"], True),
        (["get", "pods/talker"], True),
        (["delete", "pods"], False),
        (["get", "pods", "--subresource=log"], False),
        (["list", "pods", "--all-namespaces"], False),
        (["list", "secrets"], False),
        (["get", "/api"], True),
        (["get", "/metrics"], False),
    ],
)
def test_others_may_do_what_their_roles_allow(kubectl, words, may):
    said = kubectl("auth", "can-i", *words, "--as=ann", code=0 if may else 1)
    assert said.endswith("yes\n" if may else "no\n")


def test_the_answer_can_be_the_exit_code_alone(kubectl):
    assert kubectl("auth", "can-i", "list", "pods", "--as=ann", "--quiet") == ""
    assert kubectl("auth", "can-i", "list", "nodes", "--as=ann", "--quiet", code=1) == (
        "Warning: resource 'nodes' is not namespace scoped\n\n"
    )


def test_all_that_somebody_may_do_is_listed(kubectl):
    heading, *rows = kubectl("auth", "can-i", "--list", "--as=ann").splitlines()
    assert heading.split()[0] == "Resources"
    assert [row.split() for row in rows if row.startswith("pods")] == [
        ["pods", "[]", "[]", "[get", "list]"]
    ]


def test_what_is_not_allowed_is_refused_with_the_reason(kubectl):
    said = kubectl("get", "secrets", "--as=ann", code=1)
    assert said == (
        'Error from server (Forbidden): secrets is forbidden: User "ann" cannot list resource '
        '"secrets" in API group "" in the namespace "test-permissions"\n'
    )


def test_nobody_speaks_for_others_without_permission(kubectl):
    said = kubectl("auth", "can-i", "impersonate", "users", "--as=ann", code=1)
    assert said.startswith("no\n")


def test_reconcile_adds_what_is_missing_and_removes_when_told(kubectl):
    more = ROLES.replace("[get, list]", "[get, delete]")
    said = kubectl("auth", "reconcile", "-f", "-", stdin=more)
    assert "reconciliation required update" in said
    assert "{Verbs:[delete] APIGroups:[] Resources:[pods]" in said
    assert kubectl("auth", "can-i", "delete", "pods", "--as=ann") == "yes\n"
    assert kubectl("auth", "can-i", "list", "pods", "--as=ann") == "yes\n"
    flags = ("--remove-extra-permissions", "--remove-extra-subjects")
    kubectl("auth", "reconcile", "-f", "-", *flags, stdin=ROLES)
    assert kubectl("auth", "can-i", "delete", "pods", "--as=ann", code=1) == "no\n"


def test_a_token_is_a_credential(kubectl, run_kubectl, tmp_path):
    kubectl("create", "serviceaccount", "caller")
    token = kubectl("create", "token", "caller").strip()
    config = json.loads(kubectl("config", "view", "--minify", "--raw", "-o", "json"))
    config["users"][0]["user"] = {"token": token}
    (tmp_path / "config").write_text(json.dumps(config))
    done = run_kubectl(f"--kubeconfig={tmp_path / 'config'}", "auth", "whoami", "-o", "json")
    who = json.loads(done.stdout)["status"]["userInfo"]
    assert who["username"] == "system:serviceaccount:test-permissions:caller"
    assert "system:serviceaccounts" in who["groups"]
