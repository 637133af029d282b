"""The processes of a node, from real ones."""

import os
import subprocess
from pathlib import Path

import pytest

from kubelearn.containers import processes
from kubelearn.containers.leftovers import MARK
from tests.waiting import eventually


@pytest.fixture
def start():
    """Start a shell script in a session of its own, as containers are; waits for its `ready`."""
    started = []

    def run(script, **env):
        process = subprocess.Popen(
            ["sh", "-c", f"{script}\necho ready\nexec sleep 1000"],
            env=os.environ | env,
            stdout=subprocess.PIPE,
            start_new_session=True,
        )
        started.append(process)
        assert process.stdout.readline() == b"ready\n"
        return process.pid

    yield run
    for process in started:
        os.killpg(process.pid, 9)
        process.wait()
        process.stdout.close()


def of_node(containers):
    return {one.pid: one for one in processes.of_node(containers, program=os.getpid())}


def commands_of(container, containers):
    return {one.command: one for one in of_node(containers).values() if one.container == container}


def test_a_container_has_its_first_process_and_those_below(start):
    first = start("sleep 999 &")
    containers = {"web": first, "dead": 0}
    eventually(lambda: set(commands_of("web", containers)) == {"sleep 1000", "sleep 999"})
    commands = commands_of("web", containers)
    assert commands["sleep 999"].ppid == first
    assert commands["sleep 1000"].started.utcoffset() is not None


def test_what_was_started_beside_it_is_known_by_its_mark(start):
    first, other = start(":"), start(":", **{MARK: "web"})
    stranger = start(":", **{MARK: "elsewhere"})
    found = of_node({"web": first})
    assert found[other].container == "web"
    assert stranger not in found


def test_the_program_and_what_stands_between_are_the_nodes_own(start):
    shim = start("sleep 998 &")
    everybody = (int(name) for name in os.listdir("/proc") if name.isdigit())
    below = next(pid for pid in everybody if is_child(pid, shim))
    found = of_node({"web": below})
    assert found[shim].container == ""
    assert found[os.getpid()].container == ""
    assert found[below].container == "web"


def is_child(pid, parent):
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return False
    return int(fields[1]) == parent
