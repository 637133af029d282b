import pytest

from kubelearn.embedded.apiserver.quantity import canonical


@pytest.mark.parametrize(
    ("given", "written"),
    [
        ("1000m", "1"),
        ("0.5", "500m"),
        ("1.5", "1500m"),
        ("1.5Gi", "1536Mi"),
        ("1024Mi", "1Gi"),
        ("0.1Mi", "104857600m"),
        ("1025", "1025"),
        ("1000k", "1M"),
        ("1e3", "1e3"),
        ("12e2", "1200"),
        ("0", "0"),
        ("0.1n", "1n"),
        ("-1.5", "-1500m"),
    ],
)
def test_a_quantity_has_one_form(given, written):
    assert canonical(given) == written


@pytest.mark.parametrize("text", ["", "abc", "12zz", "1,5", "1 Gi"])
def test_what_is_no_quantity_is_refused_in_upstreams_words(text):
    with pytest.raises(ValueError, match="quantities must match the regular expression"):
        canonical(text)


def test_an_unknown_suffix_has_its_own_message():
    with pytest.raises(ValueError, match="unable to parse quantity's suffix"):
        canonical("1kk")


def test_large_numbers_are_exact():
    assert canonical("1e30") == "1000000000000e18"
    assert canonical("123456789012345678901k") == "123456789012345678901k"


@pytest.mark.parametrize("text", ["1e9999999", "1e-101", "9" * 400, f"0.{'1' * 400}"])
def test_numbers_that_nobody_can_write_out_are_refused(text):
    with pytest.raises(ValueError, match="unable to parse"):
        canonical(text)
