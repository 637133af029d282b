"""The daemon's process."""

import os
import ssl

from kubelearn.embedded.launch.__main__ import _no_public_authorities


def test_public_authorities_are_hidden_for_a_while_and_then_trusted_as_before(monkeypatch):
    monkeypatch.setenv("SSL_CERT_FILE", "/etc/mine.pem")
    monkeypatch.delenv("SSL_CERT_DIR", raising=False)
    with _no_public_authorities():
        assert ssl.create_default_context().get_ca_certs() == []
    assert os.environ["SSL_CERT_FILE"] == "/etc/mine.pem"
    assert "SSL_CERT_DIR" not in os.environ
