import pytest

from kubelearn.embedded.apiserver.apiextensions.formats import effective, fits


@pytest.mark.parametrize(
    ("name", "good", "bad"),
    [
        ("date", "2026-02-28", "2026-02-30"),
        ("date-time", "2026-01-01T12:00:00.5+02:00", "2026-01-01 12:00"),
        ("duration", "1h30m", "soon"),
        ("duration", "3 days", "days"),
        ("ipv4", "10.0.0.1", "10.0.0.256"),
        ("ipv6", "fe80::1", "10.0.0.1"),
        ("cidr", "10.0.0.0/8", "10.0.0.0"),
        ("email", "a@b.c", "nobody"),
        ("hostname", "a-1.example.com", "-a"),
        ("mac", "00:00:5e:00:53:01", "00:00"),
        ("uri", "https://example.com/x", "no scheme"),
        ("uuid", "0c250a03-e023-433d-b64e-433ff7c882f4", "0c25"),
        ("byte", "aGk=", "!"),
        ("k8s-short-name", "a-1", "A"),
        ("k8s-long-name", "a.b-c", "a..b"),
        ("hexcolor", "#ffF", "#ff"),
        ("rgbcolor", "rgb(1,2,255)", "rgb(1,2,256)"),
        ("isbn", "978-0321751041", "978-0321751042"),
        ("creditcard", "4111 1111 1111 1111", "4111 1111 1111 1112"),
        ("ssn", "123-45-6789", "12-345"),
        ("bsonobjectid", "507f1f77bcf86cd799439011", "507f"),
    ],
)
def test_a_format_tells_good_texts_from_bad_ones(name, good, bad):
    assert fits(name, good)
    assert not fits(name, bad)


def test_a_format_counts_only_for_its_type():
    assert effective("date", "string") == "date"
    assert effective("date", "integer") == ""
    assert effective("int32", "integer") == "int32"
    assert effective("nonsense", "string") == ""
