"""Whole builds."""

import shutil

import pytest

from kubelearn.containers.build.errors import DockerfileError
from kubelearn.containers.imagestore import BrokenImage
from tests.containers.build.conftest import APP, Bench

# --- configuration ---


@pytest.mark.parametrize(
    ("text", "key", "value"),
    [
        ("ENV A=1 B='x y' C=$A", "Env", ["PATH=/bin", "BASE=yes", "A=1", "B=x y", "C="]),
        ("ENV A x y", "Env", ["PATH=/bin", "BASE=yes", "A=x y"]),
        ("ENV BASE=no", "Env", ["PATH=/bin", "BASE=no"]),
        ('LABEL a=1 "b c"="d"\nLABEL e=$BASE', "Labels", {"a": "1", "b c": "d", "e": "yes"}),
        ("EXPOSE 80 53/udp", "ExposedPorts", {"80/tcp": {}, "53/udp": {}}),
        ("EXPOSE 8000-8002/TCP", "ExposedPorts", {f"{8000 + n}/tcp": {} for n in range(3)}),
        ("USER app", "User", "app"),
        ("WORKDIR /a\nWORKDIR b/../c", "WorkingDir", "/a/c"),
        ("WORKDIR a", "WorkingDir", "/a"),
        ('VOLUME ["/a b"]', "Volumes", {"/a b": {}}),
        ("VOLUME /a /b", "Volumes", {"/a": {}, "/b": {}}),
        ("STOPSIGNAL SIGQUIT", "StopSignal", "SIGQUIT"),
        ('CMD ["a", "$b"]', "Cmd", ["a", "$b"]),
        ("CMD a $b", "Cmd", ["/bin/sh", "-c", "a $b"]),
        ('SHELL ["bash", "-c"]\nCMD a', "Cmd", ["bash", "-c", "a"]),
        ("ENTRYPOINT a", "Entrypoint", ["/bin/sh", "-c", "a"]),
        ('ENTRYPOINT ["a"]', "Cmd", None),
        ('CMD ["b"]\nENTRYPOINT ["a"]', "Cmd", ["b"]),
        ('ENTRYPOINT ["a"]\nCMD ["b"]', "Cmd", ["b"]),
        ("HEALTHCHECK NONE", "Healthcheck", {"Test": ["NONE"]}),
        (
            "HEALTHCHECK --interval=1m30s --timeout=500ms --retries=2 CMD curl x",
            "Healthcheck",
            {
                "Test": ["CMD-SHELL", "curl x"],
                "Interval": 90 * 10**9,
                "Timeout": 5 * 10**8,
                "Retries": 2,
            },
        ),
        ('HEALTHCHECK CMD ["a", "b"]', "Healthcheck", {"Test": ["CMD", "a", "b"]}),
    ],
)
def test_instructions_change_the_configuration_as_dockers_do(bench, text, key, value):
    bench.build(f"FROM base:1\n{text}\n")
    assert bench.config()[key] == value


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("ENV A", "A has no value"), ("ENV A=1 B", "B has no ="), ("ENV A='x", "has no partner"),
        ("EXPOSE x", "'x' is no port"), ("EXPOSE 70000", "is no port"),
        ("EXPOSE 9-8", "is no port"),
        ("USER ${A:?who}", "A: who"), ("HEALTHCHECK --interval=x CMD a", "'x' is no duration"),
        ("HEALTHCHECK --retries=x CMD a", "--retries=x is no number"),
    ],
)  # fmt: skip
def test_a_wrong_value_is_said_with_its_line(bench, text, message):
    with pytest.raises(DockerfileError, match=f"Dockerfile:2: (.|\n)*{message}"):
        bench.build(f"FROM base:1\n{text}\n")


def test_the_history_tells_each_instruction_and_which_made_a_layer(app):
    app.build(APP)
    history = app.store.get("app:1").config["history"]
    assert [(entry["created_by"], "empty_layer" in entry) for entry in history] == [
        ("base", False),
        ("WORKDIR /app", False),
        ("COPY requirements.txt .", False),
        ("COPY app.py .", False),
        ('CMD ["python", "app.py"]', True),
    ]
    made = sum("empty_layer" not in entry for entry in history)
    assert made == len(app.store.get("app:1").layers)


