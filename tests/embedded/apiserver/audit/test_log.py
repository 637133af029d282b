"""The file that events go to, and how it is read."""

from datetime import UTC, datetime, timedelta

import pytest

from kubelearn.embedded import audittrail
from kubelearn.embedded.apiserver.audit import AuditLog
from kubelearn.errors import ClusterError

MIDNIGHT = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "audit"


@pytest.fixture
def log(folder, clock):
    made = AuditLog(folder, now=clock.now, max_bytes=300, backups=2)
    yield made
    made.close()


def line(number):
    moment = audittrail.micro_time(MIDNIGHT + timedelta(seconds=number))
    return lambda: f'{{"auditID":"id-{number}","requestReceivedTimestamp":"{moment}"}}\n'.encode()


def numbers(folder, **options):
    content = b"".join(path.read_bytes() for path in audittrail.files(folder))
    return [
        int(each["auditID"][3:])
        for each in audittrail.events(content.splitlines(keepends=True), **options)
    ]


async def test_lines_are_written_together_and_for_the_owner_alone(log, folder):
    log.write(line(1))
    log.write(line(2))
    assert not folder.exists()
    log.flush()
    assert numbers(folder) == [1, 2]
    assert (folder / "audit.log").stat().st_mode & 0o077 == 0


async def test_a_full_file_makes_room_and_the_oldest_goes(log, folder, clock):
    for number in range(20):
        log.write(line(number))
        log.flush()
        await clock.advance(1)
    assert len(list(folder.iterdir())) == 3
    assert all(path.stat().st_size <= 300 for path in folder.iterdir())
    kept = numbers(folder)
    assert kept == list(range(kept[0], 20))
    assert kept[0] > 0


async def test_one_who_knows_an_event_reads_on_behind_it(log, folder):
    for number in range(4):
        log.write(line(number))
    log.flush()
    assert numbers(folder, after="id-1") == [2, 3]
    assert numbers(folder, after="id-3") == []
    assert numbers(folder, since=MIDNIGHT + timedelta(seconds=2)) == [2, 3]
    with pytest.raises(ClusterError, match="has no event id-9"):
        numbers(folder, after="id-9")


async def test_a_line_that_is_being_written_is_not_read(log, folder):
    log.write(line(1))
    log.write(lambda: line(2)()[:20])
    log.flush()
    assert numbers(folder) == [1]


async def test_without_a_place_to_write_events_are_lost_and_that_is_said_once(
    tmp_path, clock, caplog
):
    (tmp_path / "file").touch()
    log = AuditLog(tmp_path / "file", now=clock.now)
    for number in range(3):
        log.write(line(number))
        log.flush()
    assert caplog.text.count("cannot be written") == 1


async def test_a_log_goes_on_where_another_one_ended(log, folder, clock):
    log.write(line(1))
    log.close()
    after = AuditLog(folder, now=clock.now, max_bytes=300, backups=2)
    for number in (2, 3, 4):
        after.write(line(number))
        after.flush()
    after.close()
    assert numbers(folder) == [1, 2, 3, 4]
    assert all(path.stat().st_size <= 300 for path in folder.iterdir())


async def test_an_event_that_cannot_be_written_is_missed_alone(log, folder, caplog):
    def broken():
        raise ValueError("bug")

    for each in (line(1), broken, line(2)):
        log.write(each)
    log.flush()
    assert numbers(folder) == [1, 2]
    assert "bug" in caplog.text


async def test_what_a_full_disk_cut_off_is_left_out(log, folder):
    log.write(lambda: line(1)()[:20] + b"\n")
    log.write(line(2))
    log.flush()
    assert numbers(folder) == [2]
