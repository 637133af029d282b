"""Docker Engine and our own builder make the same of the same, and read each other's files."""

import io
import shutil
import subprocess
import tarfile

import pytest

from kubelearn.clusters.images import bring
from kubelearn.containers import imagebuilder
from kubelearn.containers.build.errors import DockerfileError
from kubelearn.containers.imagestore import NoSuchImage, Store
from kubelearn.errors import ContainerError
from tests.docker.conftest import BASE

# One of each instruction that changes files or the configuration; RUN has a test of its own.
EVERYTHING = f"""\
ARG NAME=python
FROM kubelearn-test/$NAME:1 AS build
WORKDIR /build
COPY . .
COPY --chown=33:www-data app.py /out/bin/

FROM {BASE}
ARG VERSION=1.0
ENV VERSION=${{VERSION}} LIST="a b" EMPTY=${{NONE:-word}}
LABEL org.example.version=$VERSION "two words"='x y'
WORKDIR /app
WORKDIR deeper
COPY *.py requirements.txt ./
COPY folder /files
COPY --from=build /out /out
ADD archive.tgz /unpacked/
COPY ["name with blanks", "/the copy"]
EXPOSE 8080 53/udp
VOLUME /data
USER 1000:1000
STOPSIGNAL SIGINT
HEALTHCHECK --interval=1m30s --retries=2 CMD wget -q localhost
ENTRYPOINT ["python"]
CMD ["app.py"]
"""


@pytest.fixture
def everything(folder):
    (folder / "Dockerfile").write_text(EVERYTHING)
    (folder / ".dockerignore").write_text("**/*.log\nDockerfile\n!folder/keep.log\n")
    (folder / "app.py").write_text("print('hello')\n")
    (folder / "other.py").write_text("")
    (folder / "requirements.txt").write_text("flask\n")
    (folder / "name with blanks").write_text("x")
    for name in ("a.txt", "b.log", "keep.log", "deep/c.txt"):
        path = folder / "folder" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(name)
    (folder / "folder/link").symlink_to("deep/c.txt")
    (folder / "folder/deep/c.txt").chmod(0o750)
    (folder / "folder").chmod(0o710)
    (folder / "folder/deep").chmod(0o700)
    with tarfile.open(folder / "archive.tgz", "w:gz") as archive:
        info = tarfile.TarInfo("in/file")
        info.size, info.mode = 1, 0o600
        archive.addfile(info, io.BytesIO(b"x"))
    return folder


def files_of(own, name):
    """What the image adds to its base: kind, mode, owner, size and target, by path."""
    found = {}
    for layer in own.store.get(name).layers[1:]:
        with tarfile.open(own.store.blobs.path(layer.diff_id)) as archive:
            for each in archive:
                mode, owner = oct(each.mode & 0o7777), (each.uid, each.gid)
                found[each.name.rstrip("/")] = (each.type, mode, owner, each.size, each.linkname)
    return found


def test_both_build_the_same_files_and_the_same_configuration(own, engine, everything, tmp_path):
    own.build(everything, "kubelearn-test/everything:own")
    engine.build(everything, "kubelearn-test/everything:docker")
    engine.save("kubelearn-test/everything:docker", tmp_path / "docker.tar")
    own.load(tmp_path / "docker.tar")
    ours, theirs = "kubelearn-test/everything:own", "kubelearn-test/everything:docker"
    expected = files_of(own, theirs)
    assert "files/keep.log" in expected
    assert "files/b.log" not in expected
    assert files_of(own, ours) == expected
    configured = own.store.get(theirs).run_config
    for key, value in own.store.get(ours).run_config.items():
        assert (configured.get(key) or None) == (value or None), key


@pytest.mark.parametrize(
    "text",
    [
        "CMD a $b",
        'ENTRYPOINT ["a"]',
        'CMD ["b"]\nENTRYPOINT ["a"]',
        'SHELL ["/bin/ash", "-c"]\nCMD a',
        "ENV A 'x y' z",
        "ENV A=1\nENV A=2 B=$A",
        "ENV A=\\$B C='$B'",
        "WORKDIR a/../b",
        "ONEOF=1",
        "MAINTAINER somebody",
        "HEALTHCHECK NONE",
        "USER root:www-data",
    ],
)
def test_both_read_an_instruction_alike(own, engine, folder, tmp_path, text):
    (folder / "Dockerfile").write_text(f"FROM {BASE}\n{text}\n")
    results = []
    for builder in (own, engine):
        try:
            builder.build(folder, "kubelearn-test/one:1")
        except (DockerfileError, ContainerError):
            results.append("refused")
            continue
        if builder is engine:
            engine.save("kubelearn-test/one:1", tmp_path / "one.tar")
            own.load(tmp_path / "one.tar")
        config = own.store.get("kubelearn-test/one:1").run_config
        results.append({key: value for key, value in config.items() if value and key in KEYS})
    assert results[0] == results[1]


KEYS = ("Env", "Cmd", "Entrypoint", "WorkingDir", "User", "Labels", "Healthcheck", "Shell")