def test_an_image_can_begin_with_nothing(bench):
    bench.write(a="x")
    bench.build('FROM scratch\nCOPY a /\nCMD ["/a"]\n')
    assert bench.files() == {"a": "x"}
    bench.build("FROM scratch\n", "empty")
    assert bench.store.get("empty").size == 0
    assert bench.files("empty") == {}


# --- arguments ---


@pytest.mark.parametrize(
    ("text", "args", "value"),
    [
        ("ARG A=1\nENV V=$A", {}, "1"),
        ("ARG A=1\nENV V=$A", {"A": "2"}, "2"),
        ("ENV V=$A", {"A": "2"}, ""),
        ("ARG A\nENV V=x$A", {}, "x"),
        ("ENV A=3\nARG A=1\nENV V=$A", {"A": "2"}, "3"),
        ("ARG A=1 B=$A\nENV V=$B", {}, "1"),
        ("ARG GLOBAL\nENV V=$GLOBAL", {}, "outer"),
        ("ENV V=$GLOBAL", {}, ""),
        ("ARG GLOBAL=inner\nENV V=$GLOBAL", {}, "inner"),
        ("ARG TARGETOS\nENV V=$TARGETOS", {}, "linux"),
    ],
)
def test_arguments_count_from_their_line_on(bench, text, args, value):
    bench.build(f"ARG GLOBAL=outer\nFROM base:1\n{text}\n", build_args=args)
    assert f"V={value}" in bench.config()["Env"]


def test_from_can_use_the_arguments_before_it(bench):
    bench.base("base:2", Cmd=["two"])
    text = "ARG V=1\nFROM base:${V}\n"
    bench.build(text, build_args={"V": "2"})
    assert bench.config()["Cmd"] == ["two"]
    with pytest.raises(DockerfileError, match="Dockerfile:1: \\$NONE stands for nothing"):
        bench.build("FROM $NONE\n")


def test_an_argument_that_nothing_takes_is_warned_of(bench):
    report = bench.build("FROM base:1\n", build_args={"A": "1", "HTTP_PROXY": "x"})
    assert report.warnings == ["no ARG takes the build argument A"]


# --- stages ---

STAGES = (
    "FROM base:1 AS build\nCOPY a /out/\nRUN unused\n"
    "FROM base:1 AS other\nCOPY never /\n"
    "FROM scratch AS last\nCOPY --from=build /out/a /b\n"
)


def test_a_stage_can_take_files_of_another_one(bench):
    bench.write(a="x")
    report = bench.build(STAGES)
    assert bench.files() == {"b": "x"}
    assert len(bench.store.get("app:1").layers) == 1
    assert {step.stage for step in report.steps} == {"build", "last"}


def test_a_build_can_stop_at_a_stage(bench):
    bench.write(a="x")
    report = bench.build(STAGES, target="Build")
    assert bench.files() == {"out/a": "x"}
    assert [(step.number, step.total) for step in report.steps] == [(1, 3), (2, 3), (3, 3)]
    with pytest.raises(DockerfileError, match="no stage 'none'\n  → it has build, other, last"):
        bench.build(STAGES, target="none")


def test_a_stage_can_build_on_another_one_and_be_called_by_its_number(bench):
    bench.write(a="x")
    bench.build("FROM base:1 AS one\nENV A=1\nCOPY a /\nFROM one\nCOPY --from=0 /a /c\n")
    assert bench.files() == {"a": "x", "c": "x"}
    assert "A=1" in bench.config()["Env"]


def test_files_can_come_from_an_image(bench):
    bench.build("FROM scratch\nCOPY --from=base:1 /bin/sh /shell\n")
    assert bench.files() == {"shell": "shell"}


# --- the same input gives the same image ---


def test_the_same_input_is_the_same_image_everywhere(app, tmp_path):
    (tmp_path / "elsewhere").mkdir()
    other = Bench(tmp_path / "elsewhere")
    other.base("base:1", Env=["PATH=/bin", "BASE=yes"], Cmd=["sh"], WorkingDir="/")
    shutil.rmtree(other.folder)
    shutil.copytree(app.folder, other.folder, copy_function=shutil.copyfile)
    assert other.build(APP).id == app.build(APP).id
    assert other.store.get("app:1").manifest == app.store.get("app:1").manifest


# --- RUN ---


