import pytest

from kubelearn.embedded.apiserver.apiextensions.valuevalidation import ABSENT, validate


def errors(value, schema, old=ABSENT):
    return [f"{error.field}: {error.message}" for error in validate(value, schema, old=old)]


def of(**properties):
    return {"type": "object", "properties": properties}


@pytest.mark.parametrize(
    ("value", "schema", "shown", "text"),
    [
        ("x", {"type": "integer"}, '"string"', 'must be of type integer: "string"'),
        (1.5, {"type": "integer"}, '"number"', 'must be of type integer: "number"'),
        (1e20, {"type": "integer"}, '"number"', 'must be of type integer: "number"'),
        (True, {"type": "integer"}, '"boolean"', 'must be of type integer: "boolean"'),
        (None, {"type": "string"}, '"null"', 'must be of type string: "null"'),
        (12, {"maximum": 9}, "12", "should be less than or equal to 9"),
        (9, {"maximum": 9, "exclusiveMaximum": True}, "9", "should be less than 9"),
        (0, {"minimum": 1}, "0", "should be greater than or equal to 1"),
        (7, {"multipleOf": 5}, "7", "should be a multiple of 5"),
        (1e3, {"maximum": 9}, "1000", "should be less than or equal to 9"),
        (1.5, {"maximum": 1e-5}, "1.5", "should be less than or equal to 1e-05"),
        (12345678.5, {"maximum": 2e6}, "1.23456785e+07", "should be less than or equal to 2e+06"),
        ("", {"minLength": 1}, '""', "should be at least 1 chars long"),
        ("abc", {"pattern": "^b"}, '"abc"', "should match '^b'"),
        ("x", {"type": "string", "format": "date"}, '"x"', 'must be of type date: "x"'),
        ([], {"type": "array", "minItems": 1}, "0", "should have at least 1 items"),
    ],
)
def test_a_value_that_does_not_fit_is_refused_in_upstreams_words(value, schema, shown, text):
    expected = f"a: Invalid value: {shown}: a in body {text}"
    assert expected in errors({"a": value}, of(a=schema))


@pytest.mark.parametrize(
    ("value", "schema", "text"),
    [
        ("abc", {"maxLength": 2}, "Too long: may not be more than 2 bytes"),
        ("c", {"enum": ["a", "b"]}, 'Unsupported value: "c": supported values: "a", "b"'),
        ([1, 2], {"maxItems": 1}, "Too many: 2: must have at most 1 item"),
        ({"x": 1}, {"maxProperties": 0}, "Too many: 1: must have at most 0 items"),
    ],
)
def test_some_faults_have_a_kind_of_their_own(value, schema, text):
    assert errors({"a": value}, of(a=schema)) == [f"a: {text}"]


@pytest.mark.parametrize(
    ("value", "schema"),
    [
        (2.0, {"type": "integer"}),
        (2, {"type": "number"}),
        (None, {"type": "string", "nullable": True}),
        ("5%", {"x-kubernetes-int-or-string": True}),
        (5, {"x-kubernetes-int-or-string": True}),
        ("2026-01-01T00:00:00Z", {"type": "string", "format": "date-time"}),
        ("anything", {"type": "string", "format": "no-such-format"}),
        ({"any": 1}, {"type": "object"}),
    ],
)
def test_a_value_that_fits_is_taken(value, schema):
    assert errors({"a": value}, of(a=schema)) == []


def test_a_missing_field_is_named_with_its_path():
    schema = of(spec=of(a={}) | {"required": ["a"]}) | {"required": ["spec"]}
    assert errors({}, schema) == ["spec: Required value"]
    assert errors({"spec": {}}, schema) == ["spec.a: Required value"]


def test_items_and_map_values_are_named_with_theirs():
    number = {"type": "integer"}
    schema = of(l={"type": "array", "items": number}, m={"additionalProperties": number})
    found = errors({"l": [1, "x"], "m": {"k": "y"}}, schema)
    assert [text.partition(":")[0] for text in found] == ["l[1]", "m.k"]


def test_of_alternatives_it_is_said_that_none_fits():
    either = {"anyOf": [{"required": ["a"]}, {"required": ["b"]}]}
    found = errors({"c": 1}, {"type": "object", **either})
    assert found[0] == '<nil>: Invalid value: "": "" must validate at least one schema (anyOf)'
    assert errors({"b": 1}, {"type": "object", **either}) == []


def test_one_of_means_exactly_one():
    both = {"type": "object", "oneOf": [{"required": ["a"]}, {"required": ["b"]}]}
    assert errors({"a": 1}, both) == []
    (text,) = errors({"a": 1, "b": 1}, both)
    assert text.endswith("one and only one schema (oneOf). Found 2 valid alternatives")


def test_what_a_schema_forbids_with_not_is_refused():
    (text,) = errors({"a": 1}, of(a={"not": {"enum": [1]}}))
    assert text.endswith('"a" must not validate the schema (not)')


def test_what_was_wrong_before_and_did_not_change_is_no_error():
    schema = of(a={"type": "string", "maxLength": 1}, b={"type": "integer"})
    old = {"a": "long", "b": 1}
    assert errors({"a": "long", "b": 2}, schema, old) == []
    assert errors({"a": "longer", "b": 1}, schema, old) != []


def test_items_of_a_map_list_are_compared_with_the_item_of_their_key():
    item = of(name={"type": "string"}, a={"type": "string", "maxLength": 1})
    keys = {"x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["name"]}
    schema = of(l={"type": "array", "items": item, **keys})
    old = {"l": [{"name": "x", "a": "long"}]}
    new = {"l": [{"name": "y", "a": "s"}, {"name": "x", "a": "long"}]}
    assert errors(new, schema, old) == []
    new["l"][0]["a"] = "long"
    assert [text.partition(":")[0] for text in errors(new, schema, old)] == ["l[0].a"]
