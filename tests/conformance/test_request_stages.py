"""Where requests are refused, told by what RequestXray asks: the same on every cluster."""

from __future__ import annotations

import pytest

from kubelearn.clusters.nointernals import NoInternals
from kubelearn.clusters.transport import MERGE_PATCH
from kubelearn.diagrams.requeststages import stages, summary
from kubelearn.objects import CONFIG_MAPS
from kubelearn.widgets.apirequest import ApiRequest
from kubelearn.widgets.inquiry import Inquiry
from kubelearn.widgets.requestexamples import examples

pytestmark = pytest.mark.needs_nodes


@pytest.fixture
def ask(cluster, namespace):
    """A function that sends a ready-made request and gives all that can be known of it."""

    def send(name, on=cluster):
        *_, evidence = Inquiry(on, examples(namespace)[name].request, patience=10).run()
        return evidence

    return send


@pytest.fixture
def ready(core, namespace, eventually):
    """The namespace has what Kubernetes itself puts into each."""
    eventually(lambda: core.read_namespaced_service_account("default", namespace))
    eventually(lambda: core.read_namespaced_config_map("kube-root-ca.crt", namespace))


@pytest.fixture
def trail(answering):
    """The cluster lets its audit trail be read."""
    answering(lambda found: next(iter(found.audit()), None))


@pytest.fixture
def shut(cluster):
    """The same cluster, but nothing behind its API can be seen."""

    class Shut:
        name = cluster.name
        api_client = cluster.api_client
        internals = NoInternals("not ours to open")

    return Shut()


@pytest.mark.parametrize(
    ("example", "told"),
    [
        ("dry-run", "201, through all stages but storage"),
        ("list", "200, through all stages"),
        ("jane", "403, refused by authorization"),
        ("400", "400, refused by decoding"),
        ("401", "401, refused by authentication"),
        ("403-none", "403, refused by authorization"),
        ("403-account", "403, refused by authorization"),
        ("403-admission", "403, refused by mutating admission"),
        ("404", "404, refused by read"),
        ("404-resource", "404, refused by routing"),
        ("409", "409, refused by storage"),
        ("409-version", "409, refused by compare"),
        ("422", "422, refused by validation"),
    ],
)
def test_each_refusal_is_told_by_the_stage_that_refused(ask, ready, shut, example, told):
    found = ask(example)
    assert summary(stages(found), found.code) == told
    hidden = ask(example, on=shut)
    assert summary(stages(hidden), hidden.code) == told


def row(evidence, name):
    return next(each for each in stages(evidence) if each["name"] == name)


@pytest.fixture
def granted(ask, ready, eventually):
    """What is known of the request that let jane view the namespace; it holds by now."""
    found = ask("grant")
    # The authorizer follows bindings by a watch: on a real cluster it hears of one a moment later.
    eventually(lambda: ask("jane").code == 200)
    return found


def test_a_change_is_followed_to_the_watch_and_back_again(ask, granted, eventually):
    for found in (granted, ask("revoke")):
        assert {each["state"] for each in stages(found)} == {"passed"}
        assert found.told
    eventually(lambda: ask("jane").code == 403)


def test_the_rule_that_allowed_is_named_with_its_role(ask, granted, namespace):
    facts = row(ask("jane"), "authorization")["facts"]
    view = f'RBAC: allowed by RoleBinding "jane-views/{namespace}" of ClusterRole "view" to User'
    assert facts[0].startswith(view)
    assert any(fact.startswith("rule: ") for fact in facts[1:])


def test_the_audit_trail_tells_defaults_from_admission(ask, ready, trail):
    found = ask("create")
    assert found.event, found.no_event
    (defaults,) = row(found, "decoding")["differences"]
    assert ("+", "  dnsPolicy: ClusterFirst") in defaults["lines"]
    (admitted,) = row(found, "admission")["differences"]
    assert ("+", "  serviceAccountName: default") in admitted["lines"]
    assert ("+", "  dnsPolicy: ClusterFirst") not in admitted["lines"]
    assert found.stored is not None
    assert found.stored.key.endswith("/xray")
    assert str(found.stored.revision) == found.answer["metadata"]["resourceVersion"]


def test_a_patch_that_changes_nothing_stores_nothing(cluster, ready, namespace):
    path = f"{CONFIG_MAPS.path(namespace)}/kube-root-ca.crt"
    patch = ApiRequest("PATCH", path, "metadata: {}", MERGE_PATCH)
    *_, again = Inquiry(cluster, patch, patience=10).run()
    assert summary(stages(again), again.code) == "200, through all stages but storage"
    assert "nothing was written" in row(again, "storage")["facts"][0]


def test_where_nothing_behind_the_api_is_seen_the_reason_is_given(ask, ready, shut):
    found = ask("create", on=shut)
    assert "SelfSubjectReview" in row(found, "authentication")["how"]
    assert "SelfSubjectAccessReview" in row(found, "authorization")["how"]
    assert "not ours to open" in row(found, "storage")["facts"][-1]
    (changed,) = row(found, "admission")["differences"]
    assert ("+", "  dnsPolicy: ClusterFirst") in changed["lines"]
