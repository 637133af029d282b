from __future__ import annotations

import pytest

from kubelearn.embedded.apiserver.requestinfo import request_info


@pytest.mark.parametrize(
    ("method", "path", "query", "expected"),
    [
        ("GET", "/api/v1/pods", {}, ("list", "", "pods", "", "")),
        ("GET", "/api/v1/pods", {"watch": "true"}, ("watch", "", "pods", "", "")),
        ("GET", "/api/v1/pods", {"watch": "0"}, ("list", "", "pods", "", "")),
        ("GET", "/api/v1/namespaces/a/pods/p", {}, ("get", "a", "pods", "p", "")),
        ("GET", "/api/v1/namespaces/a/pods/p/log", {}, ("get", "a", "pods", "p", "log")),
        ("GET", "/api/v1/namespaces", {}, ("list", "", "namespaces", "", "")),
        ("GET", "/api/v1/namespaces/a", {}, ("get", "a", "namespaces", "a", "")),
        (
            "PUT",
            "/api/v1/namespaces/a/finalize",
            {},
            ("update", "a", "namespaces", "a", "finalize"),
        ),
        ("GET", "/api/v1/namespaces/a/status", {}, ("get", "a", "namespaces", "a", "status")),
        (
            "POST",
            "/apis/apps/v1/namespaces/a/deployments",
            {},
            ("create", "a", "deployments", "", ""),
        ),
        ("DELETE", "/api/v1/namespaces/a/pods", {}, ("deletecollection", "a", "pods", "", "")),
        ("DELETE", "/api/v1/nodes/n", {}, ("delete", "", "nodes", "n", "")),
        ("PATCH", "/api/v1/nodes/n", {}, ("patch", "", "nodes", "n", "")),
        ("GET", "/api/v1/watch/namespaces/a/pods", {}, ("watch", "a", "pods", "", "")),
        ("GET", "/api/v1/pods/", {}, ("list", "", "pods", "", "")),
    ],
)
def test_a_resource_path_says_verb_and_target(method, path, query, expected) -> None:
    info = request_info(method, path, query)
    assert info.is_resource_request
    assert (info.verb, info.namespace, info.resource, info.name, info.subresource) == expected


@pytest.mark.parametrize("path", ["/", "/api", "/api/v1", "/apis/apps/v1", "/healthz", "/x/y/z"])
def test_other_paths_are_no_resource_requests(path) -> None:
    info = request_info("GET", path, {})
    assert not info.is_resource_request
    assert info.verb == "get"


def test_what_follows_a_proxy_is_kept_for_the_target() -> None:
    info = request_info("GET", "/api/v1/namespaces/a/services/web:80/proxy/x/y", {})
    assert (info.name, info.subresource, info.rest) == ("web:80", "proxy", ("x", "y"))
