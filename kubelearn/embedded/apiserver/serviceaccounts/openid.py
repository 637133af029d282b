"""How others can verify service accounts' tokens: OpenID Connect's two documents.

Stands for k8s.io/kubernetes `pkg/serviceaccount/openidmetadata.go`.
"""

from __future__ import annotations

from aiohttp import web

from kubelearn.embedded.apiserver import response
from kubelearn.embedded.apiserver.request import Request
from kubelearn.embedded.apiserver.serviceaccounts import ISSUER
from kubelearn.embedded.apiserver.serviceaccounts.jwt import ALGORITHM, SigningKey

KEYS = "/openid/v1/jwks"


def serve(request: Request, key: SigningKey, *, address: str) -> web.Response | None:
    """The document at that path, if it is one of the two; `address` is where keys are found."""
    match request.info.path.rstrip("/"):
        case "/.well-known/openid-configuration":
            answer = response.document(
                request,
                {
                    "issuer": ISSUER,
                    "jwks_uri": f"https://{address}{KEYS}",
                    "response_types_supported": ["id_token"],
                    "subject_types_supported": ["public"],
                    "id_token_signing_alg_values_supported": [ALGORITHM],
                },
            )
        case "/openid/v1/jwks":
            answer = response.document(request, {"keys": [key.public()]})
            answer.content_type = "application/jwk-set+json"
        case _:
            return None
    answer.headers["Cache-Control"] = "public, max-age=3600"
    return answer
