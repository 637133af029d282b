"""Registries: a real one on this machine, and one that misbehaves as it is told."""

import json
import shutil
import socket
import subprocess
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from kubelearn.containers.images import PullError, Reference
from kubelearn.containers.imagestore import BrokenImage, Store
from kubelearn.containers.imagestore.platform import architecture
from kubelearn.containers.imagestore.registry import Registry
from tests.containers.imagestore.conftest import free_port, serve_registry


@pytest.fixture
def real(tmp_path):
    with serve_registry(tmp_path) as host:
        yield host


class Fake:
    """A registry of a few manifests and blobs, which does what a test wants."""

    def __init__(self):
        self.answers = {}
        self.asked = []
        self.token = ""
        self.cut = {}
        fake = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, *args):
                pass

            def do_GET(self):
                fake.answer(self)

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.host = f"127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def put(self, path, data, **headers):
        self.answers[f"/v2/app/{path}"] = (data, headers)

    def put_image(self, store, made, tag="1"):
        content = store.blobs.json(made.manifest)
        data = store.blobs.path(made.manifest["digest"]).read_bytes()
        for name in (tag, made.manifest["digest"]):
            self.put(f"manifests/{name}", data, **{"Content-Type": made.manifest["mediaType"]})
        for blob in (content["config"], *content["layers"]):
            self.put(f"blobs/{blob['digest']}", store.blobs.path(blob["digest"]).read_bytes())

    def answer(self, handler):
        path = handler.path
        self.asked.append(
            (path, handler.headers.get("Range"), handler.headers.get("Authorization"))
        )
        if path.startswith("/token"):
            return self.send(handler, 200, json.dumps({"token": "secret"}).encode())
        if self.token and handler.headers.get("Authorization") != f"Bearer {self.token}":
            realm = (
                f'Bearer realm="http://{self.host}/token",service="s",scope="repository:app:pull"'
            )
            return self.send(handler, 401, b"", **{"WWW-Authenticate": realm})
        if path not in self.answers:
            return self.send(handler, 404, b"{}")
        data, headers = self.answers[path]
        first = int((handler.headers.get("Range") or "bytes=0-")[6:-1])
        status = 206 if first else 200
        return self.send(handler, status, data[first:], cut=self.cut.pop(path, None), **headers)

    def send(self, handler, status, data, cut=None, **headers):
        handler.send_response(status)
        for name, value in headers.items():
            handler.send_header(name, value)
        handler.send_header("Content-Length", str(len(data)))
        handler.end_headers()
        handler.wfile.write(data[:cut])
        handler.close_connection = True


@pytest.fixture
def fake():
    made = Fake()
    yield made
    made.server.shutdown()
    made.server.server_close()


@pytest.fixture
def other(tmp_path):
    return Store(tmp_path / "other")


# --- a real one ---


def test_what_is_pushed_can_be_pulled(real, store, other, image, layer):
    made = image("app:1", layer(("a", b"1"), compress=True), layer(("b", b"2")), Cmd=["sh"])
    reference = Reference.parse(f"{real}/team/app:1")
    Registry().push(made, store, reference)
    pulled = Registry().pull(reference, other)
    assert (pulled.name, pulled.id, pulled.manifest["digest"]) == (
        str(reference),
        made.id,
        made.manifest["digest"],
    )
    assert (other.image(pulled).rootfs / "b").read_bytes() == b"2"
    by_digest = Reference.parse(f"{real}/team/app@{made.manifest['digest']}")
    assert Registry().pull(by_digest, other).id == made.id


def test_a_name_that_a_real_registry_lacks_is_not_found(real, store, image):
    reference = Reference.parse(f"{real}/team/app:2")
    with pytest.raises(PullError) as error:
        Registry().resolve(reference)
    assert (
        error.value.message == f'failed to resolve reference "{reference}": {reference}: not found'
    )


@pytest.mark.skipif(not shutil.which("skopeo"), reason="skopeo is not installed")
def test_skopeo_pulls_what_is_pushed_and_the_other_way_round(
    real,
    store,
    other,
    image,
    tmp_path,
):
    made = image("app:1")
    Registry().push(made, store, Reference.parse(f"{real}/ours:1"))
    copy = [
        "skopeo",
        "--insecure-policy",
        "copy",
        "--src-tls-verify=false",
        "--dest-tls-verify=false",
    ]
    subprocess.run(
        [*copy, f"docker://{real}/ours:1", f"docker://{real}/theirs:1"],
        check=True,
        capture_output=True,
    )
    assert Registry().pull(Reference.parse(f"{real}/theirs:1"), other).id == made.id


# --- one that misbehaves ---


