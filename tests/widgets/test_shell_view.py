"""Shell in a browser, without Jupyter."""

from __future__ import annotations

import pytest

from kubelearn.widgets.shell import Shell

SESSION = {
    "number": 1,
    "state": "open",
    "container": "hello",
    "command": "sh",
    "code": None,
    "message": "",
}
CONTAINERS = [{"name": "hello", "running": True}, {"name": "setup", "running": False}]


@pytest.fixture
def state():
    sections = {
        "facts": {"name": "web-0", "namespace": "demo"},
        "connection": {"reason": None},
        "trace": {},
        "session": {"now": SESSION},
        "pod": {"now": {"there": True, "containers": CONTAINERS}},
        "output": {"1": "/ # ls\r\n", "2": "\x1b[34mapp\x1b[0m\r\n/ # "},
    }
    return {"snapshot": {"rev": 1, "sections": sections}}


@pytest.fixture
def view(open_view, state):
    shown = open_view(Shell, state)
    shown(".xterm-rows").wait_for()
    return shown


def screen(view):
    """The text of the terminal."""
    rows = view(".xterm-rows > div").all_inner_texts()
    return "\n".join(row.replace("\xa0", " ").rstrip() for row in rows).rstrip()


# A page paints it when it likes.
SHOWN = """text => {
  const rows = [...document.querySelectorAll(".xterm-rows > div")];
  const lines = rows.map((row) => row.textContent.replaceAll("\\u00a0", " ").trimEnd());
  return lines.join("\\n").trimEnd() === text;
}"""
EVERYWHERE = """() => [...document.querySelectorAll(".xterm-rows")]
  .every((terminal) => terminal.textContent.includes("app"))"""


def await_screen(view, text):
    view.page.wait_for_function(SHOWN, arg=text)


def test_what_was_printed_before_the_view_opened_is_there(view):
    await_screen(view, "/ # ls\napp\n/ #")
    assert "started anew" not in screen(view)


def test_new_output_is_added_and_what_was_told_twice_is_not(view):
    view.diff(output={"3": "date\r\n"})
    view.diff(output={"3": "date\r\n", "4": "today\r\n"})
    await_screen(view, "/ # ls\napp\n/ # date\ntoday")


def test_after_a_gap_the_terminal_begins_with_what_is_known(view):
    view.diff(output={"1": None, "2": None, "7": "seven\r\n", "8": "eight"})
    await_screen(view, "seven\neight")


def test_keys_go_to_the_program(view):
    view(".kl-screen").click()
    view.page.keyboard.type("ls")
    view.page.keyboard.press("Tab")
    view.page.keyboard.press("Control+c")
    sent = [m["arguments"] for m in view.sent if m["name"] == "input"]
    assert [each["data"] for each in sent] == ["l", "s", "\t", "\x03"]
    assert [each["number"] for each in sent] == [1, 2, 3, 4]


def test_a_terminal_answers_questions_only_where_it_is_used_and_only_new_ones(open_view, state):
    question = "\x1b[6n"
    output = state["snapshot"]["sections"]["output"]
    output["2"] += question
    view = open_view(Shell, state)
    await_screen(view, "/ # ls\napp\n/ #")
    view.diff(output={"3": f"one{question}"})
    await_screen(view, "/ # ls\napp\n/ # one")
    assert [m for m in view.sent if m["name"] == "input"] == []
    view(".kl-screen").click()
    view.diff(output={"4": f"two{question}"})
    view.page.wait_for_function("window.sent.some((m) => m.name === 'input')")
    (sent,) = [m["arguments"] for m in view.sent if m["name"] == "input"]
    assert sent["data"] == "\x1b[3;11R"


def test_shift_and_tab_leave_the_terminal(view):
    view(".kl-screen").click()
    view.page.keyboard.press("Shift+Tab")
    assert view(".kl-end").evaluate("e => e === document.activeElement")


def test_the_kernel_is_told_the_size(view):
    view.page.wait_for_function("window.sent.some((m) => m.name === 'resize')")
    (sent,) = [m["arguments"] for m in view.sent if m["name"] == "resize"]
    assert sent["columns"] > 40
    assert sent["rows"] > 10


def test_another_container_and_command_can_be_started(view):
    labels = view(".kl-container option").all_inner_texts()
    assert labels == ["hello", "setup (does not run)"]
    view(".kl-container").select_option("setup")
    view(".kl-command-field").fill("sh -l")
    view(".kl-command-field").press("Enter")
    assert view.sent[-1]["arguments"] == {"container": "setup", "command": "sh -l"}
    view.diff(session={"now": {**SESSION, "number": 2, "command": "sh -l"}})
    await_screen(view, "/ # ls\napp\n/ #\n-- sh -l, started anew --")


def test_the_end_is_said_and_takes_no_more_keys(view):
    view.diff(session={"now": {**SESSION, "state": "ended", "code": 3}})
    assert view(".kl-session").inner_text() == "ended with exit code 3"
    view(".kl-screen").click()
    view.page.keyboard.type("x")
    assert [m for m in view.sent if m["name"] == "input"] == []
    assert view(".kl-end").is_disabled()
    gone = {"there": False, "containers": []}
    view.diff(pod={"now": gone})
    assert view(".kl-session").inner_text() == "ended with exit code 3 The pod is gone."
    assert view(".kl-start").is_disabled()


def test_a_busy_kernel_is_noticed(open_view, state):
    view = open_view(Shell, state, clock=True)
    view.page.clock.run_for(500)
    view(".kl-screen").click()
    view.page.keyboard.type("x")
    view.page.clock.run_for(3_000)
    assert "The kernel is busy" in view(".kl-busy").inner_text()
    (sent,) = [m["arguments"] for m in view.sent if m["name"] == "input"]
    view.diff(heard={sent["view"]: 1})
    assert not view(".kl-busy").is_visible()


def test_two_views_show_the_same(view):
    view.page.evaluate("window.open()")
    view(".xterm-rows").nth(1).wait_for()
    view.page.wait_for_function(EVERYWHERE)


@pytest.mark.parametrize("dark", [False, True])
def test_it_is_accessible(view, dark):
    view.check_accessible(dark=dark)


def test_nothing_sticks_out_at_600_pixels(open_view, state):
    view = open_view(Shell, state, viewport={"width": 600, "height": 800})
    view(".xterm-rows").wait_for()
    view.check_width()
