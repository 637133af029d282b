"""`kubectl run`, `logs`, `expose` and `events`: from an image to an address."""

import json
import re

import pytest


def columns(line):
    return re.split(r"\s{2,}", line.strip())


@pytest.fixture(scope="module", autouse=True)
def pods(kubectl):
    talk = "echo one; echo two; echo three; exec sleep 3600"
    kubectl("run", "talker", "--image=busybox:1.37", "--restart=Never", "--", "sh", "-c", talk)
    two = {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": "both", "labels": {"app": "both"}},
        "spec": {
            "restartPolicy": "Never",
            "containers": [
                {"name": name, "image": "busybox:1.37", "command": ["echo", f"I am {name}"]}
                for name in ("a", "b")
            ],
        },
    }
    kubectl("create", "-f", "-", stdin=json.dumps(two))
    kubectl("wait", "--for=condition=Ready", "pod/talker", "--timeout=60s")
    kubectl("wait", "--for=jsonpath={.status.phase}=Succeeded", "pod/both", "--timeout=60s")


# --- run -----------------------------------------------------------------------------------------


def test_run_makes_a_pod_of_its_words(kubectl):
    words = ("--image=nginx:1.27", "--port=80", "--env=COLOR=red", "--labels=app=web,tier=front")
    printed = kubectl("run", "web", *words, "--dry-run=client", "-o", "json")
    pod = json.loads(printed)
    assert pod["metadata"]["labels"] == {"app": "web", "tier": "front"}
    container = pod["spec"]["containers"][0]
    assert container["ports"] == [{"containerPort": 80}]
    assert container["env"] == [{"name": "COLOR", "value": "red"}]
    assert kubectl("run", "web", *words, "--dry-run=server") == "pod/web created (server dry run)\n"


def test_run_takes_arguments_or_a_command(kubectl):
    words = (
        "run",
        "x",
        "--image=busybox:1.37",
        "--dry-run=client",
        "-o=jsonpath={.spec.containers[0]}",
    )
    assert json.loads(kubectl(*words, "--", "a", "b"))["args"] == ["a", "b"]
    assert json.loads(kubectl(*words, "--command", "--", "a", "b"))["command"] == ["a", "b"]


def test_run_can_expose_its_pod(kubectl):
    said = kubectl("run", "front", "--image=busybox:1.37", "--port=80", "--expose")
    assert sorted(said.splitlines()) == ["pod/front created", "service/front created"]
    selector = kubectl("get", "service", "front", "-o=jsonpath={.spec.selector}")
    assert json.loads(selector) == {"run": "front"}


def test_run_takes_input_gives_output_and_cleans_up(kubectl):
    words = ("run", "echo", "--image=busybox:1.37", "--restart=Never", "-i", "--rm", "--quiet")
    assert kubectl(*words, "--", "cat", stdin="hello\n").startswith("hello\n")
    assert "NotFound" in kubectl("get", "pod", "echo", code=1)


# --- logs ----------------------------------------------------------------------------------------


def test_logs_are_all_or_the_end(kubectl):
    assert kubectl("logs", "talker") == "one\ntwo\nthree\n"
    assert kubectl("logs", "talker", "--tail=1") == "three\n"
    assert kubectl("logs", "talker", "--limit-bytes=3") == "one"
    assert kubectl("logs", "pod/talker", "--since=1h") == "one\ntwo\nthree\n"


def test_logs_can_carry_times_and_where_they_come_from(kubectl):
    lines = kubectl("logs", "talker", "--timestamps").splitlines()
    assert all(re.fullmatch(r"\d{4}-\d\d-\d\dT[\d:.]+Z (one|two|three)", line) for line in lines)
    lines = kubectl("logs", "both", "--all-containers", "--prefix").splitlines()
    assert sorted(lines) == ["[pod/both/a] I am a", "[pod/both/b] I am b"]


def test_logs_are_of_one_container_unless_told_otherwise(kubectl):
    said = kubectl("logs", "both")
    assert said.startswith('Defaulted container "a" out of: a, b') or "I am a" in said
    assert kubectl("logs", "both", "-c", "b") == "I am b\n"
    said = kubectl("logs", "both", "-c", "z", code=1)
    assert said == "error: container z is not valid for pod both out of: a, b\n"


def test_logs_of_many_pods_are_chosen_by_label(kubectl):
    assert kubectl("logs", "-l", "app=both", "-c", "b", "--tail=-1") == "I am b\n"
    said = kubectl("logs", "-l", "app=none")
    assert said == "No resources found in test-running namespace.\n"


