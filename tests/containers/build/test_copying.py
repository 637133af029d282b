"""COPY and ADD, through whole builds."""

import io
import os
import stat
import tarfile

import pytest

from kubelearn.containers.build.errors import DockerfileError


@pytest.mark.parametrize(
    ("copy", "path"),
    [
        ("COPY a.py /x/y.py", "x/y.py"), ("COPY a.py /x/", "x/a.py"),
        ("COPY a.py /etc", "etc/a.py"),
        ("COPY a.py .", "a.py"), ("WORKDIR /app\nCOPY a.py .", "app/a.py"),
        ("WORKDIR /app\nCOPY a.py b.py", "app/b.py"), ("WORKDIR /app\nCOPY ./a.py ../x/", "x/a.py"),
        ("COPY /a.py /x/", "x/a.py"), ("COPY *.py /x/", "x/a.py"), ("COPY d /x", "x/in/b"),
        ("COPY d/in/b /x/", "x/b"), ("COPY d/*/b /x/", "x/b"),
        ('COPY ["a.py", "/x y/"]', "x y/a.py"),
        ("COPY a.py /lib/", "usr/lib/a.py"), ("ENV D=/e\nCOPY a.py $D/", "e/a.py"),
        ("COPY . /x/", "x/d/in/b"), ("ADD a.py /x/", "x/a.py"), ("COPY soft /x/", "x/soft"),
        ("COPY [a].py /x/", "x/a.py"),
    ],
)  # fmt: skip
def test_files_come_to_where_docker_puts_them(bench, copy, path):
    bench.write(aDOTpy="text", d__in__b="text")
    (bench.folder / "soft").symlink_to("a.py")
    bench.build(f"FROM base:1\n{copy}\n")
    root = bench.store.image(bench.store.get("app:1")).rootfs
    assert (root / path).read_text() == "text"
    assert not (root / path).is_symlink()


def test_a_folders_links_stay_links(bench):
    bench.write(d__file="x")
    (bench.folder / "d/link").symlink_to("/etc/passwd")
    bench.build("FROM base:1\nCOPY d /d\n")
    assert bench.members()["d/link"].linkname == "/etc/passwd"


@pytest.mark.parametrize(
    ("chown", "owner"),
    [
        ("", (0, 0)), ("--chown=5", (5, 5)), ("--chown=5:6", (5, 6)), ("--chown=app", (1000, 1001)),
        ("--chown=app:web", (1000, 33)), ("--chown=5:web", (5, 33)),
    ],
)  # fmt: skip
def test_owners_are_numbers_that_the_image_knows(bench, chown, owner):
    bench.write(aDOTpy="x")
    bench.build(f"FROM base:1\nCOPY {chown} a.py /new/a.py\n")
    for name in ("new", "new/a.py"):
        found = bench.members()[name]
        assert (found.uid, found.gid) == owner


def test_modes_stay_or_are_set(bench):
    bench.write(aDOTpy="x")
    (bench.folder / "a.py").chmod(0o750)
    bench.build("FROM base:1\nCOPY a.py /a\nCOPY --chmod=0604 a.py /b\n")
    assert stat.S_IMODE(bench.members()["b"].mode) == 0o604
    bench.build("FROM base:1\nCOPY a.py /a\n")
    assert bench.members()["a"].mode == 0o750


def test_what_is_there_is_no_part_of_the_layer_again(bench):
    bench.write(aDOTpy="x")
    bench.build("FROM base:1\nCOPY a.py /etc/deep/a.py\n")
    assert list(bench.members()) == ["etc/deep", "etc/deep/a.py"]


def test_what_is_ignored_is_not_copied(bench):
    bench.write(
        a="1", secret="2", d__secret="3", d__b="4", DOTdockerignore="**/secret\nDockerfile\n"
    )
    bench.build("FROM base:1\nCOPY . /x/\n")
    assert set(bench.files()) == {"x/a", "x/d/b", "x/.dockerignore"}


def test_what_is_taken_back_out_of_an_ignored_folder_is_copied(bench):
    bench.write(d__a="1", d__keep__b="2", DOTdockerignore="d\n!d/keep\n")
    bench.build("FROM base:1\nCOPY . /x/\n")
    assert {"x/d/keep/b"} == {path for path in bench.files() if "/d/" in path}


def test_add_unpacks_archives_and_copy_does_not(bench):
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w:gz") as archive:
        info = tarfile.TarInfo("in/file")
        info.size = 4
        archive.addfile(info, io.BytesIO(b"text"))
    (bench.folder / "a.tgz").write_bytes(file.getvalue())
    bench.build("FROM base:1\nADD a.tgz /x\n")
    assert bench.files() == {"x/in/file": "text"}
    bench.build("FROM base:1\nCOPY a.tgz /x\n")
    assert list(bench.members()) == ["x"]


