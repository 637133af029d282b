from kubelearn.embedded.apiserver.apiextensions.structural import structural


def texts(schema):
    return [f"{error.field}: {error.message}" for error in structural(schema, "s")]


def of(**properties):
    return {"type": "object", "properties": properties}


def test_every_field_says_what_it_is():
    assert texts(of(a={})) == [
        "s.properties[a].type: Required value: must not be empty for specified object fields"
    ]
    assert texts({}) == ["s.type: Required value: must not be empty at the root"]
    assert texts(of(a={"type": "array"})) == [
        "s.properties[a].items: Required value: must be specified"
    ]


def test_types_stand_outside_of_alternatives():
    schema = of(a={"type": "string", "anyOf": [{"type": "string", "default": "x"}]})
    assert texts(schema) == [
        "s.properties[a].anyOf[0].default: Forbidden: must be undefined to be structural",
        "s.properties[a].anyOf[0].type: Forbidden: must be empty to be structural",
    ]


def test_alternatives_speak_of_fields_that_are_there():
    schema = of(a={"type": "string"}) | {"oneOf": [{"properties": {"b": {"minLength": 1}}}]}
    assert texts(schema) == [
        "s.properties[b]: Required value: because it is defined in s.oneOf[0].properties[b]"
    ]


def test_int_or_string_may_be_written_out():
    either = {"anyOf": [{"type": "integer"}, {"type": "string"}]}
    assert texts(of(a={"x-kubernetes-int-or-string": True, **either})) == []


def test_metadata_is_everybodys_own():
    (text,) = texts(of(metadata=of(labels={"type": "object"})))
    assert "must not specify anything other than name and generateName" in text
    assert texts(of(metadata=of(name={"type": "string", "maxLength": 3}))) == []


def test_a_pattern_is_a_regular_expression():
    (text,) = texts(of(a={"type": "string", "pattern": "["}))
    assert "must be a valid regular expression, but isn't: error parsing regexp" in text
