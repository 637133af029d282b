"""Requests to a Service through the API server."""

from __future__ import annotations

import threading

from kubelearn.widgets import traffic as module
from kubelearn.widgets.traffic import Traffic


def test_the_path_goes_through_the_service_proxy(cluster):
    traffic = Traffic(cluster.api_client, namespace="demo", service="web:8080", report=print)
    assert traffic.path == "/api/v1/namespaces/demo/services/web:8080/proxy/"
    traffic.aim("web:http")
    assert traffic.path == "/api/v1/namespaces/demo/services/web:http/proxy/"


def test_it_reports_until_it_is_stopped_and_can_start_again(cluster, monkeypatch):
    monkeypatch.setattr(module, "PER_SECOND", 10_000)
    for _ in range(2):
        reported = threading.Event()
        traffic = Traffic(
            cluster.api_client,
            namespace="demo",
            service="web",
            report=lambda entry, told=reported: told.set() if entry["code"] == 200 else None,
        )
        traffic.start()
        traffic.start()
        assert reported.wait(5)
        traffic.stop()
        assert not traffic.on
    assert traffic.ask()["text"].startswith("Hello from web-")