def test_an_archive_that_leads_out_is_refused(bench, tmp_path):
    with tarfile.open(bench.folder / "a.tar", "w") as archive:
        archive.addfile(tarfile.TarInfo("../../../outside"))
    with pytest.raises(DockerfileError, match=r"a\.tar cannot be unpacked: .* leads out"):
        bench.build("FROM base:1\nADD a.tar /x\n")
    assert bench.store.find("app:1") is None


def test_here_documents_become_files(bench):
    bench.build("FROM base:1\nENV A=1\nCOPY <<one <<'two' /x/\n$A\none\n$A\ntwo\n")
    assert bench.files() == {"x/one": "1\n", "x/two": "$A\n"}


@pytest.mark.parametrize(
    ("copy", "message", "hint"),
    [
        ("COPY ../outside /x", "../outside leads out of the build context", "folder above"),
        ("COPY d/../../outside /x", "leads out of the build context", "folder above"),
        ("COPY abs /x", "abs is a link that leads out of the build context", "link's place"),
        ("COPY up /x", "up is a link that leads out of the build context", "link's place"),
        ("COPY updir/passwd /x", "is not in the build context", "what COPY can see"),
        ("COPY ap.py /x", "ap.py is not in the build context", "did you mean app.py?"),
        ("COPY /etc/passwd /x", "is not in the build context", "reads from"),
        ("COPY secret /x", "secret is left out of the build context by .dockerignore", "!secret"),
        ("COPY *.nothing /x", "*.nothing is not in the build context", ""),
        ("COPY app.py secret2 /x", "secret2 is not", ""),
        ("COPY app.py d /x", "several files cannot be copied to one name, /x", "/x/"),
        ("COPY --chown=nobody2 app.py /x", "the image has no user 'nobody2'", "--chown=1000:1000"),
        ("COPY --chmod=rwx app.py /x", "--chmod=rwx is no octal number", "--chmod=755"),
        ("COPY --from=never app.py /x", "there is no image never:latest here", "kubelearn images"),
        ("COPY --from=base:1 /none /x", "/none is not in the files of base:1", ""),
        ("ADD https://example.org/x /x", "ADD fetches nothing here", "curl -O"),
    ],
)  # fmt: skip
def test_what_cannot_be_copied_is_said_with_line_and_remedy(bench, tmp_path, copy, message, hint):
    (tmp_path / "outside").write_text("mine")
    bench.write(appDOTpy="x", secret="y", d__a="z", DOTdockerignore="secret\n")
    (bench.folder / "abs").symlink_to("/etc/passwd")
    (bench.folder / "up").symlink_to("../outside")
    (bench.folder / "updir").symlink_to("/etc")
    with pytest.raises(DockerfileError) as error:
        bench.build(f"FROM base:1\n{copy}\n")
    assert error.value.message.startswith("Dockerfile:2: ")
    assert f"\n    {copy}" in error.value.message
    assert message in error.value.message
    assert hint in error.value.hint
    assert bench.store.find("app:1") is None


def test_a_file_that_may_not_be_read_is_named(bench, modes_count):
    bench.write(a="x")
    (bench.folder / "a").chmod(0)
    with pytest.raises(DockerfileError, match="a cannot be read: Permission denied"):
        bench.build("FROM base:1\nCOPY a /x\n")


def test_a_link_in_the_image_leads_no_file_out_of_it(bench, tmp_path):
    (tmp_path / "outside").mkdir()
    bench.write(a="x", d__b="y")
    (bench.folder / "d/door").symlink_to(tmp_path / "outside")
    bench.build("FROM base:1\nCOPY d /\nCOPY a /door/\n")
    assert list((tmp_path / "outside").iterdir()) == []


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may give files away")
def test_files_of_another_stage_keep_their_owners(bench):
    bench.write(a="x")
    bench.build(
        "FROM base:1 AS one\nCOPY --chown=5:6 a /d/a\n"
        "FROM base:1\nCOPY --from=one /d /d\nCOPY --from=one --chown=7 /d/a /b\n"
    )
    assert (bench.members()["b"].uid, bench.members()["b"].gid) == (7, 7)
    bench.build("FROM base:1 AS one\nCOPY --chown=5:6 a /d/a\nFROM base:1\nCOPY --from=one /d /d\n")
    assert [(each.uid, each.gid) for each in bench.members().values()] == [(0, 0), (5, 6)]
