"""What the documents say is what there is."""

import re
import tomllib
from pathlib import Path

import pytest
import yaml

from kubelearn import cli

ROOT = Path(__file__).resolve().parent.parent
README = (ROOT / "README.md").read_text()
COURSE = tomllib.loads((ROOT / "lessons" / "course.toml").read_text())["lesson"]
DOCUMENTS = ["README.md", "ARCHITECTURE.md", "CONTRIBUTING.md", "CHANGELOG.md"]


def test_every_command_is_documented_and_every_documented_command_exists():
    documented = set(re.findall(r"^\| `kubelearn (\w+)` \|", README, re.MULTILINE))
    public = {name for name, command in cli.main.commands.items() if not command.hidden}
    assert documented == public


def test_every_lesson_is_listed_with_its_question_and_minutes():
    for entry in COURSE:
        row = f"| {entry['slug'][:2]} | [{entry['question']}](lessons/{entry['slug']}.ipynb) |"
        assert f"{row} {entry['minutes']} |" in README


def test_every_notebook_is_in_the_course():
    notebooks = {path.stem for path in (ROOT / "lessons").glob("*.ipynb")}
    assert notebooks == {entry["slug"] for entry in COURSE}


@pytest.mark.parametrize("name", DOCUMENTS)
def test_links_in_documents_lead_somewhere(name):
    for target in re.findall(r"\]\(([^)#:]+)\)", (ROOT / name).read_text()):
        assert (ROOT / target).exists(), target


def test_every_module_named_in_the_architecture_exists():
    table = (ROOT / "ARCHITECTURE.md").read_text().partition("| module |")[2].partition("\n## ")[0]
    for names in re.findall(r"^\| ((?:`[^`]+`(?:, )?)+) \|", table, re.MULTILINE):
        folder = ROOT / "kubelearn"
        for name in re.findall(r"`([^`]+)`", names):
            path = folder / name if (folder / name).exists() else folder / "embedded" / name
            assert path.exists(), name


def test_binder_reads_the_same_environment():
    here, there = (ROOT / "environment.yml").read_text(), ROOT / "binder" / "environment.yml"
    assert there.read_text() == here


def test_the_conda_environment_holds_every_dependency():
    conda_names = {"docker": "docker-py", "graphviz": "python-graphviz"}
    conda_names |= {"kubernetes": "python-kubernetes", "prometheus-client": "prometheus_client"}
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    wanted = set()
    for requirement in project["dependencies"]:
        name, bounds = re.fullmatch(r"([\w.-]+)(.*)", requirement.lower()).groups()
        wanted.add(conda_names.get(name, name) + bounds)
    found = yaml.safe_load((ROOT / "environment.yml").read_text())["dependencies"]
    *own, pip = found
    assert wanted <= {*own, *pip["pip"]}
