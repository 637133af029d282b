from __future__ import annotations

import sqlite3
import stat
import subprocess
import sys
from contextlib import closing

import pytest

from kubelearn.embedded.store import Store
from kubelearn.errors import StateError

WEB = "/registry/pods/default/web-0"


async def test_a_store_opened_again_is_as_it_was(store, open_store):
    await store.create("/registry/a", lambda revision: b"a")
    await store.create("/registry/b", lambda revision: b"b")
    await store.update("/registry/a", lambda revision: b"\0\xff", expected=2)
    await store.delete("/registry/b", lambda revision: b"", expected=3)
    await store.close()
    again = await open_store()
    assert (again.revision, again.range("")) == (5, store.range(""))
    assert len(await again.changes("", after=1)) == 4


async def test_the_counter_never_goes_back_even_if_nothing_is_left(store, open_store):
    await store.create(WEB, lambda revision: b"")
    await store.delete(WEB, lambda revision: b"", expected=2)
    await store.compact(3)
    await store.close()
    again = await open_store()
    assert (again.revision, again.compacted) == (3, 3)


async def test_nobody_else_may_read_the_files(store, path):
    await store.create(WEB, lambda revision: b"a secret")
    for file in path.parent.glob("store.db*"):
        assert stat.S_IMODE(file.stat().st_mode) == 0o600, file.name


async def test_a_store_from_a_newer_version_is_left_alone(store, open_store, path):
    await store.close()
    with closing(sqlite3.connect(path)) as file:
        file.execute("PRAGMA user_version = 7")
    before = path.read_bytes()
    with pytest.raises(StateError, match="has format 7, this kubelearn knows up to 1") as refusal:
        await open_store()
    assert "pip install --upgrade kubelearn" in refusal.value.hint
    assert path.read_bytes() == before


async def test_a_file_of_something_else_is_refused(open_store, path):
    path.write_bytes(b"not a database, but longer than the header of one: " * 10)
    with pytest.raises(StateError, match="is damaged: file is not a database") as refusal:
        await open_store()
    assert refusal.value.hint.startswith(f"mkdir {path.parent}/damaged && mv {path}*")


async def test_a_database_of_something_else_is_refused(open_store, path):
    with closing(sqlite3.connect(path)) as file:
        file.execute("CREATE TABLE recipes (name)")
    with pytest.raises(StateError, match="not a store of kubelearn"):
        await open_store()


@pytest.mark.parametrize("damage", ["cut", "overwritten"])
async def test_a_damaged_file_is_refused(store, open_store, path, damage):
    for i in range(200):
        await store.create(f"/registry/pods/default/web-{i}", lambda revision: b"x" * 1000)
    await store.close()
    content = bytearray(path.read_bytes())
    if damage == "cut":
        del content[len(content) // 2 :]
    else:
        content[4096 * 4 : 4096 * 20] = b"\x55" * (4096 * 16)
    path.write_bytes(content)
    with pytest.raises(StateError, match="is damaged"):
        await open_store()


async def test_a_store_is_opened_once(store, open_store):
    with pytest.raises(StateError, match=r"another process has the store .* open") as refusal:
        await open_store()
    assert "kubelearn status" in refusal.value.hint
    await store.close()
    assert await open_store()


async def test_another_process_cannot_open_it_either(store, path):
    program = (
        "import sys; from pathlib import Path\n"
        "from kubelearn.embedded.store.backend import Backend\n"
        "Backend.open(Path(sys.argv[1]))"
    )
    other = subprocess.run(
        [sys.executable, "-c", program, str(path)], capture_output=True, text=True, check=False
    )
    assert other.returncode == 1
    assert "StateError: another process has the store" in other.stderr


async def test_a_folder_that_cannot_be_used_is_named_with_a_way_out(tmp_path, clock):
    (tmp_path / "file").touch()
    for place in (tmp_path / "missing" / "store.db", tmp_path / "file" / "store.db", tmp_path):
        with pytest.raises(StateError, match="cannot be used") as refusal:
            await Store.open(place, clock=clock)
        assert "KUBELEARN_STATE" in refusal.value.hint


async def test_a_store_that_could_not_be_opened_is_not_left_locked(open_store, path):
    path.write_bytes(b"garbage" * 1000)
    with pytest.raises(StateError):
        await open_store()
    path.unlink()
    assert await open_store()
