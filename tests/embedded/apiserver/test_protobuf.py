"""The bodies are what kubectl 1.36 and Go clients of that release send."""

import base64
import random

import pytest

from kubelearn.embedded.apiserver import protobuf, schema, serializer
from kubelearn.embedded.apiserver.protobuf import ProtobufError

DEPLOYMENT = (
    "azhzAAoVCgdhcHBzL3YxEgpEZXBsb3ltZW50EroBCh8KA3dlYhIAGgAiACoAMgA4AEIAWgoKA2FwcBIDd2ViEogBCAMS"
    "DAoKCgNhcHASA3dlYhpuChwKABIAGgAiACoAMgA4AEIAWgoKA2FwcBIDd2ViEk4SMAoFbmdpbngSB25naW54OjEqADIK"
    "CgAQABhQIgAqAEIAagByAIABAIgBAJABAKIBABoAMgBCAEoAUgBYAGAAaACCAQCKAQCaAQDCAQAiAgoAKAA4ABoMCAAQ"
    "ABgAIAAoADgAGgAiAA=="
)
CONFIG_MAP = "azhzAAoPCgJ2MRIJQ29uZmlnTWFwEiMKEgoCY20SABoAIgAqADIAOABCABIGCgFhEgFiEgUKAWMSABoAIgA="
SECRET = (
    "azhzAAoMCgJ2MRIGU2VjcmV0EqMBChMKA3JlZxIAGgAiACoAMgA4AEIAEmwKES5kb2NrZXJjb25maWdqc29uEld7ImF1"
    "dGhzIjp7Imh0dHBzOi8vaW5kZXguZG9ja2VyLmlvL3YxLyI6eyJ1c2VybmFtZSI6InUiLCJwYXNzd29yZCI6InAiLCJh"
    "dXRoIjoiZFRwdyJ9fX0aHmt1YmVybmV0ZXMuaW8vZG9ja2VyY29uZmlnanNvbhoAIgA="
)
SERVICE = (
    "azhzAAoNCgJ2MRIHU2VydmljZRJwCiEKBHN2YzISABoAIgAqADIAOABCAFoLCgNhcHASBHN2YzISRwogCgc4MC1odHRw"
    "EgNUQ1AYUCIKCAEQABoEaHR0cCix6gESCwoDYXBwEgRzdmMyGgAiCE5vZGVQb3J0OgBCAFIAWgBgAGgAGgIKABoAIgA="
)
QUOTA = (
    "azhzAAoTCgJ2MRINUmVzb3VyY2VRdW90YRJQChEKAXESABoAIgAqADIAOABCABI5CgoKA2NwdRIDCgExChIKBm1lbW9y"
    "eRIICgYxNTM2TWkKCwoEcG9kcxIDCgEyEgpCZXN0RWZmb3J0GgAaACIA"
)
PRIORITY_CLASS = (
    "azhzAAolChRzY2hlZHVsaW5nLms4cy5pby92MRINUHJpb3JpdHlDbGFzcxIrChIKAnBjEgAaACIAKgAyADgAQgAQmPj/"
    "////////ARgAIgFkKgVOZXZlchoAIgA="
)
TOKEN_REQUEST = (
    "azhzAAooChhhdXRoZW50aWNhdGlvbi5rOHMuaW8vdjESDFRva2VuUmVxdWVzdBIgChAKABIAGgAiACoAMgA4AEIAEgYK"
    "AXgg2AQaBAoAEgAaACIA"
)
CUSTOM_RESOURCE_DEFINITION = (
    "azhzAAozChdhcGlleHRlbnNpb25zLms4cy5pby92MRIYQ3VzdG9tUmVzb3VyY2VEZWZpbml0aW9uEpMEChMKA2EuYhIAGgAi"
    "ACoAMgA4AEIAEu0DCgFiGggKABIAIgAqACIAOtkDCgJ2MRABGAAizAMKyQMKABIAIgAqBm9iamVjdDIAOgBQAGAAegCQAQDq"
    "AUEKBGVudW0SOQoAEgAiACoGc3RyaW5nMgA6AEIFCgMieCJQAGAAegCQAQCiAQUKAyJ4IqIBAwoBMagCALgCAMACAOoBVAoE"
    "bGlzdBJMCgASACIAKgVhcnJheTIAOgBQAGAAegCQAQDCASYKJAoAEgAiACoGc3RyaW5nMgA6AFAAYAB6AJABAKgCALgCAMAC"
    "AKgCALgCAMACAOoBegoEbWFueRJyCgASACIAKgVhcnJheTIAOgBQAGAAegCQAQDCAUwSJAoAEgAiACoGc3RyaW5nMgA6AFAA"
    "YAB6AJABAKgCALgCAMACABIkCgASACIAKgZzdHJpbmcyADoAUABgAHoAkAEAqAIAuAIAwAIAqAIAuAIAwAIA6gFWCgNtYXAS"
    "TwoAEgAiACoGb2JqZWN0MgA6AFAAYAB6AJABAPIBKAgBEiQKABIAIgAqBnN0cmluZzIAOgBQAGAAegCQAQCoAgC4AgDAAgCo"
    "AgC4AgDAAgDqATEKBG5vbmUSKQoAEgAiACoGb2JqZWN0MgA6AFAAYAB6AJABAPIBAggAqAIAuAIAwAIAqAIAuAIAwAIAOABQ"
    "ABoMEggKABIAIgAqACAAGgAiAA=="
)
ALL = (DEPLOYMENT, CONFIG_MAP, SECRET, SERVICE, QUOTA, PRIORITY_CLASS, TOKEN_REQUEST)