def test_a_token_is_fetched_where_one_is_asked_for(fake, store, other, image):
    fake.token = "secret"
    made = image("app:1")
    fake.put_image(store, made)
    assert Registry().pull(Reference.parse(f"{fake.host}/app:1"), other).id == made.id
    tokens = [path for path, *_ in fake.asked if path.startswith("/token")]
    assert tokens == ["/token?service=s&scope=repository%3Aapp%3Apull"]


def test_without_the_right_token_access_is_denied_in_containerds_words(fake):
    fake.token = "another"
    with pytest.raises(PullError, match="pull access denied, repository does not exist or may req"):
        Registry().resolve(Reference.parse(f"{fake.host}/app:1"))


def test_the_image_for_this_machine_is_chosen(fake, store, other, image):
    made = image("app:1")
    fake.put_image(store, made, tag="unused")
    entries = [
        {"digest": "sha256:" + "0" * 64, "platform": {"os": "linux", "architecture": "other"}},
        {**made.manifest, "platform": {"os": "linux", "architecture": architecture()}},
    ]
    kind = "application/vnd.oci.image.index.v1+json"
    fake.put("manifests/1", json.dumps({"manifests": entries}).encode(), **{"Content-Type": kind})
    assert Registry().pull(Reference.parse(f"{fake.host}/app:1"), other).id == made.id
    fake.put(
        "manifests/2", json.dumps({"manifests": entries[:1]}).encode(), **{"Content-Type": kind}
    )
    with pytest.raises(BrokenImage, match="no match for platform in manifest"):
        Registry().resolve(Reference.parse(f"{fake.host}/app:2"))


def test_a_connection_that_breaks_off_is_taken_up_where_it_ended(
    fake,
    store,
    other,
    image,
    layer,
):
    big = layer(("a", b"x" * 100_000))
    made = image("app:1", big)
    fake.put_image(store, made)
    fake.cut[f"/v2/app/blobs/{big.diff_id}"] = 60_000
    assert Registry().pull(Reference.parse(f"{fake.host}/app:1"), other).id == made.id
    ranges = [found for path, found, _ in fake.asked if path.endswith(big.diff_id)]
    assert len(ranges) == 2
    assert ranges[1].startswith("bytes=")


def test_a_layer_with_other_bytes_is_refused_with_its_digest(
    fake,
    store,
    other,
    image,
    layer,
):
    big = layer(("a", b"x" * 1000))
    fake.put_image(store, image("app:1", big))
    data = store.blobs.path(big.diff_id).read_bytes()
    fake.put(f"blobs/{big.diff_id}", data[:-1] + b"!")
    with pytest.raises(BrokenImage, match=big.diff_id):
        Registry().pull(Reference.parse(f"{fake.host}/app:1"), other)
    assert other.names() == []


def test_a_manifest_with_another_digest_is_refused(fake, store, image):
    made = image("app:1")
    fake.put_image(store, made)
    wanted = "sha256:" + "1" * 64
    fake.put(f"manifests/{wanted}", b"{}")
    with pytest.raises(BrokenImage, match=f"{wanted} is broken"):
        Registry().resolve(Reference.parse(f"{fake.host}/app@{wanted}"))


def test_a_layer_that_is_missing_is_named(fake, store, other, image):
    made = image("app:1")
    fake.put_image(store, made)
    del fake.answers[f"/v2/app/blobs/{made.layers[0].diff_id}"]
    with pytest.raises(PullError, match=f"failed to copy: {made.layers[0].diff_id}: not found"):
        Registry().pull(Reference.parse(f"{fake.host}/app:1"), other)


def test_a_mirror_answers_for_docker_io(fake, store, other, image):
    made = image("app:1")
    fake.put_image(store, made)
    fake.answers = {path.replace("/app/", "/library/app/"): a for path, a in fake.answers.items()}
    pulled = Registry(mirror=fake.host).pull(Reference.parse("app:1"), other)
    assert pulled.name == "docker.io/library/app:1"


def test_nobody_there_is_said_in_gos_words():
    port = free_port()
    with pytest.raises(PullError) as error:
        Registry().resolve(Reference.parse(f"127.0.0.1:{port}/app:1"))
    assert error.value.message == (
        f'failed to resolve reference "127.0.0.1:{port}/app:1": failed to do request: Head '
        f'"http://127.0.0.1:{port}/v2/app/manifests/1": dial tcp 127.0.0.1:{port}: connect: '
        "connection refused"
    )


def test_an_unknown_host_is_said_in_gos_words():
    with pytest.raises(PullError, match=r"dial tcp: lookup no-such\.invalid: no such host$"):
        Registry().resolve(Reference.parse("no-such.invalid/app:1"))


def test_a_registry_that_never_answers_is_given_up():
    with socket.create_server(("127.0.0.1", 0)) as silent:
        host = f"127.0.0.1:{silent.getsockname()[1]}"
        with pytest.raises(PullError, match="failed to resolve reference"):
            Registry(connect=0.2, read=0.2).resolve(Reference.parse(f"{host}/app:1"))
