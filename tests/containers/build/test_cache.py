"""What is not carried out again, and why the rest is."""

import shutil

from tests.containers.build.conftest import APP


def whys(report):
    return [step.why for step in report.steps]


def test_nothing_is_carried_out_twice(app):
    first, second = app.build(APP), app.build(APP)
    assert first.id == second.id
    assert [step.cached for step in first.steps] == [False] * 5
    assert whys(first)[1] == "nothing was built from this folder before"
    assert [step.cached for step in second.steps] == [True] * 5
    assert whys(second)[3] == ("the same instruction and the same file (8 B) on the same layer")


def test_a_change_reaches_the_steps_that_follow_and_no_others(app):
    app.build(APP)
    app.write(appDOTpy="print(22)")
    report = app.build(APP)
    assert [step.cached for step in report.steps] == [True, True, True, False, False]
    assert whys(report)[3] == "app.py changed (it has 9 B, and had 8 B)"
    assert whys(report)[4] == "it builds on step 4, which was carried out again"


def test_a_touched_file_is_no_change_and_another_mode_is(app):
    app.build(APP)
    (app.folder / "app.py").write_text("print(1)")
    assert all(step.cached for step in app.build(APP).steps)
    (app.folder / "app.py").chmod(0o755)
    assert whys(app.build(APP))[3] == "app.py changed (8 B)"


def test_new_and_missing_files_are_named(app):
    text = "FROM base:1\nCOPY . /app/\n"
    app.build(text)
    app.write(b="1", c="2", d="3", e="4")
    assert whys(app.build(text))[1] == "b is new, c is new, d is new, and 1 more"
    (app.folder / "b").unlink()
    assert whys(app.build(text))[1] == "b is gone"


def test_another_instruction_is_shown_beside_what_it_was(app):
    app.build(APP)
    report = app.build(APP.replace("app.py .", "app.py ./"))
    assert whys(report)[3] == "the instruction changed; it was: COPY app.py ."


def test_another_argument_is_shown_beside_what_it_was(bench):
    text = "FROM base:1\nARG V=1\nRUN make\n"
    bench.build(text)
    report = bench.build(text, build_args={"V": "2"})
    assert whys(report)[1:] == ['V is "2", and was "1"'] * 2
    assert all(step.cached for step in bench.build(text).steps[1:])


def test_another_base_is_told(app):
    app.build(APP)
    app.base("base:1", Cmd=["other"])
    report = app.build(APP)
    assert "the image is another one, sha256:" in whys(report)[0]
    assert [step.cached for step in report.steps] == [False] * 5


def test_a_layer_that_was_removed_is_made_again(app):
    app.build(APP)
    layer = app.store.get("app:1").layers[-1]
    app.store.blobs.remove(layer.diff_id)
    report = app.build(APP)
    assert whys(report)[3] == "its layer is no longer in the image store"
    assert app.files()["app/app.py"] == "print(1)"


def test_two_folders_with_the_same_files_share_results(app, tmp_path):
    app.build(APP)
    shutil.copytree(app.folder, tmp_path / "copy")
    app.folder = tmp_path / "copy"
    assert [step.cached for step in app.build(APP, "copy:1").steps] == [False] + [True] * 4
