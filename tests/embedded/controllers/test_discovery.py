from __future__ import annotations

from kubelearn.embedded.controllers.discovery import served_resources
from kubelearn.objects import DEPLOYMENTS, PODS


def resource(plural, kind, scope="Namespaced"):
    return {
        "resource": plural,
        "responseKind": {"kind": kind},
        "scope": scope,
        "verbs": ["delete", "list"],
    }


async def test_each_resource_is_found_once_in_its_preferred_version(api, monkeypatch):
    documents = {
        "/api": {
            "items": [
                {
                    "metadata": {},
                    "versions": [{"version": "v1", "resources": [resource("pods", "Pod")]}],
                }
            ]
        },
        "/apis": {
            "items": [
                {
                    "metadata": {"name": "apps"},
                    "versions": [
                        {"version": "v1", "resources": [resource("deployments", "Deployment")]},
                        {
                            "version": "v1beta1",
                            "resources": [resource("deployments", "Deployment")],
                        },
                        {"version": "v1alpha1"},
                    ],
                }
            ]
        },
    }

    async def request(method, path, *, accept):
        assert "APIGroupDiscoveryList" in accept
        return documents[path]

    monkeypatch.setattr(api, "request", request)
    found = await served_resources(api)
    assert [item.resource for item in found] == [PODS, DEPLOYMENTS]
    assert found[0].verbs == {"delete", "list"}