def test_docker_runs_what_we_built(own, engine, folder, tmp_path):
    (folder / "Dockerfile").write_text(
        f'FROM {BASE}\nWORKDIR /app\nCOPY app.py .\nUSER 1000\nENV A=b\nCMD ["python", "app.py"]\n'
    )
    (folder / "app.py").write_text("import os; print('ours', os.environ['A'], os.getuid())")
    built = own.build(folder, "kubelearn-test/ours:1")
    own.save("kubelearn-test/ours:1", tmp_path / "ours.tar")
    assert list(engine.load(tmp_path / "ours.tar")) == ["kubelearn-test/ours:1"]
    assert engine.run("kubelearn-test/ours:1").output == "ours b 1000\n"
    assert engine.run("kubelearn-test/ours:1", ["sh", "-c", "exit 3"]).exit_code == 3
    (loaded,) = [each for each in engine.images() if each.name == "kubelearn-test/ours:1"]
    assert loaded.id == built.id


def test_the_docker_command_loads_and_saves_too(own, engine, docker_engine, folder, tmp_path):
    (folder / "Dockerfile").write_text(f"FROM {BASE}\nLABEL way=command\n")
    own.build(folder, "kubelearn-test/command:1")
    own.save("kubelearn-test/command:1", tmp_path / "one.tar")
    command = [
        shutil.which("docker"),
        "--host",
        docker_engine.api.base_url.replace(
            "http+docker://localhost", "unix://" + docker_engine.api._custom_adapter.socket_path
        ),
    ]
    loaded = subprocess.run(
        [*command, "load", "-i", tmp_path / "one.tar"], capture_output=True, text=True, check=True
    )
    assert "Loaded image: kubelearn-test/command:1" in loaded.stdout
    subprocess.run(
        [*command, "save", "-o", tmp_path / "two.tar", "kubelearn-test/command:1"], check=True
    )
    before = own.store.get("kubelearn-test/command:1")
    own.remove("kubelearn-test/command:1")
    assert list(own.load(tmp_path / "two.tar")) == ["kubelearn-test/command:1"]
    after = own.store.get("kubelearn-test/command:1")
    assert after.id == before.id
    assert [layer.diff_id for layer in after.layers] == [layer.diff_id for layer in before.layers]


def test_what_docker_built_is_brought_to_our_store(engine, folder, state):
    (folder / "Dockerfile").write_text(f"FROM {BASE}\nLABEL built=by-docker\n")
    engine.build(folder, "kubelearn-test/docker:1")
    bring("kubelearn-test/docker:1")
    found = Store(state / "images").get("kubelearn-test/docker:1")
    assert found.run_config["Labels"]["built"] == "by-docker"
    with pytest.raises(NoSuchImage, match="there is no image kubelearn-test/never:1"):
        bring("kubelearn-test/never:1")


def test_docker_tells_its_steps_as_we_do(engine, folder):
    (folder / "Dockerfile").write_text(f"FROM {BASE}\nCOPY app.py /\nRUN echo told\n")
    (folder / "app.py").write_text("1")
    told = []
    first = engine.build(folder, "kubelearn-test/steps:1", tell=told.append)
    assert [step.text for step in first.steps] == [f"FROM {BASE}", "COPY app.py /", "RUN echo told"]
    assert "told\n" in [step.output for step in told]
    second = engine.build(folder, "kubelearn-test/steps:1")
    assert [step.cached for step in second.steps] == [True, True, True]
    assert second.id == first.id


def test_layers_are_told_by_both(own, engine, folder):
    lines = f"FROM {BASE}\nLABEL a=b\nWORKDIR /new\nCOPY app.py /\n"
    (folder / "Dockerfile").write_text(lines)
    (folder / "app.py").write_text("x" * 10_000)
    for builder in (own, engine):
        builder.build(folder, "kubelearn-test/layers:1")
        *_, label, workdir, copy = builder.layers("kubelearn-test/layers:1")
        # A layer without a byte in a file is one all the same.
        assert workdir.digest.startswith("sha256:")
        assert (label.size, label.digest) == (0, "")
        assert label.created_by.startswith("LABEL a=b")
        assert copy.created_by.startswith("COPY ")
        assert copy.digest.startswith("sha256:")
        assert 10_000 <= copy.size < 13_000
        assert len(imagebuilder.compare(builder, BASE, "kubelearn-test/layers:1").shared) == 1


def test_a_build_that_fails_says_what_docker_says(engine, folder):
    (folder / "Dockerfile").write_text(f"FROM {BASE}\nRUN exit 7\n")
    with pytest.raises(DockerfileError, match=r"step 2: RUN exit 7: .*returned a non-zero code: 7"):
        engine.build(folder)
    (folder / "Dockerfile").write_text("COYP a b\n")
    with pytest.raises(ContainerError, match="unknown instruction: COYP"):
        engine.build(folder)


def test_unknown_images_are_named(engine, tmp_path):
    for call in (engine.layers, engine.run, engine.remove):
        with pytest.raises(ContainerError, match="Docker has no image kubelearn-test/never:1"):
            call("kubelearn-test/never:1")
    with pytest.raises(ContainerError, match="Docker cannot load"):
        engine.load(tmp_path / "never.tar")


def test_a_container_that_takes_too_long_is_ended(engine):
    with pytest.raises(ContainerError, match="did not end within 1 s"):
        engine.run(BASE, ["sleep", "60"], timeout=1)
