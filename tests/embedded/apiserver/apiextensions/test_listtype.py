from kubelearn.embedded.apiserver.apiextensions.listtype import unique_items

SET = {"type": "array", "items": {"type": "string"}, "x-kubernetes-list-type": "set"}
MAP = {
    "type": "array",
    "x-kubernetes-list-type": "map",
    "x-kubernetes-list-map-keys": ["name"],
    "items": {"type": "object", "properties": {"name": {"type": "string"}, "tags": SET}},
}


def errors(value, schema):
    found = unique_items({"l": value}, {"properties": {"l": schema}})
    return [f"{error.field}: {error.message}" for error in found]


def test_an_item_stands_in_a_set_once():
    assert errors(["a", "b", "a", "a"], SET) == ['l[2]: Duplicate value: "a"']


def test_one_and_true_are_two_things():
    assert errors([1, True], SET) == []


def test_items_of_a_map_have_keys_of_their_own():
    found = errors([{"name": "a", "x": 1}, {"name": "a"}], MAP)
    assert found == ['l[1]: Duplicate value: {"name":"a"}']


def test_lists_inside_of_items_are_looked_at_too():
    found = errors([{"name": "a", "tags": ["x", "x"]}], MAP)
    assert found == ['l[0].tags[1]: Duplicate value: "x"']


def test_an_item_of_a_map_is_an_object():
    (text,) = errors(["a"], MAP)
    assert text.endswith("must be an object for an array of list-type map")
