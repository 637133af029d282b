import random

import pytest

from kubelearn.embedded.apiserver import names


@pytest.mark.parametrize("name", ["a", "web-1", "1web", "x" * 63])
def test_good_labels_have_no_problems(name):
    assert names.dns_label(name) == []


@pytest.mark.parametrize("name", ["", "-a", "a-", "A", "a_b", "ä"])
def test_bad_labels_are_explained(name):
    (problem,) = names.dns_label(name)
    assert problem.startswith("a lowercase RFC 1123 label must consist of")
    assert "(e.g. 'my-name',  or '123-abc', regex used for validation is" in problem


def test_dots_in_a_label_are_named_as_such():
    assert names.dns_label("a.b") == ["must not contain dots"]


def test_long_names_are_too_long():
    assert names.dns_label("x" * 64) == ["must be no more than 63 characters"]
    assert names.dns_subdomain("x" * 254) == ["must be no more than 253 characters"]


def test_subdomains_may_have_dots():
    assert names.dns_subdomain("a.b-c.d") == []
    assert names.dns_subdomain("a..b") != []


def test_keys_of_labels_may_have_a_prefix():
    assert not names.qualified_name("example.com/My_name.1")
    assert names.qualified_name("/x") == ("prefix part must be non-empty",)
    assert names.qualified_name("a/")[0] == "name part must be non-empty"
    assert "with an optional DNS subdomain prefix" in names.qualified_name("a/b/c")[0]


def test_values_of_labels_may_be_empty():
    assert not names.label_value("")
    assert names.label_value("a b")
    assert names.label_value("x" * 64) == ("must be no more than 63 bytes",)


def test_keys_of_config_maps_do_not_leave_their_folder():
    assert names.config_map_key("a.conf") == []
    assert names.config_map_key("..") == ["must not be '..'"]
    assert names.config_map_key("..x") == ["must not start with '..'"]


def test_names_of_ports_need_a_letter():
    assert names.port_name("http-1") == []
    assert names.port_name("80") == ["must contain at least one letter (a-z)"]
    assert names.port_name("a--b") == ["must not contain consecutive hyphens"]


def test_names_of_roles_may_hold_colons_but_no_slashes():
    assert names.path_segment("system:node") == []
    assert names.path_segment("a/b%") == ["may not contain '/'", "may not contain '%'"]
    assert names.path_segment("..") == ["may not be '..'"]


def test_generated_names_fit_and_spell_no_words():
    made = names.generate_name("x" * 80, random.Random(1))
    assert len(made) == 63
    assert not set(made[58:]) & set("aeiou013")


def test_the_same_seed_makes_the_same_name():
    first, second = (names.generate_name("web-", random.Random(7)) for _ in range(2))
    assert first == second
