"""The pictures of lessons 02, 03 and 08 where learners meet them.

The tests share one page and go through it in this order.
"""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from kubelearn.clusters import transport
from kubelearn.containers.handmade.kinds import allowed
from kubelearn.objects import NODES, is_ready
from tests.browser.conftest import is_dark

CONNECT = """
import pathlib, tempfile
import kubelearn as kl
from kubelearn.containers.ownbuilder import OwnBuilder

cluster = kl.connect()
folder = pathlib.Path(tempfile.mkdtemp())
(folder / "Dockerfile").write_text("FROM scratch\\nCOPY note /\\nUSER 1000\\n")
(folder / "note").write_text("one")
builder = OwnBuilder(folder / "images", mirror=None)
first = builder.build(folder, "note:1")
"""
BOX = "box = kl.Handmade(say=lambda line: None)\nkl.InsideOut(box)"
STACK = "stack = kl.LayerStack(first, ask=True)\nstack"
SHIP = """
kl.ShipChecklist(cluster, "web", "browser", folder=folder, image="note:1", images=builder,
                 files=["Dockerfile", "note"])
"""
STATE = ".kl-step >> nth={}"


@pytest.fixture(scope="module", autouse=True)
def notebook(server, web, lab):
    server.write("views.ipynb", [CONNECT, BOX, STACK, SHIP])
    lab.open("views.ipynb")
    lab.run_all()
    yield
    lab.execute("box.close()")


@pytest.mark.skipif("uts" in allowed().refused, reason="no UTS namespace on this machine")
def test_a_switch_starts_the_container_anew_without_a_namespace(lab):
    row = lab(".kl-insideout .kl-row").first
    expect(row).to_have_attribute("data-state", "own")
    expect(row.locator(".kl-inside")).to_contain_text("box")
    row.locator(".kl-switch").click()
    expect(row).to_have_attribute("data-state", "shared", timeout=20_000)
    expect(lab(".kl-insideout .kl-command").first).not_to_contain_text("--uts")
    lab.execute("assert 'uts' not in box.own, box.own")


def test_marks_reach_the_kernel_and_the_comparison_comes_back(lab):
    lab(".kl-layers .kl-mark").first.click()
    lab.execute("assert stack.marked == [3], stack.marked")
    lab.execute(
        "(folder / 'note').write_text('two'); stack.compare(builder.build(folder, 'note:1'))"
    )
    verdicts = lab(".kl-layers .kl-again b")
    expect(verdicts.first).to_have_text("✓ as you said")
    expect(lab(".kl-layers .kl-news")).to_have_text("2 of 3 as you said.")


def test_the_checklist_follows_folder_builder_and_cluster(lab, web):
    expect(lab(STATE.format(0))).to_have_attribute("data-state", "done", timeout=20_000)
    expect(lab(STATE.format(1))).to_have_attribute("data-state", "done", timeout=20_000)
    # Other tests may have a node in this cluster that says nothing.
    nodes = transport.send(web.api, "GET", NODES.path()).checked()["items"]
    up = all(is_ready(node) for node in nodes)
    states = ("done", "next") if up else ("next", "later")
    for number, state in enumerate(states, start=2):
        expect(lab(STATE.format(number))).to_have_attribute("data-state", state, timeout=20_000)
    expect(lab(STATE.format(4))).to_contain_text("3 of 3 ready", timeout=30_000)
    lab.execute("(folder / 'note').unlink()")
    expect(lab(STATE.format(0))).to_contain_text("missing: note", timeout=20_000)


def test_the_pictures_follow_the_theme(lab, dark):
    for widget in (".kl-insideout", ".kl-layers", ".kl-ship"):
        assert is_dark(lab(widget)) == dark, widget


def test_nothing_sticks_out_of_a_narrow_window(lab, narrow):
    for widget in (".kl-insideout", ".kl-layers", ".kl-ship"):
        assert lab(widget).evaluate("e => e.scrollWidth <= e.clientWidth"), widget
        assert lab(widget).evaluate("e => e.clientWidth") < 600
