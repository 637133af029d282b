"""Variables and quotes."""

import pytest

from kubelearn.containers.build.words import BadWord, expand, split

VARIABLES = {"A": "one", "EMPTY": "", "B_2": "two"}


# What BuildKit's own table of tests says (frontend/dockerfile/shell).
@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("he$A", "heone"), ("he${A}x", "heonex"), ("$A$B_2", "onetwo"), ("$NONE.", "."),
        (r"\$A", "$A"), (r"he\${A}", "he${A}"), ("'$A'", "$A"), ('"$A"', "one"),
        (r'"\$A"', "$A"), (r'"a\b"', r"a\b"), ("a'b'\"c\"", "abc"), ("$", "$"), ("$.", "$."),
        ("${NONE:-word}", "word"), ("${A:-word}", "one"), ("${EMPTY:-word}", "word"),
        ("${EMPTY-word}", ""), ("${NONE-word}", "word"), ("${A:+word}", "word"),
        ("${NONE:+word}", ""), ("${EMPTY+word}", "word"), ("${EMPTY:+word}", ""),
        ("${NONE:-$A}", "one"), ("${NONE:-${B_2:+x}y}", "xy"), ("${NONE:-'a b'}", "a b"),
        ("${A:?needed}", "one"), ("$1x", "x"),
    ],
)  # fmt: skip
def test_variables_are_replaced_by_their_values(text, value):
    assert expand(text, VARIABLES) == value


def test_another_character_can_escape():
    assert expand(r"C:\x`$A", VARIABLES, escape="`") == r"C:\x$A"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("${A", "can be followed by"), ("${}", "needs a variable's name"),
        ("${A!x}", "can be followed by"), ("${A:-x", "} is missing"),
        ("'a", "has no partner"), ('"a', "has no partner"),
        ("${NONE:?say it}", "NONE: say it"), ("${EMPTY:?}", "EMPTY: it is not set"),
    ],
)  # fmt: skip
def test_what_cannot_be_read_is_said(text, words):
    with pytest.raises(BadWord, match=words):
        expand(text, VARIABLES)


def test_words_keep_their_quotes_and_quoted_blanks():
    assert split("a=1  b='x y' \"c d\"=2 e\\ f") == ["a=1", "b='x y'", '"c d"=2', "e\\ f"]
    with pytest.raises(BadWord, match="has no partner"):
        split("a='x")
