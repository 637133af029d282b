from kubelearn.embedded.apiserver.apiextensions.defaulting import default

SEATS = {"type": "integer", "default": 4}


def test_a_missing_field_gets_its_default_and_one_that_is_there_keeps_its_value():
    schema = {"properties": {"seats": SEATS, "doors": {"default": 2}}}
    obj = {"doors": 5}
    default(obj, schema)
    assert obj == {"doors": 5, "seats": 4}


def test_a_default_may_bring_fields_that_have_defaults_of_their_own():
    schema = {"properties": {"spec": {"default": {}, "properties": {"seats": SEATS}}}}
    obj = {}
    default(obj, schema)
    assert obj == {"spec": {"seats": 4}}
    obj["spec"]["seats"] = 9
    assert schema["properties"]["spec"]["default"] == {}


def test_a_null_that_is_not_allowed_counts_as_missing():
    schema = {"properties": {"seats": SEATS, "free": SEATS | {"nullable": True}}}
    obj = {"seats": None, "free": None}
    default(obj, schema)
    assert obj == {"seats": 4, "free": None}


def test_defaults_reach_into_lists_and_maps():
    item = {"properties": {"seats": SEATS}}
    schema = {"properties": {"l": {"items": item}, "m": {"additionalProperties": item}}}
    obj = {"l": [{}, {"seats": 1}], "m": {"k": {}}}
    default(obj, schema)
    assert obj == {"l": [{"seats": 4}, {"seats": 1}], "m": {"k": {"seats": 4}}}
