"""`kubectl create`: each kind that it knows by name, tokens, dry runs, and what is refused."""

import base64
import json
import re

import pytest


@pytest.fixture(scope="module")
def made(kubectl):
    """A field of an object, by JSON path."""
    return lambda what, path: kubectl("get", *what.split("/"), f"-o=jsonpath={path}")


def test_configmaps_hold_literals_and_files(kubectl, made, tmp_path):
    (tmp_path / "app.conf").write_text("color=red\n")
    literal, file = "--from-literal=size=big", f"--from-file={tmp_path / 'app.conf'}"
    assert kubectl("create", "configmap", "settings", literal, file) == (
        "configmap/settings created\n"
    )
    assert json.loads(made("cm/settings", "{.data}")) == {"app.conf": "color=red\n", "size": "big"}


def test_secrets_are_encoded(kubectl, made):
    kubectl("create", "secret", "generic", "word", "--from-literal=word=s3cret")
    assert base64.b64decode(made("secret/word", "{.data.word}")) == b"s3cret"
    login = ("--docker-server=r", "--docker-username=u", "--docker-password=p")
    kubectl("create", "secret", "docker-registry", "login", *login)
    assert made("secret/login", "{.type}") == "kubernetes.io/dockerconfigjson"


def test_deployments_and_services(kubectl, made):
    said = kubectl("create", "deployment", "web", "--image=nginx", "--replicas=0", "--port=80")
    assert said == "deployment.apps/web created\n"
    assert made("deploy/web", "{.spec.template.spec.containers[0].ports[0]}") == (
        '{"containerPort":80,"protocol":"TCP"}'
    )
    for kind, options in {
        "clusterip": ("--tcp=80:8080",),
        "nodeport": ("--tcp=80:8080",),
        "loadbalancer": ("--tcp=80",),
        "externalname": ("--external-name=example.com",),
    }.items():
        assert kubectl("create", "service", kind, kind, *options) == f"service/{kind} created\n"
    assert made("svc/clusterip", "{.spec.ports[0].targetPort}") == "8080"
    assert int(made("svc/nodeport", "{.spec.ports[0].nodePort}")) >= 30000
    assert made("svc/externalname", "{.spec.externalName}") == "example.com"


def test_jobs_cronjobs_and_a_job_of_a_cronjob(kubectl, made):
    said = kubectl("create", "job", "once", "--image=busybox:1.37", "--", "echo", "hi")
    assert said == "job.batch/once created\n"
    kubectl(
        "create", "cronjob", "often", "--image=busybox:1.37", "--schedule=0 0 1 1 *", "--", "true"
    )
    assert made("cj/often", "{.spec.schedule}") == "0 0 1 1 *"
    assert kubectl("create", "job", "now", "--from=cronjob/often") == "job.batch/now created\n"
    marked = made("job/now", r"{.metadata.annotations.cronjob\.kubernetes\.io/instantiate}")
    assert marked == "manual"


def test_accounts_roles_and_bindings(kubectl, made):
    assert kubectl("create", "serviceaccount", "robot") == "serviceaccount/robot created\n"
    kubectl("create", "role", "reader", "--verb=get,list", "--resource=pods,deployments.apps")
    groups = made("role/reader", "{.rules[*].apiGroups[0]}")
    assert groups.split() == ["apps"]
    account = "--serviceaccount=test-creating:robot"
    kubectl("create", "rolebinding", "robot-reads", "--role=reader", account)
    assert made("rolebinding/robot-reads", "{.subjects[0].kind}") == "ServiceAccount"
    try:
        kubectl("create", "clusterrole", "test-looker", "--verb=get", "--non-resource-url=/logs/*")
        assert made("clusterrole/test-looker", "{.rules[0].nonResourceURLs[0]}") == "/logs/*"
        kubectl(
            "create", "clusterrolebinding", "test-looks", "--clusterrole=test-looker", "--user=ann"
        )
        assert made("clusterrolebinding/test-looks", "{.subjects[0].name}") == "ann"
    finally:
        kubectl("delete", "clusterrole/test-looker", "clusterrolebinding/test-looks")


