"""Reading container logs."""

from datetime import UTC, datetime

import pytest

from kubelearn.embedded.kubelet.logs import LogOptions, last_lines, read_log

LINES = (
    "2026-01-01T12:00:01.000000000Z stdout F one\n"
    "2026-01-01T12:00:02.000000000Z stderr F oh\n"
    "2026-01-01T12:00:03.000000000Z stdout P tw\n"
    "2026-01-01T12:00:03.000000000Z stdout F o\n"
    "2026-01-01T12:00:04.000000000Z stdout F three\n"
)


@pytest.fixture
def path(tmp_path):
    file = tmp_path / "0.log"
    file.write_text(LINES)
    return file


async def never():
    return False


async def text(path, grown=never, **options):
    return b"".join([piece async for piece in read_log(path, LogOptions(**options), grown=grown)])


async def test_a_log_is_text_without_its_columns(path):
    assert await text(path) == b"one\noh\ntwo\nthree\n"


@pytest.mark.parametrize(
    ("tail", "expected"),
    [
        (0, b""),
        (1, b"three\n"),
        (3, b"two\nthree\n"),
        (5, b"one\noh\ntwo\nthree\n"),
        (99, b"one\noh\ntwo\nthree\n"),
    ],
)
async def test_a_log_can_be_cut_to_its_last_lines(path, tail, expected):
    assert await text(path, tail=tail) == expected


async def test_last_lines_are_found_in_a_long_log(path):
    path.write_text("".join(f"2026-01-01T12:00:00Z stdout F {n:0100}\n" for n in range(2000)))
    assert (await text(path, tail=1500)).startswith(f"{500:0100}\n".encode())


async def test_a_log_can_be_cut_to_its_first_bytes(path):
    assert await text(path, limit_bytes=5) == b"one\no"


async def test_lines_can_carry_their_time(path):
    assert (await text(path, timestamps=True, tail=1)) == b"2026-01-01T12:00:04.000000000Z three\n"


async def test_a_log_can_begin_at_a_time(path):
    since = datetime(2026, 1, 1, 12, 0, 3, tzinfo=UTC)
    assert await text(path, since=since) == b"two\nthree\n"


async def test_one_stream_can_be_asked_for(path):
    assert await text(path, streams=(b"stderr",)) == b"oh\n"


async def test_following_goes_on_until_the_container_has_ended(path):
    later = ["2026-01-01T12:00:05Z stdout F four\n", "2026-01-01T12:00:06Z stdout F five\n"]

    async def grown():
        if later:
            with path.open("a") as file:
                file.write(later.pop(0))
            return True
        return False

    assert await text(path, grown, follow=True, tail=1) == b"three\nfour\nfive\n"


async def test_following_goes_on_in_a_new_file_when_the_log_is_rotated(path):
    steps = ["rotate", "more"]

    async def grown():
        match steps.pop(0) if steps else None:
            case "rotate":
                path.rename(path.with_suffix(".log.1"))
                path.write_text("2026-01-01T12:00:05Z stdout F four\n")
            case "more":
                with path.open("a") as file:
                    file.write("2026-01-01T12:00:06Z stdout F five\n")
            case None:
                return False
        return True

    assert await text(path, grown, follow=True, tail=0) == b"four\nfive\n"


async def test_a_line_that_is_being_written_is_left_for_later(path):
    with path.open("a") as file:
        file.write("2026-01-01T12:00:05Z stdout F fo")

    async def grown():
        with path.open("a") as file:
            file.write("ur\n")
        return False

    assert await text(path, grown, follow=True, tail=1) == b"three\nfour\n"


def test_last_words_are_lines_and_bytes_from_the_end(path):
    assert last_lines(path, lines=1, size=100) == "three\n"
    assert last_lines(path, lines=80, size=9) == "wo\nthree\n"
    assert last_lines(path.with_name("none"), lines=1, size=1) == ""
