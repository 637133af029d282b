"""As whom a request is sent, and how each client is told so.

A client certificate goes before a token (`pkg/kubeapiserver/authenticator/config.go` asks for it
first), so whoever wants to be somebody else must leave the kubeconfig's own out.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from kubelearn.clusters.transport import send, without_credentials
from kubelearn.objects import SERVICE_ACCOUNTS

if TYPE_CHECKING:
    from kubernetes.client import ApiClient

NOBODYS_TOKEN = "nobody-issued-this"
_TOKEN_SECONDS = 600  # the least that the server gives


@dataclass(frozen=True)
class Identity:
    """`kind` is one of KINDS; `name` is a ServiceAccount or a user."""

    kind: str = "own"
    name: str = ""
    namespace: str = ""
    """Of the ServiceAccount."""

    @property
    def shown_headers(self) -> list[str]:
        """The headers that say who sends, for the eye."""
        match self.kind:
            case "token":
                return [f"Authorization: Bearer {NOBODYS_TOKEN}"]
            case "account":
                return [f"Authorization: Bearer <token of ServiceAccount {self.name}>"]
            case "user":
                return [f"Impersonate-User: {self.name}"]
        return []

    def kubectl_options(self, host: str) -> list[str]:
        """What kubectl needs to be told."""
        bare = ["--kubeconfig=/dev/null", f"--server={host}", "--certificate-authority=ca.crt"]
        match self.kind:
            case "token":
                return [*bare, f"--token={NOBODYS_TOKEN}"]
            case "account":
                create = f"$(kubectl create token {self.name} -n {self.namespace})"
                return [*bare, f'--token="{create}"']
            case "user":
                return [f"--as={self.name}"]
        return []

    def python_lines(self, host: str) -> list[str]:
        """How `api`, a client's connection, comes to be."""
        if self.kind == "own":
            return ["api = cluster.api_client"]
        if self.kind == "user":
            header = f"'Impersonate-User', {self.name!r}"
            return [f"api = client.ApiClient(cluster.api_client.configuration, {header})"]
        lines = [
            f"configuration = client.Configuration(host={host!r})",
            "configuration.ssl_ca_cert = 'ca.crt'",
        ]
        if self.kind == "account":
            arguments = f"{self.name!r}, {self.namespace!r}, {{'spec': {{'audiences': []}}}}"
            lines += [
                "core = client.CoreV1Api(cluster.api_client)",
                f"given = core.create_namespaced_service_account_token({arguments})",
                "token = given.status.token",
            ]
        if self.kind == "token":
            lines.append(f"token = {NOBODYS_TOKEN!r}")
        if self.kind != "none":
            lines.append("configuration.api_key['authorization'] = f'Bearer {token}'")
        return [*lines, "api = client.ApiClient(configuration)"]

    def connect(self, own: ApiClient) -> tuple[ApiClient, Mapping[str, str]]:
        """A connection, and headers to send with every request.

        Raises ApiError when no token is given for the ServiceAccount.
        """
        match self.kind:
            case "none":
                return without_credentials(own), {}
            case "token":
                return without_credentials(own), {"Authorization": f"Bearer {NOBODYS_TOKEN}"}
            case "account":
                token = self._token(own)
                return without_credentials(own), {"Authorization": f"Bearer {token}"}
            case "user":
                return own, {"Impersonate-User": self.name}
        return own, {}

    def _token(self, own: ApiClient) -> str:
        path = SERVICE_ACCOUNTS.path(self.namespace, self.name, "token")
        body = {"spec": {"expirationSeconds": _TOKEN_SECONDS}}
        return str(send(own, "POST", path, body=body).checked()["status"]["token"])


KINDS = {
    "own": "the kubeconfig's own",
    "none": "nobody: no credentials",
    "token": "a token that nobody issued",
    "account": "a ServiceAccount",
    "user": "another user, impersonated",
}
