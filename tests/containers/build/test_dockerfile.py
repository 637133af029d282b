"""Reading Dockerfiles."""

import pytest

from kubelearn.containers.build.dockerfile import parse, read
from kubelearn.containers.build.errors import DockerfileError


def only(text):
    (stage,) = parse(f"FROM base\n{text}\n").stages
    (instruction,) = stage.instructions
    return instruction


def refusal(text):
    with pytest.raises(DockerfileError) as error:
        parse(text)
    return error.value


def test_stages_have_names_and_numbers():
    file = parse("ARG V=1\nFROM golang:$V AS Build\nRUN x\nFROM --platform=linux/amd64 scratch\n")
    assert [(s.number, s.name, s.base, s.title) for s in file.stages] == [
        (0, "build", "golang:$V", "build"),
        (1, "", "scratch", "stage 1"),
    ]
    assert file.stages[1].platform == "linux/amd64"
    assert [argument.text for argument in file.arguments] == ["V=1"]


def test_lines_continue_over_comments_and_empty_lines():
    made = only("RUN a && \\\n  # why\n\n    b \\ \n && c")
    assert made.text.split() == ["a", "&&", "b", "&&", "c"]
    assert made.place.line == 2


def test_the_number_of_a_line_is_that_of_its_beginning():
    error = refusal("# a comment\n\nFROM base\nRUN a \\\n b\n\nCPOY a b\n")
    assert error.message.startswith("Dockerfile:7: unknown instruction CPOY\n    CPOY a b")


def test_another_character_can_continue_lines():
    file = parse("# escape=`\nFROM base\nRUN dir `\n C:\\\nRUN b\n")
    assert [i.text for i in file.stages[0].instructions] == ["dir  C:\\", "b"]


def test_a_directive_counts_at_the_very_top_only():
    file = parse("# a comment\n# escape=`\nFROM base\nRUN a \\\n b\n")
    assert file.escape == "\\"
    assert parse("# syntax=docker/dockerfile:1\n# escape=`\nFROM base\n").escape == "`"


@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_lines_end_as_on_any_system(end):
    assert len(parse(f"FROM base{end}RUN a{end}").stages[0].instructions) == 1


def test_a_byte_order_mark_is_no_part_of_the_text():
    assert parse("\ufeffFROM base\n").stages[0].base == "base"


def test_keywords_may_be_written_small():
    assert parse("from base as x\nrun a\n").stages[0].instructions[0].keyword == "RUN"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('CMD ["a", "b c"]', ("a", "b c")),
        ("CMD a b", None),
        ("CMD []", ()),
        ('ENTRYPOINT [ "a" ]', ("a",)),
        ('COPY ["a b", "c"]', ("a b", "c")),
    ],
)
def test_json_is_told_from_a_shells_words(text, words):
    assert only(text).exec_form == words


def test_a_list_with_the_wrong_quotes_is_warned_of():
    file = parse("FROM base\nCMD ['python', 'app.py']\n")
    assert file.stages[0].instructions[0].exec_form is None
    assert file.warnings == (
        "Dockerfile:2: CMD [...] is no JSON, so it is read as a shell command; JSON needs double "
        'quotes: CMD ["python", "app.py"]',
    )


def test_flags_come_before_the_words():
    made = only("COPY --from=build --chown=app:web --chmod=755 a b --from=x")
    assert made.flags == {"from": "build", "chown": "app:web", "chmod": "755"}
    assert made.text == "a b --from=x"


def test_here_documents_are_read_to_their_end():
    made = only("COPY <<one <<-'two' /x/\n$a\none\n\t\tb\n\ttwo")
    assert [(h.name, h.content, h.expand) for h in made.heredocs] == [
        ("one", "$a\n", True),
        ("two", "b\n", False),
    ]


def test_a_shell_may_shift_and_compare():
    assert only("RUN echo $((1<<2))").heredocs == ()
    assert only("CMD cat <<EOF").heredocs == ()


@pytest.mark.parametrize(
    ("text", "message", "hint"),
    [
        ("", "Dockerfile: no build stage: there is no FROM", "begin with the image"),
        ("RUN a\nFROM b", "Dockerfile:1: RUN comes before the first FROM", "only ARG may"),
        ("FORM python", "Dockerfile:1: unknown instruction FORM", "did you mean FROM?"),
        ("FROM a\nCOYP x y", "Dockerfile:2: unknown instruction COYP", "did you mean COPY?"),
        ("FROM a\nXYZZY x", "unknown instruction XYZZY", "instructions are FROM, RUN"),
        ("FROM a b c", "FROM takes an image, and AS NAME", "FROM golang AS build"),
        ("FROM a AS 1x", "cannot be a stage's name", "FROM golang AS build"),
        ("FROM a AS x\nFROM b AS X", "Dockerfile:2: two stages have the name 'x'", "otherwise"),
        ("FROM a\nCOPY x", "needs at least a source and a destination", "COPY app.py /app/"),
        ("FROM a\nCOPY --form=b x y", "COPY has no flag --form", "did you mean --from?"),
        ("FROM a\nENV", "ENV needs something to work on", "ENV NAME=value"),
        ("FROM a\nSHELL /bin/sh", "SHELL takes a JSON list", 'SHELL ["/bin/sh", "-c"]'),
        ("FROM a\nHEALTHCHECK curl x", "HEALTHCHECK CURL is unknown", "CMD wget"),
        ("FROM a\nONBUILD RUN x", "ONBUILD is not built here", "other Dockerfile"),
        ("FROM a\nRUN --mount=type=secret,id=x y", "is not built here, only type=cache", "Docker"),
        ("FROM a\nRUN <<EOF\necho", "the text that begins with <<EOF has no end", "write EOF"),
        ("# escape=x\nFROM a", "'x' cannot be the escape character", "# escape="),
    ],
)  # fmt: skip
def test_an_error_names_file_line_text_and_remedy(text, message, hint):
    error = refusal(text)
    assert message in error.message
    assert hint in error.hint


def test_a_missing_file_is_named_with_what_there_is(tmp_path):
    (tmp_path / "dockerfile").touch()
    with pytest.raises(DockerfileError, match=r"no Dockerfile in .*\n  → is it dockerfile\?"):
        read(tmp_path / "Dockerfile")


def test_a_file_that_is_no_text_is_refused(tmp_path):
    (tmp_path / "Dockerfile").write_bytes(b"FROM \xff\xfe")
    with pytest.raises(DockerfileError, match="cannot be read as text"):
        read(tmp_path / "Dockerfile")
