"""What is left out of a build."""

import pytest

from kubelearn.containers.build.dockerignore import Ignore


# The cases of moby's patternmatcher tests that learners meet.
@pytest.mark.parametrize(
    ("pattern", "path", "left_out"),
    [
        ("a", "a", True), ("a", "a/b/c", True), ("a", "b/a", False), ("/a", "a", True),
        ("a/", "a/b", True), ("./a", "a", True), ("*.py", "x.py", True), ("*.py", "d/x.py", False),
        ("**/*.py", "d/e/x.py", True), ("**/*.py", "x.py", True), ("*/x", "d/x", True),
        ("*/x", "d/e/x", False), ("**", "a/b", True), ("d/**", "d/e/f", True), ("d/**", "d", False),
        ("**/node_modules", "a/node_modules/b", True), ("a?", "ab", True), ("a?", "a/", False),
        ("[a-c]x", "bx", True), ("[^a]x", "bx", True), (r"a\*", "a*", True), (r"a\*", "ab", False),
        ("a.b", "axb", False), ("d/**/f", "d/f", True), ("d/**/f", "d/x/y/f", True),
        (".git", ".git/config", True), ("*", ".hidden", True), (" a ", "a", True),
        ("../a", "a", False), ("", "a", False), ("# a", "a", False), (".", "a", False),
    ],
)  # fmt: skip
def test_a_pattern_leaves_out_what_docker_leaves_out(pattern, path, left_out):
    assert Ignore([pattern]).matches(path) is left_out


@pytest.mark.parametrize(
    ("patterns", "path", "left_out"),
    [
        (["*.md", "!README.md"], "README.md", False),
        (["*.md", "!README.md"], "other.md", True),
        (["!README.md", "*.md"], "README.md", True),
        (["docs", "!docs/keep"], "docs/keep/x", False),
        (["docs", "!docs/keep", "docs/keep/not"], "docs/keep/not", True),
        (["*", "!app.py"], "app.py", False),
    ],
)
def test_the_last_pattern_that_fits_counts(patterns, path, left_out):
    assert Ignore(patterns).matches(path) is left_out


def test_a_dockerfile_can_have_a_list_of_its_own(tmp_path):
    (tmp_path / ".dockerignore").write_text("a\n")
    (tmp_path / "Dockerfile.dockerignore").write_text("\ufeffb\n")
    own = Ignore.read(tmp_path, tmp_path / "Dockerfile")
    assert (own.matches("a"), own.matches("b")) == (False, True)
    other = Ignore.read(tmp_path, tmp_path / "other")
    assert (other.matches("a"), other.matches("b")) == (True, False)
    assert not Ignore.read(tmp_path / "none", tmp_path / "none/x").matches("a")