def read(body, type_name):
    found = protobuf.decode(base64.b64decode(body))
    return serializer.decode_struct(schema.built_in().struct(type_name), found).object


def test_a_deployment_is_read():
    found = read(DEPLOYMENT, "apps.v1.Deployment")
    assert (found["apiVersion"], found["kind"]) == ("apps/v1", "Deployment")
    assert found["metadata"] == {"name": "web", "labels": {"app": "web"}}
    assert found["spec"]["replicas"] == 3
    assert found["spec"]["template"]["spec"]["containers"] == [
        {
            "name": "nginx",
            "image": "nginx:1",
            "ports": [{"containerPort": 80}],
            "resources": {},
        }
    ]


def test_maps_keep_empty_values():
    assert read(CONFIG_MAP, "core.v1.ConfigMap")["data"] == {"a": "b", "c": ""}


def test_the_bytes_of_a_secret_become_base64():
    data = read(SECRET, "core.v1.Secret")["data"]
    assert base64.b64decode(data[".dockerconfigjson"]).startswith(b'{"auths"')


def test_a_port_is_a_number_or_a_name():
    (port,) = read(SERVICE, "core.v1.Service")["spec"]["ports"]
    assert (port["targetPort"], port["nodePort"]) == ("http", 30001)


def test_quantities_are_messages_of_their_own():
    hard = read(QUOTA, "core.v1.ResourceQuota")["spec"]["hard"]
    assert hard == {"cpu": "1", "memory": "1536Mi", "pods": "2"}


def test_numbers_may_be_negative():
    assert read(PRIORITY_CLASS, "scheduling.v1.PriorityClass")["value"] == -1000


def test_bodies_of_subresources_are_read_too():
    spec = read(TOKEN_REQUEST, "authentication.v1.TokenRequest")["spec"]
    assert spec["expirationSeconds"] == 600
    assert spec["audiences"] == ["x"]


def test_without_a_kind_the_caller_says_what_to_expect():
    name = b"\x0a\x04\x0a\x02cm"
    body = b"k8s\0" + b"\x12" + bytes([len(name)]) + name
    assert protobuf.decode(body, "core.v1.ConfigMap") == {"metadata": {"name": "cm"}}


def test_options_of_any_group_are_found():
    meta = b"\x0a\x09policy/v1\x12\x0dDeleteOptions"
    body = b"k8s\0" + b"\x0a" + bytes([len(meta)]) + meta + b"\x12\x02\x08\x05"
    assert protobuf.decode(body) == {
        "apiVersion": "policy/v1",
        "kind": "DeleteOptions",
        "gracePeriodSeconds": 5,
    }


def test_a_body_without_the_magic_is_refused():
    with pytest.raises(ProtobufError, match="does not appear to be a protobuf message"):
        protobuf.decode(b'{"kind":"Pod"}')


def test_an_unknown_kind_is_refused():
    meta = b"\x0a\x02v1\x12\x03Foo"
    with pytest.raises(ProtobufError, match='no kind "Foo" is registered for version "v1"'):
        protobuf.decode(b"k8s\0\x0a" + bytes([len(meta)]) + meta)


def test_damaged_bodies_never_do_worse_than_an_error():
    rng = random.Random(1)
    for _ in range(2000):
        body = bytearray(base64.b64decode(rng.choice(ALL)))
        for _ in range(rng.randint(1, 4)):
            body[rng.randrange(4, len(body))] = rng.randrange(256)
        del body[rng.randrange(4, len(body) + 1) :]
        try:
            assert isinstance(protobuf.decode(bytes(body)), dict)
        except ProtobufError:
            continue


def test_a_schema_says_in_its_own_way_what_is_one_thing_or_another():
    found = read(CUSTOM_RESOURCE_DEFINITION, "apiextensions.v1.CustomResourceDefinition")
    text = {"type": "string"}
    assert found["spec"]["versions"][0]["schema"]["openAPIV3Schema"]["properties"] == {
        "enum": {"type": "string", "default": "x", "enum": ["x", 1]},
        "list": {"type": "array", "items": text},
        "many": {"type": "array", "items": [text, text]},
        "map": {"type": "object", "additionalProperties": text},
        "none": {"type": "object", "additionalProperties": False},
    }
