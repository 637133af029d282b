"""OpenAPI: what the server says about its kinds, in the two versions of that language.

Stands for k8s.io/kube-openapi. `schemas.py` writes types down, `custom.py` those of custom
resources, `operations.py` what can be done with them; `documents.py` makes documents of all that,
and `gnostic.py` turns one into the protobuf message that older kubectls ask for.
"""

from kubelearn.embedded.apiserver.openapi.documents import OpenApi

__all__ = ["OpenApi"]
