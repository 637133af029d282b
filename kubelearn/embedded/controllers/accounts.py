"""The accounts in whose names controllers act, as objects of `kube-system`.

Stands for `getOrCreateServiceAccount` of k8s.io/controller-manager `pkg/clientbuilder`. Left out:
tokens, as the controllers share one connection, over which the manager says who asks.
"""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Iterable

from kubelearn.embedded.client import Client
from kubelearn.embedded.clock import Clock
from kubelearn.errors import AlreadyExists, ApiError
from kubelearn.objects import SERVICE_ACCOUNTS

_log = logging.getLogger(__name__)

_NAMESPACE = "kube-system"
# Nothing waits for them, and a cluster that starts has more urgent things to do.
_LATER = 1.0


async def make_accounts(client: Client, names: Iterable[str], *, clock: Clock) -> None:
    """Make those that are missing, a moment later; asks until the API server answers."""
    wanted = set(names)
    while True:
        await clock.sleep(_LATER)
        try:
            found = (await client.list(SERVICE_ACCOUNTS, _NAMESPACE))["items"]
            for name in sorted(wanted - {each["metadata"]["name"] for each in found}):
                account = {"metadata": {"name": name, "namespace": _NAMESPACE}}
                with contextlib.suppress(AlreadyExists):
                    await client.create(SERVICE_ACCOUNTS, account)
            return
        except ApiError as error:
            _log.warning("accounts of controllers not made: %s", error)
