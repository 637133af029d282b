"""kube-apiserver: the Kubernetes API over the store.

`server` listens; a request then meets, in this order:

- `authentication`, `impersonation`, `authorization`: who is it, and may they?
- `routing`, `resources`, `subresources`, `watch`: what is asked for
- `negotiation`, `decoding`, `patching`: what was sent, and in which form the answer goes back
- `admission`, `strategy`, `defaults`, `validation`: what every kind, and what this kind, demands
- `registry`, `deletion`, `listing`, `encoding`: the object and the store

`kinds`, `schema`, `serializer`, `table`, `discovery` and `openapi` are what the server knows of the
API's types.
"""

from kubelearn.embedded.apiserver.server import ApiServer

__all__ = ["ApiServer"]
