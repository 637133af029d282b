"""Paths that are followed inside a root."""

import pytest

from kubelearn.containers.rootpath import inside


@pytest.fixture
def root(tmp_path):
    made = tmp_path / "root"
    (made / "etc").mkdir(parents=True)
    return made


@pytest.mark.parametrize(
    ("path", "place"),
    [
        ("/etc/hosts", "etc/hosts"),
        ("etc//./hosts", "etc/hosts"),
        ("/../../etc/hosts", "etc/hosts"),
        ("/", ""),
        ("/no/such/../folder", "no/folder"),
    ],
)
def test_no_path_leads_out(root, path, place):
    assert inside(root, path) == root / place


@pytest.mark.parametrize("target", ["/etc", "../../../../etc", "etc", "/../etc"])
def test_links_mean_the_containers_own_files(root, target):
    (root / "link").symlink_to(target)
    assert inside(root, "/link/hosts") == root / "etc/hosts"
    assert inside(root, "/link") == root / "etc"
    assert inside(root, "/link", follow_last=False) == root / "link"


def test_links_that_lead_in_a_circle_are_an_error(root):
    (root / "a").symlink_to("b")
    (root / "b").symlink_to("a")
    with pytest.raises(OSError, match="Too many levels of symbolic links"):
        inside(root, "/a/file")
