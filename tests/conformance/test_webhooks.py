"""Webhooks that run in the cluster: a pod has a say in what others write, and converts objects."""

from __future__ import annotations

import base64
from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from kubernetes import client

pytestmark = pytest.mark.needs_nodes

PORT = 8443
# Denies what is labelled `bad`, and marks what it is asked to mark. Asked to convert, it calls the
# field `host` of version v1 `hostname` in v2.
SERVER = """
import base64, http.server, json, ssl

class Hook(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        review = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        request = review["request"]
        if self.path.startswith("/convert"):
            return self.answer(review, self.converted(request))
        labels = (request["object"] or request["oldObject"])["metadata"].get("labels") or {}
        response = {"uid": request["uid"], "allowed": "bad" not in labels}
        if not response["allowed"]:
            response["status"] = {"message": "it is bad", "code": 403, "reason": "Forbidden"}
        elif self.path.startswith("/mark"):
            patch = [{"op": "add", "path": "/metadata/labels/marked", "value": "yes"}]
            response["patch"] = base64.b64encode(json.dumps(patch).encode()).decode()
            response["patchType"] = "JSONPatch"
        self.answer(review, response)

    def converted(self, request):
        version = request["desiredAPIVersion"]
        old, new = ("host", "hostname") if version.endswith("v2") else ("hostname", "host")
        for each in request["objects"]:
            each["apiVersion"] = version
            each[new] = each.pop(old, "")
        result = {"status": "Success"}
        return {"uid": request["uid"], "result": result, "convertedObjects": request["objects"]}

    def answer(self, review, response):
        body = json.dumps({**review, "request": None, "response": response}).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

server = http.server.ThreadingHTTPServer(("", 8443), Hook)
context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
context.load_cert_chain("/tls/tls.crt", "/tls/tls.key")
server.socket = context.wrap_socket(server.socket, server_side=True)
server.serve_forever()
"""


def certificate(host):
    """A certificate that signs itself, and its key, in PEM."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, host)])
    now = datetime.now(UTC)
    signed = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(host)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    return (
        signed.public_bytes(serialization.Encoding.PEM).decode(),
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        ).decode(),
    )


@pytest.fixture
def hook(core, namespace, pods):
    """A webhook's pod and Service; gives the `clientConfig` for a path of it."""
    public, private = certificate(f"hook.{namespace}.svc")
    secret = {"metadata": {"name": "hook"}, "stringData": {"tls.crt": public, "tls.key": private}}
    core.create_namespaced_secret(namespace, secret)
    pods.python(
        SERVER,
        name="hook",
        labels={"app": "hook"},
        spec={"volumes": [{"name": "tls", "secret": {"secretName": "hook"}}]},
        volumeMounts=[{"name": "tls", "mountPath": "/tls"}],
        readinessProbe={"tcpSocket": {"port": PORT}, "periodSeconds": 1},
    )
    pods.ready("hook")
    ports = [{"port": 443, "targetPort": PORT}]
    spec = {"selector": {"app": "hook"}, "ports": ports}
    core.create_namespaced_service(namespace, {"metadata": {"name": "hook"}, "spec": spec})

    def config(path):
        service = {"namespace": namespace, "name": "hook", "path": path}
        return {"service": service, "caBundle": base64.b64encode(public.encode()).decode()}

    return config


@pytest.fixture
def register(api, namespace, hook):
    """Register the webhook for ConfigMaps of the test's namespace."""
    registration = client.AdmissionregistrationV1Api(api)
    undo = []

    def call(kind, path, **fields):
        rule = {"apiGroups": [""], "apiVersions": ["v1"], "resources": ["configmaps"]}
        entry = {
            "name": "hook.example.com",
            "clientConfig": hook(path),
            "rules": [{**rule, "operations": ["*"]}],
            "namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": namespace}},
            "sideEffects": "None",
            "admissionReviewVersions": ["v1"],
            **fields,
        }
        body = {"metadata": {"name": f"{kind}-{namespace}"}, "webhooks": [entry]}
        getattr(registration, f"create_{kind}_webhook_configuration")(body)
        undo.append((kind, body["metadata"]["name"]))

    yield call
    for kind, name in undo:
        getattr(registration, f"delete_{kind}_webhook_configuration")(name)


