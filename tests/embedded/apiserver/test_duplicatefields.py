from __future__ import annotations

import orjson

from kubelearn.embedded.apiserver.duplicatefields import duplicate_fields


def duplicates(body):
    return duplicate_fields(body, orjson.loads(body))


def test_names_that_stand_twice_are_found_with_their_paths():
    assert duplicates(b'{"a":{"b":1,"b":2},"c":[{"d":1,"d":1,"d":2}]}') == ["a.b", "c[0].d"]
    assert duplicates(b'{"a":1,"a":1}') == ["a"]
    assert duplicates(b'{ "a" : "it says \\"b\\": 1", "a" :\n 2 }') == ["a"]
    assert duplicates(b'{"a" :1,"a":1}') == ["a"]
    assert duplicates(b'{"a":1,"a":"\\u0022:"}') == ["a"]
    assert duplicates(b'{"a": "it says \\"a\\" : 1"}') == []
    assert duplicates(b'{"a":{"b":1},"c":{"b":1}}\n') == []
    assert duplicates(b'{ "a": {"b": 1.0}, "c": {"b": "\\u003c"} }') == []
    assert duplicates(b'{"a":' * 300 + b"1" + b"}" * 300) == []
