"""Containers by themselves, and RUN in builds."""

import asyncio

import pytest

from kubelearn.containers.build.errors import DockerfileError
from kubelearn.containers.foreground import _keep
from kubelearn.containers.imagebuilder import Finished
from kubelearn.containers.ownbuilder import OwnBuilder
from kubelearn.errors import ContainerError


@pytest.fixture(scope="module")
def builder(tmp_path_factory):
    return OwnBuilder(tmp_path_factory.mktemp("images"), mirror=None)


@pytest.fixture
def build(builder, tmp_path):
    def make(text, tag="app:1"):
        (tmp_path / "Dockerfile").write_text(text)
        return builder.build(tmp_path, tag)

    return make


@pytest.fixture
def rooted(builder):
    if builder._lacks:
        pytest.skip(builder._lacks)


@pytest.fixture
def plain(builder, monkeypatch):
    monkeypatch.setitem(builder.__dict__, "_lacks", "the test says so")


# --- run ---


def test_an_image_runs_to_its_end_with_its_own_settings(builder, build):
    build('FROM busybox\nENV A=1\nWORKDIR /srv\nCMD ["sh", "-c", "echo $A $B; pwd; exit 3"]\n')
    assert builder.run("app:1", env={"B": "2"}) == Finished(3, "1 2\n/srv\n")


def test_another_command_can_take_the_place_of_its_own(builder, build):
    build("FROM python:3\n")
    found = builder.run("app:1", ["python", "-c", "print('x' * 100_000); print('end', end='')"])
    assert found == Finished(0, "x" * 100_000 + "\nend")


async def test_it_runs_where_a_loop_runs_already(builder, build):
    build('FROM busybox\nCMD ["echo", "hi"]\n')
    await asyncio.sleep(0)
    assert builder.run("app:1").output == "hi\n"


def test_a_container_that_takes_too_long_is_ended(builder, build):
    build('FROM busybox\nCMD ["sleep", "600"]\n')
    with pytest.raises(ContainerError, match=r"did not end within 0\.3 s"):
        builder.run("app:1", timeout=0.3)
    assert not list(builder.store.folder.glob("run-*"))


def test_a_program_that_is_not_there_is_named(builder, build):
    build('FROM busybox\nCMD ["no-such-program"]\n')
    with pytest.raises(ContainerError, match="no-such-program"):
        builder.run("app:1")


def test_a_plain_process_finds_what_the_image_adds(builder, build, plain, tmp_path):
    (tmp_path / "app.py").write_text("print(open('/app/app.py').read()[:5])")
    build('FROM python:3\nWORKDIR /app\nCOPY app.py .\nCMD ["python", "app.py"]\n')
    assert builder.run("app:1") == Finished(0, "print\n")


def test_a_container_sees_nothing_of_this_machine(builder, build, rooted, tmp_path):
    (tmp_path / "mine").write_text("x")
    build(f'FROM busybox\nCMD ["ls", "{tmp_path}"]\n')
    found = builder.run("app:1")
    assert (found.exit_code, "No such file" in found.output) == (1, True)


# --- RUN ---


def entries(builder, number):
    import tarfile

    layer = builder.store.get("app:1").layers[number]
    with tarfile.open(builder.store.blobs.path(layer.diff_id)) as archive:
        return {member.name: member for member in archive}


def test_a_command_makes_changes_and_removes_files(builder, build, rooted):
    build("FROM busybox\nRUN mkdir /a && echo x > /a/b && rm /etc/nsswitch.conf\n")
    assert list(entries(builder, -1)) == ["a", "a/b", "etc", "etc/.wh.nsswitch.conf"]
    root = builder.store.image(builder.store.get("app:1")).rootfs
    assert (root / "a/b").read_text() == "x\n"
    assert not (root / "etc/nsswitch.conf").exists()


def test_a_folder_that_is_made_anew_hides_the_old_one(builder, build, rooted):
    build("FROM busybox\nRUN mkdir /a && touch /a/old\nRUN rm -r /a && mkdir /a && touch /a/new\n")
    root = builder.store.image(builder.store.get("app:1")).rootfs
    assert [path.name for path in (root / "a").iterdir()] == ["new"]


def test_the_same_command_makes_the_same_layer(builder, build, rooted):
    text = "FROM busybox\nRUN echo x > /a\n"
    first = build(text)
    (first_layer,) = [layer.diff_id for layer in builder.store.get("app:1").layers[1:]]
    build(text + "#\n")
    again = build(text.replace("RUN", "RUN  true;"))
    (layer,) = [layer.diff_id for layer in builder.store.get("app:1").layers[1:]]
    assert (first.id != again.id, layer) == (True, first_layer)


def test_a_command_runs_as_the_user_and_where_the_dockerfile_says(builder, build, rooted):
    build("FROM busybox\nWORKDIR /srv\nUSER 1000\nRUN echo $(id -u) $(pwd) > /tmp/a\n")
    found = entries(builder, -1)["tmp/a"]
    root = builder.store.image(builder.store.get("app:1")).rootfs
    assert ((root / "tmp/a").read_text(), found.mode) == ("1000 /srv\n", 0o644)


def test_a_command_that_fails_shows_what_it_printed(build, rooted):
    with pytest.raises(
        DockerfileError, match=r"Dockerfile:2: the command ended with exit code 3\n    \| told\n"
    ):
        build("FROM busybox\nRUN echo told; exit 3\n")


def test_the_image_below_is_never_changed(builder, build, rooted):
    build("FROM busybox\nRUN echo x >> /etc/passwd; chmod 700 /etc\n")
    base = builder.store.roots.make(builder.store.get("app:1").layers[:1])
    assert "x\n" not in (base / "etc/passwd").read_text().splitlines(keepends=True)[-1:]
    assert (base / "etc").stat().st_mode & 0o777 == 0o755


def test_changes_that_the_disk_did_not_take_are_no_layer(tmp_path):
    (tmp_path / "layer/upper").mkdir(parents=True)
    with pytest.raises(ContainerError, match=r"kept in memory, as the disk of .* takes no"):
        _keep(tmp_path / "layer", tmp_path / "changes")


def test_without_a_root_a_command_is_refused_with_the_reason(build, plain):
    with pytest.raises(
        DockerfileError, match=r"Dockerfile:2: RUN needs .* of their own: the test says so"
    ):
        build("FROM busybox\nRUN echo x\n")


def test_a_plain_process_writes_into_a_copy_of_what_the_image_adds(build, builder, plain, tmp_path):
    (tmp_path / "app.py").write_text("open('/app/app.py', 'a').write('x'); print('done')")
    build('FROM python:3\nWORKDIR /app\nCOPY app.py .\nCMD ["python", "app.py"]\n')
    assert builder.run("app:1") == Finished(0, "done\n")
    root = builder.store.image(builder.store.get("app:1")).rootfs
    assert (root / "app/app.py").read_text().endswith("print('done')")