def config_map(name, **labels):
    return {"metadata": {"name": name, "labels": {"app": "x", **labels}}}


def test_a_validating_webhook_denies(register, core, namespace, refused, eventually):
    register("validating", "/")
    # It takes a moment until the Service's pod can be reached.
    eventually(lambda: _created(core, namespace))
    status = refused(core.create_namespaced_config_map, namespace, config_map("b", bad="1"))
    assert (status["code"], status["reason"]) == (403, "Forbidden")
    assert status["message"] == (
        'admission webhook "hook.example.com" denied the request: it is bad'
    )


def test_a_mutating_webhook_changes_objects(register, core, namespace, eventually):
    register("mutating", "/mark")
    eventually(lambda: _created(core, namespace))
    found = core.read_namespaced_config_map("reached", namespace)
    assert found.metadata.labels == {"app": "x", "marked": "yes"}


def test_a_webhook_without_pods_fails_closed(
    register, core, namespace, pods, refused, eventually, gone
):
    register("validating", "/", failurePolicy="Fail")
    pods.delete("hook")
    eventually(lambda: gone(lambda: pods.get("hook")))
    status = refused(core.create_namespaced_config_map, namespace, config_map("a"))
    assert (status["code"], status["reason"]) == (500, "InternalError")
    assert 'failed calling webhook "hook.example.com": failed to call webhook' in status["message"]


def _created(core, namespace):
    try:
        core.create_namespaced_config_map(namespace, config_map("reached"))
    except client.ApiException as error:
        if error.status == 409:
            return True
        if error.status == 500:
            return False
        raise
    return True


@pytest.fixture
def sites(api, send, namespace, hook, eventually):
    """A kind in two versions between which the webhook converts; gives the path of a version."""
    group, text = f"{namespace}.example.com", {"type": "string"}

    def version(name, field):
        schema = {"openAPIV3Schema": {"type": "object", "properties": {field: text}}}
        return {"name": name, "served": True, "storage": name == "v1", "schema": schema}

    webhook = {"clientConfig": hook("/convert"), "conversionReviewVersions": ["v1"]}
    definition = {
        "metadata": {"name": f"sites.{group}"},
        "spec": {
            "group": group,
            "scope": "Namespaced",
            "names": {"plural": "sites", "singular": "site", "kind": "Site"},
            "conversion": {"strategy": "Webhook", "webhook": webhook},
            "versions": [version("v1", "host"), version("v2", "hostname")],
        },
    }
    extensions = client.ApiextensionsV1Api(api)
    extensions.create_custom_resource_definition(definition)

    def path(version):
        return f"/apis/{group}/{version}/namespaces/{namespace}/sites"

    eventually(lambda: all(send("GET", path(each)).code == 200 for each in ("v1", "v2")))
    yield path
    extensions.delete_custom_resource_definition(f"sites.{group}")


def site(version, name, **fields):
    group = version("v1").split("/")[2]
    return {"apiVersion": f"{group}/v1", "kind": "Site", "metadata": {"name": name}, **fields}


def test_a_webhook_converts_objects_to_the_version_that_is_asked_for(sites, send, eventually):
    old = site(sites, "old", host="a")
    eventually(lambda: send("POST", sites("v1"), body=old).code in (201, 409))
    new = site(sites, "new", hostname="b")
    new["apiVersion"] = new["apiVersion"].replace("v1", "v2")
    made = eventually(lambda: (answer := send("POST", sites("v2"), body=new)).code < 300 and answer)
    assert made.body["hostname"] == "b"
    assert send("GET", f"{sites('v1')}/new").checked()["host"] == "b"
    shown = {each["metadata"]["name"]: each for each in send("GET", sites("v2")).checked()["items"]}
    assert {name: each["hostname"] for name, each in shown.items()} == {"old": "a", "new": "b"}
    changed = {"hostname": "c"}
    send("PATCH", f"{sites('v2')}/old", patch="merge", body=changed).checked()
    assert send("GET", f"{sites('v1')}/old").checked()["host"] == "c"
