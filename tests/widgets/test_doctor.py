"""Doctor, kernel side."""

from __future__ import annotations

import pytest

from kubelearn.clusters.doctor import Check
from kubelearn.widgets.doctor import Doctor

GOOD = Check("Python", "good", "3.12")
MISSING = Check("dot", "missing", "not found", "Graphs look simpler.", "apt-get install graphviz")
BAD = Check("disk", "bad", "3 MB free", "A full disk fails.", "rm something")


@pytest.fixture
def machine():
    """What is found, for tests to change."""
    return [GOOD, MISSING]


@pytest.fixture
def doctor(watches, machine):
    return Doctor(examine=lambda: list(machine))


def states(doctor):
    return [row["state"] for row in doctor.document.section("checks").values()]


def test_every_check_is_shown_in_order_with_what_to_type(doctor):
    rows = list(doctor.document.section("checks").values())
    assert [row["name"] for row in rows] == ["Python", "dot"]
    assert rows[1]["next"] == "apt-get install graphviz"
    assert doctor.line() == "doctor: this machine can run the embedded cluster"


def test_what_was_mended_is_seen_at_the_next_look(doctor, machine):
    machine[1] = Check("dot", "good", "/usr/bin/dot")
    machine.append(BAD)
    doctor.comm.click("look")
    assert states(doctor) == ["good", "good", "bad"]
    assert doctor.line() == "doctor: must be mended first: disk"
    machine.pop()
    doctor.look()
    assert states(doctor) == ["good", "good"]


def test_the_picture_does_not_depend_on_amounts(doctor, machine):
    before = doctor.picture()
    machine[0] = Check("Python", "good", "3.13")
    doctor.look()
    assert doctor.picture() == before


def test_the_real_doctor_is_asked(watches, state):
    assert "cluster" in Doctor().line()
