"""Containers' variables."""

import base64

import pytest

from kubelearn.embedded.kubelet.configdata import ConfigError
from kubelearn.embedded.kubelet.environment import Environment
from kubelearn.objects import CONFIG_MAPS, SECRETS


def service(name, namespace):
    return {
        "metadata": {"name": name, "namespace": namespace},
        "spec": {"clusterIP": "127.64.128.1", "ports": [{"port": 443}]},
    }


SERVICES = {
    "default": [service("kubernetes", "default"), service("other", "default")],
    "shop": [service("db", "shop")],
}


@pytest.fixture
def make(api):
    """Make the variables of a container with these fields."""
    environment = Environment(
        api, services=lambda namespace: SERVICES.get(namespace, []), allocatable={"cpu": "4"}
    )

    async def call(namespace="shop", spec=None, **container):
        pod = {
            "metadata": {"name": "p", "namespace": namespace},
            "spec": {"nodeName": "w1", **(spec or {})},
            "status": {},
        }
        return await environment.make(pod, {"name": "app", **container})

    return call


@pytest.fixture
async def settings(api):
    meta = {"name": "conf", "namespace": "shop"}
    await api.create(CONFIG_MAPS, {"metadata": dict(meta), "data": {"COLOUR": "red", "a b": "x"}})
    secret = base64.b64encode(b"word").decode()
    await api.create(SECRETS, {"metadata": {**meta, "name": "keys"}, "data": {"pass": secret}})


async def test_services_of_the_namespace_and_the_api_server_are_told(make):
    made = await make()
    assert made["DB_SERVICE_HOST"] == made["KUBERNETES_SERVICE_HOST"] == "127.64.128.1"
    assert "OTHER_SERVICE_HOST" not in made


async def test_service_links_can_be_turned_off(make):
    made = await make(spec={"enableServiceLinks": False})
    assert "KUBERNETES_SERVICE_HOST" in made
    assert "DB_SERVICE_HOST" not in made


async def test_a_reference_reaches_what_stands_above_it(make):
    env = [
        {"name": "GREETING", "value": "hello $(NODE)"},
        {"name": "NODE", "valueFrom": {"fieldRef": {"fieldPath": "spec.nodeName"}}},
        {"name": "AGAIN", "value": "on $(NODE), $(DB_SERVICE_PORT)"},
    ]
    made = await make(env=env)
    assert (made["GREETING"], made["AGAIN"]) == ("hello $(NODE)", "on w1, 443")


@pytest.mark.usefixtures("settings")
async def test_config_maps_and_secrets_give_values(make):
    made = await make(
        envFrom=[{"configMapRef": {"name": "conf"}, "prefix": "C_"}],
        env=[
            {"name": "PASS", "valueFrom": {"secretKeyRef": {"name": "keys", "key": "pass"}}},
            {"name": "COLOUR", "valueFrom": {"configMapKeyRef": {"name": "conf", "key": "COLOUR"}}},
            {
                "name": "MAYBE",
                "valueFrom": {"secretKeyRef": {"name": "keys", "key": "no", "optional": True}},
            },
            {
                "name": "CPU",
                "valueFrom": {"resourceFieldRef": {"resource": "limits.cpu", "divisor": "1m"}},
            },
        ],
    )
    assert (made["C_COLOUR"], made["PASS"], made["COLOUR"]) == ("red", "word", "red")
    assert made["CPU"] == "4000"
    assert "MAYBE" not in made


async def test_what_is_missing_is_named(make):
    with pytest.raises(ConfigError, match='configmap "conf" not found'):
        await make(envFrom=[{"configMapRef": {"name": "conf"}}])
    assert await make(envFrom=[{"secretRef": {"name": "keys", "optional": True}}])


@pytest.mark.usefixtures("settings")
async def test_a_missing_key_is_named(make):
    source = {"secretKeyRef": {"name": "keys", "key": "nope"}}
    with pytest.raises(ConfigError, match="couldn't find key nope in Secret shop/keys"):
        await make(env=[{"name": "X", "valueFrom": source}])
