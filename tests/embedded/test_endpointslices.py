from __future__ import annotations

from kubelearn.embedded.endpointslices import ready_endpoints, service_keys
from kubelearn.objects import SERVICE_NAME

HTTP = {"name": "http", "port": 8080}


def piece(*conditions):
    endpoints = [
        {"addresses": [f"10.0.0.{number}"], "conditions": each}
        for number, each in enumerate(conditions)
    ]
    return {"ports": [HTTP, {"port": 9090}], "endpoints": endpoints}


def test_a_slice_belongs_to_the_service_that_its_label_names():
    meta = {"name": "web-1", "namespace": "shop"}
    assert service_keys({"metadata": {**meta, "labels": {SERVICE_NAME: "web"}}}) == ["shop/web"]
    assert service_keys({"metadata": meta}) == []


def test_endpoints_are_those_that_are_ready_or_of_which_nobody_knows():
    found = piece({"ready": True}, {"ready": False}, {})
    assert [*ready_endpoints(found, "http")] == [("10.0.0.0", 8080), ("10.0.0.2", 8080)]


def test_a_port_without_a_name_has_the_empty_one():
    assert [*ready_endpoints(piece({"ready": True}), "")] == [("10.0.0.0", 9090)]
    assert [*ready_endpoints(piece({"ready": True}), "ftp")] == []


def test_a_slice_may_be_empty():
    assert [*ready_endpoints({"endpoints": None, "ports": None}, "")] == []
