"""`kubelearn dashboard`, as a learner types it."""

from __future__ import annotations

import http.client
import os
import re
import signal
import socket
import subprocess
import sys
import time

import pytest
from playwright.sync_api import expect


class Served:
    """A dashboard that runs in a process of its own."""

    def __init__(self, *words, **environment):
        self.process = subprocess.Popen(
            [sys.executable, "-u", "-m", "kubelearn", "dashboard", *words],
            env=os.environ | environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        self.first = self.process.stdout.readline()
        found = re.search(r"http://127\.0\.0\.1:(\d+)/\?token=(\S+)", self.first)
        assert found, self.first + self.process.stdout.read()
        self.url, self.port = found[0], int(found[1])

    def end(self, number=signal.SIGINT):
        """End it as the keyboard does; what it said last, and its exit code."""
        if self.process.poll() is None:
            self.process.send_signal(number)
        words, _ = self.process.communicate(timeout=30)
        return words, self.process.returncode


@pytest.fixture
def serve(state, kubelearn):
    started = kubelearn("up", "--nodes", "1")
    assert started.returncode == 0, started.stderr
    served = []

    def run(*words, **environment):
        served.append(Served(*words, **environment))
        return served[-1]

    yield run
    for each in served:
        each.end()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_it_ends_cleanly_and_gives_its_port_back(serve, number):
    served = serve("--no-browser")
    words, code = served.end(number)
    assert code == 0, words
    assert words.splitlines()[-1] == "The dashboard is closed."
    assert "Traceback" not in words
    with socket.socket() as probe:
        assert probe.connect_ex(("127.0.0.1", served.port)) != 0


def test_without_the_token_another_client_gets_403_and_nothing_else(serve):
    served = serve("--no-browser")
    for path in ("/", "/state", "/events", "/widget.js", "/?token=wrong"):
        connection = http.client.HTTPConnection("127.0.0.1", served.port, timeout=10)
        connection.request("GET", path)
        answer = connection.getresponse()
        assert (answer.status, answer.read()) == (403, b"403 Forbidden")
        connection.close()


def test_each_start_has_another_token(serve):
    first, second = serve("--no-browser"), serve("--no-browser")
    assert first.url.partition("token=")[2] != second.url.partition("token=")[2]


def test_a_port_is_chosen_and_one_that_is_taken_says_what_to_type(serve, kubelearn):
    first = serve("--no-browser")
    refused = kubelearn("dashboard", "--no-browser", "--port", str(first.port))
    assert refused.returncode == 1
    assert f"port {first.port} of this machine cannot be used" in refused.stderr
    assert "--port 0" in refused.stderr
    first.end()
    assert serve("--no-browser", "--port", str(first.port)).port == first.port


def test_of_no_cluster_is_an_error_with_the_next_step(kubelearn):
    answer = kubelearn("dashboard", "--no-browser")
    assert answer.returncode == 1
    assert "kubelearn up" in answer.stderr


def test_the_browser_gets_the_address_by_a_file_that_only_its_owner_reads(serve, tmp_path):
    seen = tmp_path / "seen"
    script = tmp_path / "browser"
    script.write_text(
        f"""#!/bin/sh
        f="${{1#file://}}"
        {{ stat -c %a "$f"; cat "$f"; }} > {seen}.new
        mv {seen}.new {seen}"""
    )
    script.chmod(0o755)
    served = serve(BROWSER=f"{script} %s", DISPLAY=":99", TMPDIR=str(tmp_path))
    for _ in range(600):
        if seen.exists():
            break
        time.sleep(0.1)
    served.end()
    mode, page = seen.read_text().split("\n", 1)
    assert mode == "600"
    assert served.url in page
    assert list(tmp_path.glob("kubelearn-dashboard-*")) == []


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def test_it_shows_the_cluster_when_it_goes_and_comes_again(serve, kubelearn, chromium):
    served = serve("--no-browser", "--namespace", "kube-system")
    page = chromium.new_page()
    errors = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.goto(served.url)
    pulse = page.locator(".kl-pulse")
    expect(pulse).to_have_text("live", timeout=60_000)
    assert kubelearn("down").returncode == 0
    expect(pulse).to_have_text("disconnected", timeout=60_000)
    # Somebody else may have its port by then.
    assert kubelearn("up", "--port", str(free_port())).returncode == 0
    expect(pulse).to_have_text("live", timeout=60_000)
    page.locator('.kl-link[data-kind="nodes"]').click()
    row = page.locator(".kl-objects tbody tr")
    expect(row).to_contain_text("kubelearn-control-plane", timeout=60_000)
    expect(page.locator(".kl-command").first).to_have_text("kubectl get nodes")
    served.end()
    expect(page.locator(".kl-notice").first).to_contain_text("kubelearn dashboard", timeout=60_000)
    page.close()
    assert errors == []
