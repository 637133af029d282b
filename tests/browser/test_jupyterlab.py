"""The widgets where learners meet them: lesson 05, reloads, restarts, busy kernels, two notebooks.

The tests share one page and go through it in this order.
"""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import is_dark

CONNECT = "import kubelearn as kl\ncluster = kl.connect()"
MAP = "shown = kl.ClusterMap(cluster, 'browser')\nshown"
PANEL = "panel = kl.DeploymentPanel(cluster, 'web', 'browser')\npanel"
ASK = "asked = kl.Predict('How many?', ['two', 'four'], answer='four')\nasked"

RUNNING = '.kl-map .kl-pod[data-phase="Running"]'


@pytest.fixture(scope="module", autouse=True)
def notebooks(server, web, lab):
    server.write("one.ipynb", [CONNECT, MAP, PANEL, ASK])
    server.write("two.ipynb", [CONNECT, MAP])
    lab.open("one.ipynb")
    lab.run_all()


def names(lab):
    """The pods that the map shows as running."""
    keys = lab(RUNNING).evaluate_all("pods => pods.map((pod) => pod.dataset.key)")
    return {key.partition("/")[2] for key in keys}


def await_pods(page, lab, web, count, namespace="browser"):
    """Wait until picture and API agree on so many running pods; their names."""
    expect(lab(RUNNING)).to_have_count(count, timeout=30_000)
    page.wait_for_timeout(100)
    for _ in range(100):
        if names(lab) == web.ready(namespace) and len(names(lab)) == count:
            return names(lab)
        page.wait_for_timeout(100)
    raise AssertionError(f"picture {names(lab)}, API {web.ready(namespace)}")


def test_a_pod_that_is_clicked_goes_and_another_one_comes(page, lab, web):
    before = await_pods(page, lab, web, 3)
    lab(".kl-map .kl-pod").first.click()
    victim = lab(".kl-map .kl-command").first.inner_text().split()[3]
    assert victim in before
    expect(lab(".kl-map .kl-http").first).to_have_text(
        re.compile(rf"DELETE /api/v1/namespaces/browser/pods/{victim} → 200.*")
    )
    expect(lab(f'.kl-map .kl-pod[data-key="browser/{victim}"]')).to_have_count(0, timeout=30_000)
    after = await_pods(page, lab, web, 3)
    assert victim not in after
    assert len(after - before) == 1


def test_the_slider_moved_by_the_keyboard_scales_the_deployment(page, lab, web):
    lab(".kl-slider").focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")
    await_pods(page, lab, web, 5)
    expect(lab(".kl-panel .kl-chip")).to_have_text("5 of 5 ready")
    assert "--replicas=5" in lab(".kl-panel .kl-command").first.inner_text()


def test_jupyterlabs_shortcuts_do_nothing_while_a_pod_has_the_focus(page, lab):
    cells = lab(".jp-Cell").count()
    lab(".kl-map .kl-pod").first.focus()
    for key in ("b", "a", "d", "d"):
        page.keyboard.press(key)
    page.wait_for_timeout(200)
    assert lab(".jp-Cell").count() == cells


def test_a_choice_reaches_the_kernel(lab):
    lab(".kl-choice").nth(1).click()
    expect(lab(".kl-news")).to_contain_text("Now run the next cell")
    lab.execute("assert asked.choice == 'four', asked.choice")


def test_the_picture_moves_while_a_cell_is_busy(page, lab, web):

    page.evaluate(
        "window.jupyterapp.shell.currentWidget.sessionContext.session.kernel"
        ".requestExecute({code: 'import time; time.sleep(6)'}); void 0"
    )
    page.wait_for_function(
        "window.jupyterapp.shell.currentWidget.sessionContext.session.kernel.status === 'busy'"
    )
    victim = sorted(web.ready())[0]
    web.kill(victim)
    gone = lab(f'.kl-map .kl-pod[data-key="browser/{victim}"]')
    expect(gone).to_have_count(0, timeout=5_000)
    status = "window.jupyterapp.shell.currentWidget.sessionContext.session.kernel.status"
    assert page.evaluate(status) == "busy"
    lab.await_kernel()


def test_two_notebooks_show_the_same_cluster(page, lab, web):
    lab.open("two.ipynb")
    lab.run_all()
    before = await_pods(page, lab, web, 5)
    lab(".kl-map .kl-pod").first.click()
    victim = lab(".kl-map .kl-command").first.inner_text().split()[3]
    lab.open("one.ipynb")
    after = await_pods(page, lab, web, 5)
    assert victim in before - after


def test_the_widgets_follow_the_theme(lab, dark):
    for widget in (".kl-map", ".kl-panel", ".kl-predict"):
        assert is_dark(lab(widget)) == dark, widget


def test_nothing_sticks_out_of_a_narrow_window(lab, narrow):
    for widget in (".kl-map", ".kl-panel", ".kl-predict"):
        assert lab(widget).evaluate("e => e.scrollWidth <= e.clientWidth"), widget
        assert lab(widget).evaluate("e => e.clientWidth") < 600


def test_a_page_that_is_loaded_again_shows_the_same_and_goes_on(page, lab, web):
    lab.reload()
    before = await_pods(page, lab, web, 5)
    assert "DELETE" in lab(".kl-map .kl-trace").inner_text()
    web.kill(sorted(before)[0])
    await_pods(page, lab, web, 5)
    assert lab('.kl-choice[aria-pressed="true"]').inner_text().startswith("b")


def test_a_restarted_kernel_is_told_and_running_the_cells_heals_it(page, lab, web):
    lab.restart_kernel()
    # Let the page believe that half a minute has passed.
    page.evaluate("{ const now = Date.now.bind(Date); Date.now = () => now() + 30_000; }")
    expect(lab(".kl-map .kl-notice")).to_contain_text("run this cell again", timeout=10_000)
    lab.run_all()
    await_pods(page, lab, web, 5)
    expect(lab(".kl-map .kl-pulse")).to_have_text("live")


def test_lesson_05_runs_and_its_panel_and_map_act(page, lab, web, lesson_05):
    lab.open(lesson_05)
    lab.run_all()
    assert lab(".jp-RenderedText[data-mime-type='application/vnd.jupyter.stderr']").count() == 0
    lab(".kl-slider").focus()
    page.keyboard.press("ArrowRight")
    before = await_pods(page, lab, web, 5, "lesson-05")
    lab(".kl-map .kl-pod").first.click()
    victim = lab(".kl-map .kl-command").first.inner_text().split()[3]
    expect(lab(f'.kl-map .kl-pod[data-key="lesson-05/{victim}"]')).to_have_count(0, timeout=40_000)
    after = await_pods(page, lab, web, 5, "lesson-05")
    assert len(after - before) == 1
    lab.execute("lesson.finish()")
