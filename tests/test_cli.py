"""The command line, as a learner types it."""

import json
import os
import socket
import stat

import pytest
import yaml

from kubelearn.clusters import EmbeddedCluster


def is_gone(pid):
    try:
        with open(f"/proc/{pid}/stat") as file:
            return file.read().rpartition(")")[2].split()[0] == "Z"
    except OSError:
        return True


@pytest.fixture
def running(kubelearn):
    started = kubelearn("up")
    assert started.returncode == 0, started.stderr
    return started


def test_up_says_each_step_and_ends_with_the_next_command(running):
    steps = [line.split()[1] for line in running.stdout.splitlines() if "✔" in line]
    assert steps == ["state", "certificates", "runtime", "store", "API", "nodes"]
    assert running.stdout.rstrip().splitlines()[-1].strip().startswith("kubectl get nodes")


def test_up_twice_is_harmless(running, kubelearn):
    before = json.loads(kubelearn("status", "--output", "json").stdout)
    again = kubelearn("up")
    assert again.returncode == 0
    assert "runs already" in again.stdout
    assert json.loads(kubelearn("status", "--output", "json").stdout)["pid"] == before["pid"]


def test_status_tells_what_runs(running, kubelearn, state):
    found = json.loads(kubelearn("status", "--output", "json").stdout)
    assert found["running"] is True
    assert found["folder"] == str(state / "clusters" / "kubelearn")
    assert found["nodes"] == [
        "kubelearn-control-plane",
        "kubelearn-worker",
        "kubelearn-worker2",
    ]
    assert {each["state"] for each in found["components"]} == {"running"}
    text = kubelearn("status").stdout
    assert found["server"] in text
    assert str(found["pid"]) in text


def test_status_of_somebody_elses_cluster_tells_what_that_says(running, kubelearn):
    path = kubelearn("kubeconfig").stdout.strip()
    answer = kubelearn("status", KUBECONFIG=path, KUBELEARN_BACKEND="kubeconfig")
    assert answer.returncode == 0, answer.stderr
    assert "state     ready" in answer.stdout
    assert "kubelearn-worker2" in answer.stdout


def test_status_of_no_cluster_exits_with_3_and_says_what_to_type(kubelearn):
    answer = kubelearn("status")
    assert answer.returncode == 3
    assert "kubelearn up" in answer.stdout
    assert json.loads(kubelearn("status", "-o", "json").stdout)["running"] is False


def test_kubeconfig_prints_the_path_of_a_private_and_complete_file(running, kubelearn, state):
    path = kubelearn("kubeconfig").stdout.strip()
    assert path == str(state / "clusters" / "kubelearn" / "kubeconfig")
    assert stat.S_IMODE(os.stat(path).st_mode) == 0o600
    with open(path) as file:
        config = yaml.safe_load(file)
    assert config["current-context"] == "kubelearn"
    assert set(config["users"][0]["user"]) == {"client-certificate-data", "client-key-data"}


def test_kubeconfig_of_no_cluster_is_an_error_with_the_next_step(kubelearn):
    answer = kubelearn("kubeconfig")
    assert answer.returncode == 1
    assert answer.stdout == ""
    assert "kubelearn up" in answer.stderr


def test_down_leaves_no_process_port_or_lock_behind(kubelearn, state):
    # One of its own choice: the next free one may be another test's as soon as it is given back.
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = str(probe.getsockname()[1])
    assert kubelearn("up", "--port", port).returncode == 0
    found = json.loads(kubelearn("status", "-o", "json").stdout)
    assert kubelearn("down").returncode == 0
    assert is_gone(found["pid"])
    assert kubelearn("status").returncode == 3
    assert not (state / "clusters" / "kubelearn" / "control.sock").exists()
    again = kubelearn("up", "--port", port)
    assert again.returncode == 0, again.stderr


def test_down_with_delete_forgets_the_cluster(running, kubelearn, state):
    assert "deleted" in kubelearn("down", "--delete").stdout
    assert not (state / "clusters" / "kubelearn").exists()


