"""Service account tokens for pods: `pkg/kubelet/token/token_manager.go`."""

from __future__ import annotations

from datetime import datetime, timedelta

from kubelearn.embedded.client import Client
from kubelearn.embedded.clock import Clock
from kubelearn.objects import SERVICE_ACCOUNTS, Object, parse_time

# A token is renewed when four fifths of its life are over.
_RENEW = 0.8


class TokenManager:
    """Asks for tokens that are bound to a pod, and keeps them until they should be renewed."""

    def __init__(self, client: Client, *, clock: Clock) -> None:
        self._client = client
        self._clock = clock
        self._tokens: dict[tuple[str, str, int], tuple[str, datetime]] = {}

    async def get(self, pod: Object, source: Object) -> str:
        """A token for a `serviceAccountToken` source. Raises ApiError."""
        key = (pod["metadata"]["uid"], source.get("audience") or "", source["expirationSeconds"])
        if key in self._tokens and self._clock.now() < self._tokens[key][1]:
            return self._tokens[key][0]
        status = (await self._request(pod, source))["status"]
        now = self._clock.now()
        life = parse_time(status["expirationTimestamp"]) - now
        self._tokens[key] = (
            status["token"],
            now + timedelta(seconds=life.total_seconds() * _RENEW),
        )
        return str(status["token"])

    def forget(self, pod_uid: str) -> None:
        """Drop a pod's tokens."""
        for key in [key for key in self._tokens if key[0] == pod_uid]:
            del self._tokens[key]

    async def _request(self, pod: Object, source: Object) -> Object:
        meta, audience = pod["metadata"], source.get("audience")
        request = {
            "apiVersion": "authentication.k8s.io/v1",
            "kind": "TokenRequest",
            "spec": {
                "audiences": [audience] if audience else [],
                "expirationSeconds": source["expirationSeconds"],
                "boundObjectRef": {
                    "apiVersion": "v1",
                    "kind": "Pod",
                    "name": meta["name"],
                    "uid": meta["uid"],
                },
            },
        }
        account = pod["spec"].get("serviceAccountName") or "default"
        return await self._client.create(
            SERVICE_ACCOUNTS, request, meta["namespace"], name=account, sub="token"
        )
