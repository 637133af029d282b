import gzip

import pytest

from kubelearn.embedded.apiserver.subresources.links import Links

PREFIX = "/api/v1/namespaces/n/pods/p:80/proxy"


@pytest.fixture
def links():
    return Links(PREFIX, frozenset({"10.0.0.1:80", "localhost:6443"}))


@pytest.mark.parametrize(
    ("link", "expected"),
    [
        ("/a", f"{PREFIX}/a"),
        ("/", f"{PREFIX}/"),
        ("/a/../b/?x=1#y", f"{PREFIX}/b/?x=1#y"),
        ("http://10.0.0.1:80/a", f"{PREFIX}/a"),
        ("https://localhost:6443/a?b", f"{PREFIX}/a?b"),
        (f"{PREFIX}/a", f"{PREFIX}/a"),
        ("a/b", "a/b"),
        ("?x", "?x"),
        ("", ""),
        ("http://example.com/a", "http://example.com/a"),
        ("//example.com/a", "//example.com/a"),
        ("mailto:a@b", "mailto:a@b"),
    ],
)
def test_paths_of_the_target_lead_through_the_proxy(links, link, expected):
    assert links.through(link) == expected


def test_tags_with_links_are_written_anew_and_the_rest_is_left_alone(links):
    page = (
        '<!doctype html>\n<P>Ü <A class=x HREF="/a?b&amp;c">x</A>\n<img src=/i.png /><a href="b">'
    )
    page += '<!-- <a href="/no"> --><script>"<a href=\'/no\'>"</script>'
    expected = (
        f'<!doctype html>\n<P>Ü <a class="x" href="{PREFIX}/a?b&amp;c">x</A>\n'
        f'<img src="{PREFIX}/i.png"/><a href="b">'
        '<!-- <a href="/no"> --><script>"<a href=\'/no\'>"</script>'
    )
    assert links.rewritten(page.encode(), "").decode() == expected
    packed = links.rewritten(gzip.compress(page.encode()), "gzip")
    assert gzip.decompress(packed).decode() == expected


def test_what_cannot_be_read_is_handed_on(links):
    assert links.rewritten(b"\xff<a href='/a'>", "") == b"\xff<a href='/a'>"
    assert links.rewritten(b"?", "gzip") == b"?"
    assert links.rewritten(b"?", "br") == b"?"
