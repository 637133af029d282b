import pytest

from kubelearn.embedded.apiserver.apiextensions.cel import problem
from kubelearn.embedded.apiserver.apiextensions.rules import validate
from kubelearn.embedded.apiserver.apiextensions.subschemas import has_rules
from kubelearn.embedded.apiserver.apiextensions.valuevalidation import ABSENT


def with_rule(rule, **more):
    spec = {
        "type": "object",
        "properties": {
            "seats": {"type": "integer"},
            "ratio": {"type": "number"},
            "tags": {"type": "array", "items": {"type": "string"}},
            "since": {"type": "string", "format": "date-time"},
            "my-name": {"type": "string"},
            "any": {"x-kubernetes-int-or-string": True},
        },
        "x-kubernetes-validations": [{"rule": rule, **more}],
    }
    return {"type": "object", "properties": {"spec": spec}}


def errors(spec, schema, old=ABSENT):
    old = ABSENT if old is ABSENT else {"spec": old}
    return [f"{e.field}: {e.message}" for e in validate({"spec": spec}, old, schema)]


@pytest.mark.parametrize(
    "rule",
    [
        "self.seats <= 2 && self.seats in [1, 2]",
        "has(self.tags) && !has(self.since)",
        "self.tags.all(t, t.size() < 3)",
        "self.tags.exists(t, t.startsWith('a')) && self.tags.isSorted()",
        "self.ratio < 1 && self.ratio == 0.5 && self.seats >= 1.5",
        "self.tags == ['a', 'b'] && self.tags != ['a']",
        "self.my__dash__name.matches('^x+$') && self.my__dash__name.split('x').size() == 3",
        "type(self.any) == int ? self.any > 4 : self.any == '5%'",
        "quantity('1Gi').isGreaterThan(quantity('1M'))",
        "'%s has %d'.format([self.tags, self.seats]) == '[a, b] has 2'",
        "self.tags.map(t, t + '!').join(',') == 'a!,b!'",
    ],
)
def test_a_rule_that_holds_says_nothing(rule):
    spec = {"seats": 2, "ratio": 0.5, "tags": ["a", "b"], "my-name": "xx", "any": "5%"}
    assert errors(spec, with_rule(rule)) == []


def test_a_broken_rule_speaks_with_its_message_or_shows_itself():
    schema = with_rule("self.seats <= 2", message="small cars only")
    assert errors({"seats": 3}, schema) == ["spec: Invalid value: small cars only"]
    schema = with_rule("self.seats <= 2")
    assert errors({"seats": 3}, schema) == ["spec: Invalid value: failed rule: self.seats <= 2"]


def test_a_message_may_be_an_expression_and_a_rule_point_to_a_field():
    more = {"messageExpression": "'not ' + string(self.seats)", "fieldPath": ".seats"}
    schema = with_rule("self.seats <= 2", reason="FieldValueForbidden", **more)
    assert errors({"seats": 3}, schema) == ["spec.seats: Forbidden: not 3"]


def test_a_rule_about_a_change_needs_something_to_compare_with():
    schema = with_rule("self.seats >= oldSelf.seats")
    assert errors({"seats": 1}, schema) == []
    assert errors({"seats": 1}, schema, {"seats": 2}) != []
    optional = "!oldSelf.hasValue() || self.seats >= oldSelf.value().seats"
    schema = with_rule(optional, optionalOldSelf=True)
    assert errors({"seats": 1}, schema) == []
    assert errors({"seats": 1}, schema, {"seats": 2}) != []


def test_a_rule_that_was_broken_before_does_not_stop_other_changes():
    schema = with_rule("self.seats <= 2")
    assert errors({"seats": 3}, schema, {"seats": 3}) == []
    assert errors({"seats": 3, "tags": []}, schema, {"seats": 3}) != []


def test_a_rule_that_fails_is_an_error_of_its_own():
    rule = "4 / self.seats > 1"
    (text,) = errors({"seats": 0}, with_rule(rule))
    assert text == f'spec: Invalid value: "object": division by zero evaluating rule: {rule}'
    (text,) = errors({}, with_rule("self.seats > 1"))
    assert "no such key: seats evaluating rule" in text


def test_rules_are_found_however_deep():
    assert has_rules(with_rule("true"))
    assert not has_rules({"type": "object", "properties": {"a": {"type": "string"}}})


def test_a_rule_that_cannot_be_read_is_told_with_its_place():
    schema = with_rule("true")["properties"]["spec"]
    text = problem("self.seats <= ", schema)
    assert text.startswith("compilation failed: ERROR: <input>:1:")
    assert "undefined field 'sets'" in problem("self.sets > 1", schema)
    assert problem("self.tags.all(sets, sets != '')", schema) == ""