def test_down_of_no_cluster_is_harmless(kubelearn):
    assert kubelearn("down").returncode == 0
    assert kubelearn("down", "--delete").returncode == 0


def test_two_clusters_run_side_by_side(running, kubelearn):
    other = kubelearn("up", "--name", "other", "--nodes", "1")
    assert other.returncode == 0, other.stderr
    first = json.loads(kubelearn("status", "-o", "json").stdout)
    second = json.loads(kubelearn("status", "-o", "json", "--name", "other").stdout)
    assert second["nodes"] == ["other-control-plane"]
    assert first["server"] != second["server"]
    assert first["others"] == ["other"]


def test_the_number_of_nodes_can_grow_but_not_shrink(kubelearn):
    assert kubelearn("up", "--nodes", "1").returncode == 0
    refused = kubelearn("up", "--nodes", "2")
    assert refused.returncode == 1
    assert "kubelearn down" in refused.stderr
    kubelearn("down")
    assert kubelearn("up", "--nodes", "2").returncode == 0
    assert len(EmbeddedCluster().info().nodes) == 2
    kubelearn("down")
    refused = kubelearn("up", "--nodes", "1")
    assert refused.returncode == 1
    assert "--delete" in refused.stderr


def test_a_name_that_no_node_could_have_is_refused(kubelearn):
    refused = kubelearn("up", "--name", "Not_A_Name")
    assert refused.returncode == 1
    assert "lower-case" in refused.stderr


def test_options_of_another_back_end_are_refused(kubelearn):
    refused = kubelearn("up", "--image", "kindest/node:v1.36.0")
    assert refused.returncode == 1
    assert "--image is not for the back end embedded" in refused.stderr
    refused = kubelearn("up", "--backend", "kind", "--runtime", "fake")
    assert "--runtime is not for the back end kind" in refused.stderr


def test_a_port_to_publish_has_two_ends(kubelearn):
    refused = kubelearn("up", "--backend", "kind", "--publish", "8080")
    assert refused.returncode == 1
    assert "--publish 8080:30080" in refused.stderr


def test_the_environment_chooses_the_back_end(kubelearn):
    missing = kubelearn("kubeconfig", KUBELEARN_BACKEND="kind")
    assert missing.returncode == 1
    assert "--backend kind" in missing.stderr


def test_a_reset_forgets_everything_and_starts_anew(running, kubelearn):
    before = json.loads(kubelearn("status", "-o", "json").stdout)
    assert kubelearn("reset").returncode == 0
    after = json.loads(kubelearn("status", "-o", "json").stdout)
    assert after["nodes"] == before["nodes"]
    assert after["pid"] != before["pid"]


def test_logs_of_one_component_are_its_own(running, kubelearn):
    assert kubelearn("logs").returncode == 0
    lines = kubelearn("logs", "kube-scheduler").stdout.splitlines()
    assert all("kube-scheduler" in line for line in lines)


def test_doctor_speaks_text_and_json(kubelearn):
    text = kubelearn("doctor")
    checks = json.loads(kubelearn("doctor", "--output", "json").stdout)
    assert text.returncode == 0, text.stdout
    assert {"Python", "state folder", "kubectl", "docker"} <= {each["name"] for each in checks}
    for each in checks:
        assert each["name"] in text.stdout
        assert each["state"] == "good" or each["meaning"]


def test_version_and_help_are_there(kubelearn):
    assert kubelearn("--version").stdout.startswith("kubelearn")
    assert "doctor" in kubelearn("--help").stdout


def test_a_terminal_without_tick_marks_is_no_error(kubelearn):
    answer = kubelearn("doctor", PYTHONIOENCODING="latin-1", PYTHONUTF8="0")
    assert answer.returncode == 0, answer.stderr


def test_lessons_are_copied(kubelearn, tmp_path):
    copied = kubelearn("lessons", str(tmp_path / "mine"))
    assert copied.returncode == 0, copied.stderr
    assert (tmp_path / "mine" / "00-start-here.ipynb").exists()
