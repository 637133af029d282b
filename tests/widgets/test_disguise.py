"""Acting as somebody who may do less."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from kubelearn.widgets import disguise
from kubelearn.widgets.disguise import IDENTITIES, ROLES, YOURSELF, Disguise


@pytest.mark.parametrize("role", ROLES)
def test_a_role_is_lent_to_an_impersonated_user_and_taken_back(role):
    worn = Disguise(role, "demo")
    lent, released = worn.bind(), worn.release()
    name = f"kubelearn-dashboard-{role}"
    assert lent.command == (
        f"kubectl create rolebinding {name} --clusterrole={role} --user=kubelearn:{role} -n demo"
    )
    assert lent.body["roleRef"]["name"] == role
    assert lent.body["subjects"][0]["name"] == worn.user == f"kubelearn:{role}"
    assert released.method == "DELETE"
    assert released.path == f"{lent.path}/{name}"


@pytest.mark.parametrize("identity", [YOURSELF, "none"])
def test_who_has_no_role_needs_no_binding(identity):
    assert Disguise(identity, "demo").bind() is None
    assert Disguise(identity, "demo").release() is None


def test_commands_say_as_whom():
    assert Disguise("view", "demo").command("kubectl get pods") == (
        "kubectl --as=kubelearn:view get pods"
    )
    assert Disguise().command("kubectl get pods") == "kubectl get pods"


def test_requests_are_judged_as_the_user_and_the_own_connection_stays(cluster):
    own = cluster.api_client
    other = Disguise("view", "demo").connect(own)
    assert other.default_headers["Impersonate-User"] == "kubelearn:view"
    assert "Impersonate-User" not in own.default_headers
    assert Disguise().connect(own) is own


def test_it_waits_until_the_api_server_has_heard_of_the_role(monkeypatch):
    answers = [False, False, True]

    def send(_api, _method, _path, *, body):
        assert body["spec"]["resourceAttributes"]["namespace"] == "demo"
        return SimpleNamespace(code=201, body={"status": {"allowed": answers.pop(0)}})

    monkeypatch.setattr(disguise, "send", send)
    monkeypatch.setattr(disguise, "_PAUSE", 0)
    Disguise("view", "demo").settle(None)
    assert answers == []


def test_every_identity_says_what_it_means():
    assert list(IDENTITIES) == [YOURSELF, *ROLES, "none"]
    assert all(IDENTITIES.values())