def test_what_a_command_changes_is_a_layer(bench):
    def make(request):
        assert (request.root / "bin/sh").exists()
        assert request.upper.stat().st_mode & 0o777 == 0o755
        (request.upper / "made").write_text("x")
        return 0

    bench.runs = make
    report = bench.build("FROM base:1\nWORKDIR /app\nUSER app\nRUN make it\n")
    assert bench.files() == {"made": "x"}
    (ran,) = bench.ran
    assert (ran.command, ran.user, ran.working_dir) == (["/bin/sh", "-c", "make it"], "app", "/app")
    assert ran.env["BASE"] == "yes"
    assert [step.output for step in bench.told if step.state == "output"] == ["ran make it\n"]
    assert report.steps[-1].layer
    bench.build("FROM base:1\nWORKDIR /app\nUSER app\nRUN make it\n")
    assert len(bench.ran) == 1
    assert not list(bench.store.folder.glob("run-*"))


def test_a_command_can_be_words_or_a_text(bench):
    bench.build('FROM base:1\nRUN ["a", "b c"]\nRUN <<EOF\none\ntwo\nEOF\n')
    assert [list(each.command) for each in bench.ran] == [
        ["a", "b c"],
        ["/bin/sh", "-c", "one\ntwo\n"],
    ]


def test_a_command_can_read_a_text_that_comes_with_it(bench):
    bench.build("FROM base:1\nRUN cat <<EOF > /a && b\none\nEOF\n")
    assert bench.ran[0].command[-1] == "cat <<EOF > /a && b\none\nEOF\n"
    with pytest.raises(DockerfileError, match="Dockerfile:2: a script with an interpreter"):
        bench.build("FROM base:1\nRUN <<EOF\n#!/usr/bin/env python\nEOF\n")


def test_arguments_are_in_a_commands_environment(bench):
    bench.build("FROM base:1\nARG A=1\nRUN make\n")
    assert bench.ran[0].env["A"] == "1"
    assert "A=1" not in bench.config()["Env"]


def test_a_command_that_fails_ends_the_build_with_what_it_printed(bench):
    bench.runs = lambda request: 7
    with pytest.raises(
        DockerfileError, match=r"Dockerfile:2: the command ended with exit code 7\n    \| ran no"
    ):
        bench.build("FROM base:1\nRUN no\n")
    assert bench.store.find("app:1") is None


def test_what_lies_in_a_cache_is_no_part_of_the_layer(bench):
    def make(request):
        (request.upper / "root/.cache/pip").mkdir(parents=True)
        (request.upper / "root/.cache/pip/big").write_text("x")
        (request.upper / "made").write_text("x")
        return 0

    bench.runs = make
    bench.build("FROM base:1\nRUN --mount=type=cache,target=/root/.cache/pip pip install x\n")
    assert bench.files() == {"made": "x"}


# --- names ---


def test_a_build_that_fails_leaves_the_name_as_it_was(app):
    first = app.build(APP)
    with pytest.raises(DockerfileError):
        app.build(APP + "COPY never /\n")
    assert app.store.get("app:1").id == first.id


def test_an_image_needs_no_name(app):
    report = app.build(APP, "")
    assert report.name == ""
    assert app.store.names() == ["docker.io/library/base:1"]


def test_a_broken_base_is_refused_with_its_digest(app):
    base = app.store.get("base:1")
    app.store.blobs.path(base.layers[0].diff_id).write_bytes(b"broken")
    with pytest.raises(BrokenImage, match=base.layers[0].diff_id):
        app.build(APP)


def test_another_machine_cannot_be_built_for(bench):
    with pytest.raises(DockerfileError, match=r"Dockerfile:1: this machine builds for linux/"):
        bench.build("FROM --platform=linux/s390x base:1\n")
    bench.build("FROM --platform=$TARGETPLATFORM base:1\n")


def test_a_folder_that_is_not_there_is_named(bench):
    shutil.rmtree(bench.folder)
    from kubelearn.containers.build.builder import BuildRequest

    with pytest.raises(DockerfileError, match="there is no folder"):
        bench.builder.build(BuildRequest(bench.folder), tell=print)


def test_each_step_is_told_when_it_starts_and_when_it_is_done(app):
    app.build(APP)
    assert [step.state for step in app.told] == ["running", "done"] * 5
    assert [step.number for step in app.told[::2]] == [1, 2, 3, 4, 5]
    assert str(app.told[3]).startswith("[2/5] WORKDIR /app\n    0.")
