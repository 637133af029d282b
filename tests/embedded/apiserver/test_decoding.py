from __future__ import annotations

import pytest

CONFIG_MAPS = "/api/v1/namespaces/default/configmaps"


@pytest.mark.parametrize(
    ("raw", "message"),
    [
        (
            b'{"kind": "ConfigMap",',
            "the object provided is unrecognized (must be of type ConfigMap): couldn't get "
            "version/kind; json parse error: unexpected end of JSON input "
            '({"kind": "ConfigMap",)',
        ),
        (
            b"",
            "the object provided is unrecognized (must be of type ConfigMap): couldn't get "
            "version/kind; json parse error: unexpected end of JSON input (<empty>)",
        ),
        (
            b'{"kind":"Pod","apiVersion":"v1"}',
            'Pod in version "v1" cannot be handled as a ConfigMap: converting (v1.Pod) to '
            "(core.ConfigMap): unknown conversion",
        ),
        (
            b'{"kind":"Frog","apiVersion":"v1"}',
            'Frog in version "v1" cannot be handled as a ConfigMap: no kind "Frog" is registered '
            'for version "v1" in scheme "pkg/api/legacyscheme/scheme.go:30"',
        ),
        (
            b'{"data":{"a":1}}',
            'ConfigMap in version "v1" cannot be handled as a ConfigMap: json: cannot unmarshal '
            "number into Go struct field ConfigMap.data of type string",
        ),
    ],
)
async def test_a_body_that_cannot_be_read_is_explained(api, raw, message) -> None:
    answer = await api.post(CONFIG_MAPS, raw=raw)
    assert (answer.status, answer.message) == (400, message)


@pytest.mark.parametrize("raw", [b"[]", b"3", b"null", b"[" * 100_000, b'"\xff"', b"\x00"])
async def test_a_body_that_is_no_object_gets_400(api, raw) -> None:
    assert (await api.post(CONFIG_MAPS, raw=raw)).status == 400


async def test_yaml_is_read_and_dates_in_it_stay_text(api) -> None:
    body = b"metadata: {name: a}\ndata: {day: '2026-01-01', b: c}\n"
    answer = await api.post(CONFIG_MAPS, raw=body, kind="application/yaml")
    assert answer.body["data"] == {"day": "2026-01-01", "b": "c"}
    broken = await api.post(CONFIG_MAPS, raw=b"a: [", kind="application/yaml")
    assert broken.status == 400
    assert "error converting YAML to JSON" in broken.message


async def test_an_unknown_media_type_gets_415(api) -> None:
    answer = await api.post(CONFIG_MAPS, raw=b"hello", kind="text/plain")
    assert (answer.status, answer.body["reason"]) == (415, "UnsupportedMediaType")


async def test_a_body_without_a_type_is_json(api) -> None:
    answer = await api.post(CONFIG_MAPS, {"metadata": {"name": "a"}}, kind="")
    assert answer.status == 201


async def test_unknown_and_duplicate_fields_are_warned_of_refused_or_ignored(api) -> None:
    raw = b'{"metadata":{"name":"a"},"dada":{},"data":{"x":"1","x":"2"}}'
    warned = await api.post(f"{CONFIG_MAPS}?dryRun=All", raw=raw)
    assert warned.headers.getall("Warning") == [
        '299 - "unknown field \\"dada\\""',
        '299 - "duplicate field \\"data.x\\""',
    ]
    strict = await api.post(f"{CONFIG_MAPS}?dryRun=All&fieldValidation=Strict", raw=raw)
    assert strict.message == (
        'ConfigMap in version "v1" cannot be handled as a ConfigMap: strict decoding error: '
        'unknown field "dada", duplicate field "data.x"'
    )
    ignored = await api.post(f"{CONFIG_MAPS}?dryRun=All&fieldValidation=Ignore", raw=raw)
    assert ignored.status == 201
    assert "Warning" not in ignored.headers


async def test_fields_that_stand_twice_are_found_where_others_are_left_out(api) -> None:
    # As many names are missing, kind and apiVersion, as are there too often.
    raw = b'{"metadata":{"name":"a","name":"b"},"data":{"x":"1","x":"2"}}'
    strict = await api.post(f"{CONFIG_MAPS}?fieldValidation=Strict", raw=raw)
    assert strict.message.endswith('duplicate field "metadata.name", duplicate field "data.x"')


async def test_keys_of_yaml_that_stand_twice_are_refused_or_warned_of(api) -> None:
    raw = b"metadata: {name: a}\ndata:\n  x: '1'\n  x: '2'\ndada: {}\n"
    strict = await api.post(
        f"{CONFIG_MAPS}?fieldValidation=Strict", raw=raw, kind="application/yaml"
    )
    assert strict.message == (
        'ConfigMap in version "v1" cannot be handled as a ConfigMap: strict decoding error: '
        'yaml: unmarshal errors:\n  line 4: key "x" already set in map, unknown field "dada"'
    )
    warned = await api.post(f"{CONFIG_MAPS}?dryRun=All", raw=raw, kind="application/yaml")
    assert (warned.status, warned.body["data"]) == (201, {"x": "2"})
    assert "already set in map" in warned.headers["Warning"]


@pytest.mark.parametrize(
    "body",
    [
        b"[" * 50_000,
        b'{"a":' * 20_000,
        b"- " * 50_000,
        b"&a [*a, *a]",
        b"a: &a [x,x,x,x,x,x,x,x,x,x]\n"
        + b"".join(
            b"%c: &%c [%s]\n" % (letter, letter, b",".join([b"*%c" % (letter - 1)] * 10))
            for letter in range(ord("b"), ord("m"))
        ),
        b"!!set {a}",
        b"!!python/object:os.system x",
        b"? [a]\n: b",
        b"a: 99999999999999999999999",
    ],
)
async def test_hostile_yaml_is_refused_quickly(api, body: bytes) -> None:
    answer = await api.post(CONFIG_MAPS, raw=body, kind="application/yaml")
    assert answer.status == 400
    assert "error converting YAML to JSON" in answer.message


async def test_an_object_that_is_too_deep_for_any_answer_is_refused(api) -> None:
    data = b'{"a":' * 250 + b"1" + b"}" * 250
    body = b'{"metadata":{"name":"a"},"revision":1,"data":%s}' % data
    answer = await api.post("/apis/apps/v1/namespaces/default/controllerrevisions", raw=body)
    assert (answer.status, answer.body["reason"]) == (400, "BadRequest")


async def test_what_a_body_says_of_its_encoding_is_ignored(api) -> None:
    answer = await api.post(
        CONFIG_MAPS, raw=b'{"metadata":{"name":"a"}}', headers={"Content-Encoding": "deflate"}
    )
    assert answer.status == 201
