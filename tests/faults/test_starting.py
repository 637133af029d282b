"""What keeps a cluster from starting ends in a message that says what to do."""

import json
import socket
import subprocess
import sys
import time

import pytest


def test_a_port_that_is_taken(kubelearn):
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        refused = kubelearn("up", "--port", str(port))
    assert refused.returncode == 1
    assert f"port {port} of 127.0.0.1 is taken" in refused.stderr
    assert "→" in refused.stderr
    assert kubelearn("up", "--port", str(port)).returncode == 0


def test_the_default_port_that_is_taken_is_no_error(kubelearn, taken_port):
    assert kubelearn("up").returncode == 0
    found = json.loads(kubelearn("status", "-o", "json").stdout)
    assert not found["server"].endswith(":6443")


@pytest.mark.parametrize("place", ["/proc/kubelearn", "/dev/null/kubelearn", "/" + "x" * 300])
def test_a_state_folder_that_cannot_be_made(kubelearn, place):
    refused = kubelearn("up", KUBELEARN_STATE=place)
    assert refused.returncode == 1
    assert "cannot be used" in refused.stderr
    assert "KUBELEARN_STATE" in refused.stderr


def test_a_state_folder_that_is_not_writable(kubelearn, state, modes_count):
    state.mkdir(mode=0o500)
    refused = kubelearn("up")
    assert refused.returncode == 1
    assert "Permission denied" in refused.stderr
    assert "KUBELEARN_STATE" in refused.stderr


def test_a_state_folder_of_a_newer_version(kubelearn, state):
    assert kubelearn("up").returncode == 0
    kubelearn("down")
    settings = state / "clusters" / "kubelearn" / "cluster.json"
    settings.write_text(json.dumps({**json.loads(settings.read_text()), "format": 99}))
    refused = kubelearn("up")
    assert refused.returncode == 1
    assert "newer kubelearn (format 99" in refused.stderr
    assert "update kubelearn" in refused.stderr


def test_a_damaged_state_folder(kubelearn, state):
    assert kubelearn("up").returncode == 0
    kubelearn("down")
    folder = state / "clusters" / "kubelearn"
    (folder / "cluster.json").write_text("{")
    refused = kubelearn("up")
    assert refused.returncode == 1
    assert "is damaged" in refused.stderr
    assert "--delete" in refused.stderr
    assert kubelearn("down", "--delete").returncode == 0
    assert kubelearn("up").returncode == 0


def test_a_damaged_store(kubelearn, state):
    assert kubelearn("up").returncode == 0
    kubelearn("down")
    (state / "clusters" / "kubelearn" / "store.db").write_bytes(b"no database at all" * 1000)
    refused = kubelearn("up")
    assert refused.returncode == 1
    assert "store.db" in refused.stderr
    assert "→" in refused.stderr


def test_damaged_certificates_are_made_anew(kubelearn, state):
    assert kubelearn("up").returncode == 0
    kubelearn("down")
    for path in (state / "clusters" / "kubelearn" / "pki").glob("*.key"):
        path.write_text("rubbish")
    assert kubelearn("up").returncode == 0


def test_a_path_that_is_too_long_for_a_socket(kubelearn, tmp_path):
    deep = tmp_path / ("d" * 100) / ("e" * 100)
    try:
        assert kubelearn("up", KUBELEARN_STATE=str(deep)).returncode == 0
        found = kubelearn("status", "-o", "json", KUBELEARN_STATE=str(deep))
        assert json.loads(found.stdout)["ready"] is True
    finally:
        assert kubelearn("down", "--delete", KUBELEARN_STATE=str(deep)).returncode == 0


def test_two_ups_at_once_start_one_cluster(kubelearn, state):
    command = [sys.executable, "-m", "kubelearn", "up"]
    both = [
        subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        for _ in range(2)
    ]
    answers = [process.communicate() for process in both]
    assert [process.returncode for process in both] == [0, 0], answers
    assert sum("runs already" in output for output, _ in answers) == 1


def test_a_daemon_that_dies_while_it_starts_is_told_at_once(kubelearn, state, tmp_path):
    folder = state / "clusters" / "kubelearn"
    folder.mkdir(parents=True)
    (folder / "store.db").mkdir()
    started = time.monotonic()
    refused = kubelearn("up")
    assert refused.returncode == 1
    assert "→" in refused.stderr
    assert time.monotonic() - started < 20