def test_ingresses_quotas_budgets_and_priorities(kubectl, made):
    kubectl("create", "ingress", "front", "--rule=shop.example.com/*=web:80")
    assert made("ing/front", "{.spec.rules[0].http.paths[0].pathType}") == "Prefix"
    kubectl("create", "quota", "cap", "--hard=pods=100,configmaps=100")
    assert made("quota/cap", "{.spec.hard.pods}") == "100"
    kubectl("create", "poddisruptionbudget", "web", "--selector=app=web", "--min-available=1")
    assert made("pdb/web", "{.spec.minAvailable}") == "1"
    try:
        kubectl("create", "priorityclass", "test-urgent", "--value=1000", "--description=now")
        assert made("pc/test-urgent", "{.value}") == "1000"
    finally:
        kubectl("delete", "priorityclass", "test-urgent")


def test_a_token_speaks_for_its_account(kubectl):
    kubectl("create", "serviceaccount", "speaker")
    token = kubectl("create", "token", "speaker", "--duration=10m", "--audience=shop").strip()
    claims = token.split(".")[1]
    read = json.loads(base64.urlsafe_b64decode(claims + "=="))
    assert read["sub"] == "system:serviceaccount:test-creating:speaker"
    assert read["aud"] == ["shop"]
    assert read["exp"] - read["iat"] == 600
    said = kubectl("create", "token", "nobody", code=1)
    assert 'serviceaccounts "nobody" not found' in said


def test_a_name_is_made_up_where_asked_for(kubectl):
    manifest = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"generateName": "some-"}}
    said = kubectl("create", "-f", "-", stdin=json.dumps(manifest))
    assert re.fullmatch(r"configmap/some-[a-z0-9]{5} created\n", said)


@pytest.mark.parametrize("where", ["client", "server"])
def test_a_dry_run_stores_nothing(kubectl, where):
    words = ("create", "configmap", "ghost", f"--dry-run={where}")
    note = "dry run" if where == "client" else "server dry run"
    assert kubectl(*words) == f"configmap/ghost created ({note})\n"
    printed = kubectl(*words, "-o", "yaml")
    assert ("uid:" in printed) == (where == "server")
    assert 'configmaps "ghost" not found' in kubectl("get", "configmap", "ghost", code=1)


def test_what_is_there_already_is_not_made_again(kubectl):
    kubectl("create", "configmap", "twice")
    assert kubectl("create", "configmap", "twice", code=1) == (
        'error: failed to create configmap: configmaps "twice" already exists\n'
    )


def test_what_makes_no_sense_is_refused(kubectl):
    said = kubectl("create", "deployment", "Web", "--image=nginx", code=1)
    assert 'metadata.name: Invalid value: "Web": a lowercase RFC 1123 subdomain' in said
    manifest = '{"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "p"}, "spec": {"x": 1}}'
    said = kubectl("create", "-f", "-", stdin=manifest, code=1)
    assert 'strict decoding error: unknown field "spec.x"' in said
    said = kubectl("create", "-f", "-", "--validate=false", stdin=manifest, code=1)
    assert "spec.containers: Required value" in said


@pytest.mark.parametrize(
    ("version", "kind"),
    [
        ("moon.example.com/v1", "Rover"),
        ("apps/v1", "Deploymnet"),
        ("extensions/v1beta1", "Ingress"),
    ],
)
def test_a_kind_that_nobody_knows_is_named(kubectl, version, kind):
    manifest = json.dumps({"apiVersion": version, "kind": kind, "metadata": {"name": "r"}})
    for verb in ("create", "apply"):
        said = kubectl(verb, "-f", "-", stdin=manifest, code=1)
        assert f'no matches for kind "{kind}" in version "{version}"' in said
        assert "ensure CRDs are installed first" in said


def test_a_namespace_comes_with_an_account_and_a_certificate(kubectl):
    assert kubectl("create", "namespace", "test-made") == "namespace/test-made created\n"
    try:
        for what in ("serviceaccount/default", "configmap/kube-root-ca.crt"):
            kubectl("-n", "test-made", "wait", "--for=create", what, "--timeout=30s")
    finally:
        kubectl("delete", "namespace", "test-made", "--wait=false")
