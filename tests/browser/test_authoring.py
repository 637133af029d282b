"""What learners write with, in JupyterLab on a cluster: magics, editor, shell, quiz, doctor."""

from __future__ import annotations

from playwright.sync_api import expect

from kubelearn.clusters.transport import send
from kubelearn.objects import CONFIG_MAPS

SETUP = """import kubelearn as kl
from kubelearn.clusters import current
%load_ext kubelearn
cluster = kl.connect()
current.use(cluster, "browser")"""
MAP = "%%manifest\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: typed}\ndata: {a: b}"
WRONG = MAP.replace("data", "dat").replace("typed", "wrong")
WAIT = "%wait deploy/web for=condition=Available timeout=90s"
SHELL = """from kubernetes import client
pods = client.CoreV1Api(cluster.api_client).list_namespaced_pod("browser").items
shell = kl.Shell(cluster, pods[0].metadata.name, "browser")
shell"""
QUIZ = """why = {"etcd": "It keeps what the API server stores.", "kubelet": "It runs on nodes."}
quiz = kl.Quiz("What keeps objects?", why, answer="etcd")
quiz"""
SLOW = """import pathlib, time
from kubelearn.progress import Progress
with Progress("something slow") as work:
    work.plan("one", "two")
    work.finish("one", "here")
    while not pathlib.Path("go-on").exists():
        time.sleep(0.05)
    work.finish("two", "there")"""

# Without waiting for the end.
RUN_ALL = "() => void window.jupyterapp.commands.execute('notebook:run-all-cells')"


def test_a_cell_of_yaml_becomes_objects_and_its_errors_have_lines(lab, server, web):
    server.write("yaml.ipynb", [SETUP, MAP, WAIT])
    lab.open("yaml.ipynb")
    lab.run_all()
    outputs = lab(".jp-OutputArea-output")
    expect(outputs.filter(has_text="configmap/typed created")).to_be_visible(timeout=30_000)
    path = CONFIG_MAPS.path(web.namespace, "typed")
    assert send(web.api, "GET", path).checked()["data"] == {"a": "b"}
    met = outputs.filter(has_text="deployment.apps/web condition met")
    expect(met).to_be_visible(timeout=120_000)
    server.write("wrong.ipynb", [SETUP, WRONG])
    lab.open("wrong.ipynb")
    lab.run_all()
    expect(outputs.filter(has_text="line 4: dat: unknown field")).to_be_visible(timeout=30_000)
    expect(outputs.filter(has_text="Traceback")).to_have_count(0)


def test_a_bar_moves_while_its_cell_is_busy_and_is_full_at_the_end(lab, server, cluster, web):
    server.write("slow.ipynb", [SETUP, SLOW])
    lab.open("slow.ipynb")
    lab.page.evaluate(RUN_ALL)
    bar = lab('.kl-progress [role="progressbar"]')
    expect(bar).to_have_attribute("aria-valuenow", "1", timeout=30_000)
    expect(lab(".kl-progress .kl-elapsed")).not_to_have_text("0 s", timeout=30_000)
    (server.notebooks / "go-on").touch()
    expect(bar).to_have_attribute("aria-valuenow", "2", timeout=30_000)
    expect(lab(".kl-progress .kl-words")).to_have_text("done")


def test_a_manifest_is_typed_mended_and_applied(lab, server, web):
    server.write("editor.ipynb", [SETUP, 'kl.ManifestEditor(cluster, "", "browser")'])
    lab.open("editor.ipynb")
    lab.run_all()
    area = lab(".kl-manifest .kl-text")
    area.click(timeout=30_000)
    # These letters are commands of JupyterLab: none may reach it.
    lab.page.keyboard.type("apiVersion: v1\nkind: ConfigMap\nmetadata:\nname: edited\n")
    lab.page.keyboard.press("Shift+Tab")
    lab.page.keyboard.type("dada:\nabcdxyz: hello")
    expect(lab(".kl-manifest .kl-problems")).to_contain_text("dada", timeout=30_000)
    expect(lab(".kl-manifest .kl-gutter div").nth(4)).to_have_text("✘ 5")
    expect(lab(".kl-manifest .kl-apply")).to_be_disabled()
    area.fill(area.input_value().replace("dada", "data"))
    expect(lab(".kl-manifest .kl-told")).to_have_text("1 would be created", timeout=30_000)
    area.press("Control+Enter")
    expect(lab(".kl-manifest .kl-told")).to_have_text("1 unchanged", timeout=30_000)
    command = "kubectl apply --server-side -n browser -f -   # configmap/edited"
    expect(lab(".kl-manifest .kl-command")).to_have_text(command)
    path = CONFIG_MAPS.path(web.namespace, "edited")
    assert send(web.api, "GET", path).checked()["data"] == {"abcdxyz": "hello"}
    expect(lab(".jp-CodeCell")).to_have_count(2)


def test_a_shell_in_a_pod_runs_what_is_typed_and_says_how_it_ended(lab, server, web):
    server.write("shell.ipynb", [SETUP, WAIT, SHELL])
    lab.open("shell.ipynb")
    lab.run_all()
    expect(lab(".kl-shell .kl-session")).to_have_text("runs", timeout=30_000)
    pod = str(lab(".kl-shell").get_attribute("aria-label")).split()[-1]
    lab(".kl-shell .kl-screen").click()
    # `d`, twice, would delete a cell.
    lab.page.keyboard.type("echo odd$((6*7))even $(cat /etc/hostname)\n")
    expect(lab(".kl-shell .xterm-rows")).to_contain_text(f"odd42even {pod}", timeout=30_000)
    expect(lab(".jp-CodeCell")).to_have_count(3)
    lab.page.keyboard.type("exit 5\n")
    words = "ended with exit code 5"
    expect(lab(".kl-shell .kl-session")).to_have_text(words, timeout=30_000)
    lab(".kl-shell .kl-start").click()
    expect(lab(".kl-shell .kl-session")).to_have_text("runs", timeout=30_000)
    web.kill(pod)
    expect(lab(".kl-shell .kl-session")).to_contain_text("The pod is gone.", timeout=60_000)


def test_an_answer_reaches_the_kernel_and_is_there_when_displayed_again(lab, server, web):
    server.write("quiz.ipynb", [SETUP, QUIZ, "quiz", "kl.Doctor()"])
    lab.open("quiz.ipynb")
    lab.run_all()
    lab(".kl-quiz").first.get_by_role("button", name="kubelet").click(timeout=30_000)
    lab(".kl-quiz .kl-compare").first.click()
    for view in (0, 1):
        shown = lab(".kl-quiz").nth(view)
        expect(shown.locator(".kl-wrong .kl-why")).to_have_text("It runs on nodes.")
    lab.execute("assert quiz.verdict is False, quiz.verdict")
    expect(lab(".kl-doctor .kl-outcome")).to_contain_text("can run", timeout=30_000)
    before = lab(".kl-doctor .kl-when").inner_text()
    lab(".kl-doctor .kl-again").click()
    expect(lab(".kl-doctor .kl-again")).to_be_enabled(timeout=30_000)
    expect(lab(".kl-doctor .kl-when")).not_to_have_text(before, timeout=30_000)