def test_logs_follow_until_the_container_ends(kubectl):
    words = ("run", "counter", "--image=busybox:1.37", "--restart=Never", "--")
    kubectl(*words, "sh", "-c", "for i in 1 2 3; do echo $i; sleep 0.2; done")
    kubectl("wait", "--for=jsonpath={.status.containerStatuses[0].state}", "pod/counter")
    said = kubectl("logs", "counter", "--follow", "--pod-running-timeout=60s")
    assert said == "1\n2\n3\n"


def test_logs_of_the_time_before_a_restart(kubectl):
    words = ("run", "again", "--image=busybox:1.37", "--")
    kubectl(*words, "sh", "-c", "echo here; exit 1")
    restarted = "--for=jsonpath={.status.containerStatuses[0].restartCount}=1"
    kubectl("wait", restarted, "pod/again", "--timeout=60s")
    assert kubectl("logs", "again", "--previous") == "here\n"
    said = kubectl("logs", "talker", "--previous", code=1)
    assert 'previous terminated container "talker" in pod "talker" not found' in said


def test_logs_of_a_workload_are_those_of_a_pod(kubectl):
    kubectl("create", "job", "once", "--image=busybox:1.37", "--", "echo", "from a job")
    kubectl("wait", "--for=condition=Complete", "job/once", "--timeout=60s")
    assert kubectl("logs", "job/once") == "from a job\n"


# --- expose --------------------------------------------------------------------------------------


def test_expose_reads_selector_and_ports(kubectl):
    kubectl("create", "deployment", "shop", "--image=busybox:1.37", "--replicas=0", "--port=8080")
    assert kubectl("expose", "deployment", "shop") == "service/shop exposed\n"
    spec = json.loads(kubectl("get", "service", "shop", "-o=jsonpath={.spec}"))
    assert spec["selector"] == {"app": "shop"}
    assert (spec["ports"][0]["port"], spec["ports"][0]["targetPort"]) == (8080, 8080)
    options = ("--name=shop2", "--port=80", "--target-port=8080", "--type=NodePort")
    kubectl("expose", "deployment", "shop", *options)
    assert "80:3" in kubectl("get", "service", "shop2", "--no-headers").split()[4]
    kubectl("expose", "pod", "talker", "--port=80", "--name=talk")
    kubectl("expose", "service", "shop", "--port=81", "--name=shop3")
    said = kubectl("expose", "deployment", "shop", code=1)
    assert said == 'Error from server (AlreadyExists): services "shop" already exists\n'


# --- events --------------------------------------------------------------------------------------


def test_events_are_told_in_order(kubectl):
    heading, *rows = kubectl("events", "--for=pod/talker").splitlines()
    assert columns(heading) == ["LAST SEEN", "TYPE", "REASON", "OBJECT", "MESSAGE"]
    reasons = [columns(row)[2] for row in rows]
    assert reasons[0] == "Scheduled"
    assert {"Created", "Started"} <= set(reasons)
    assert all(columns(row)[3] == "Pod/talker" for row in rows)


def test_events_can_be_chosen_by_type(kubectl):
    kubectl("run", "lost", "--image=no-such.invalid/image", "--restart=Never")
    failed = "--for=jsonpath={.status.containerStatuses[0].state.waiting.reason}"
    kubectl("wait", failed, "pod/lost", "--timeout=60s")
    kubectl("wait", "--for=create", "events", "--field-selector=reason=Failed", "--timeout=60s")
    rows = kubectl("events", "--types=Warning", "--for=pod/lost", "--no-headers").splitlines()
    assert {columns(row)[1] for row in rows} == {"Warning"}
    assert kubectl("events", "--for=pod/none") == "No events found in test-running namespace.\n"


def test_events_are_objects_too(kubectl):
    said = kubectl("get", "events", "--field-selector=involvedObject.name=talker,reason=Started")
    heading, *rows = said.splitlines()
    assert columns(heading) == ["LAST SEEN", "TYPE", "REASON", "OBJECT", "MESSAGE"]
    assert [columns(row)[3] for row in rows] == ["pod/talker"]


def test_events_are_watched(kubectl, follow):
    stream = follow("events", "--watch", "--for=pod/watched")
    kubectl("run", "watched", "--image=busybox:1.37", "--restart=Never", "--", "true")
    assert columns(stream.readline())[0] == "LAST SEEN"
    assert columns(stream.readline())[3] == "Pod/watched"
