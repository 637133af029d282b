from __future__ import annotations

import pytest

from kubelearn.embedded.apiserver.negotiation import Output, body_media, negotiate, patch_type
from kubelearn.embedded.apiserver.status import StatusError

TABLE = "application/json;as=Table;v=v1;g=meta.k8s.io"


@pytest.mark.parametrize(
    ("accept", "output"),
    [
        ("", Output()),
        ("*/*", Output()),
        ("application/json", Output()),
        (f"{TABLE},application/json", Output("application/json", "Table")),
        ("application/json;q=0.1,application/yaml", Output("application/yaml")),
        ("application/vnd.kubernetes.protobuf,application/json", Output()),
        ("application/vnd.kubernetes.protobuf, */*", Output()),
        ("application/json;as=Porridge;g=meta.k8s.io;v=v1,application/json", Output()),
    ],
)
def test_the_best_form_that_we_write_is_chosen(accept, output) -> None:
    assert negotiate(accept) == output


@pytest.mark.parametrize("accept", ["text/html", "application/vnd.kubernetes.protobuf"])
def test_a_client_that_takes_none_of_our_forms_gets_406(accept) -> None:
    with pytest.raises(StatusError) as caught:
        negotiate(accept)
    assert caught.value.code == 406


def test_bodies_without_a_type_are_json() -> None:
    assert body_media("") == "application/json"
    assert body_media("application/yaml; charset=utf-8") == "application/yaml"


def test_unknown_bodies_and_patches_get_415() -> None:
    for read in (body_media, patch_type):
        with pytest.raises(StatusError) as caught:
            read("text/plain")
        assert caught.value.code == 415
