"""Container logs on disk."""

import pytest

from kubelearn.containers.logfile import LogFile

STAMP = "2026-01-01T12:00:00.000000007Z"


@pytest.fixture
def log(tmp_path):
    now = 1767268800_000000007
    made = LogFile(tmp_path / "app/0.log", now_ns=lambda: now, max_bytes=400)
    yield made
    made.close()


def test_a_line_carries_time_stream_and_tag(log):
    log.write(1, b"one\ntwo\n")
    log.write(2, b"oh\n")
    log.close()
    assert log.path.read_text() == (
        f"{STAMP} stdout F one\n{STAMP} stdout F two\n{STAMP} stderr F oh\n"
    )


def test_a_line_waits_for_its_end(log):
    log.write(1, b"on")
    log.write(2, b"between\n")
    log.write(1, b"e\n")
    assert log.path.read_text() == f"{STAMP} stderr F between\n{STAMP} stdout F one\n"


def test_what_has_no_end_at_the_end_is_a_part(log):
    log.write(1, b"done, no newline")
    log.close()
    assert log.path.read_text() == f"{STAMP} stdout P done, no newline\n"


def test_an_endless_line_is_written_in_parts(log):
    log.write(1, b"x" * 20000)
    assert log.path.read_text().split(" ")[2] == "P"


def test_a_full_log_is_put_aside(log):
    for number in range(12):
        log.write(1, f"line {number}\n".encode())
    aside = log.path.with_name("0.log.1")
    assert aside.read_text().startswith(f"{STAMP} stdout F line ")
    assert log.path.read_text().endswith("line 11\n")
    assert log.path.stat().st_size <= 400
