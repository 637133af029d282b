"""Several collections followed at once, each for itself: what is forbidden spoils no other."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from kubelearn.objects import Object, Resource
from kubelearn.widgets.watchset import CONNECTING, Collection, Subscriber, Subscription, watches_of

if TYPE_CHECKING:
    from kubernetes.client import ApiClient

OnObject = Callable[[str, Object | None], None]
OnReason = Callable[[str | None], None]


class Following:
    """Subscriptions that begin and end together. `tell` hears whether all is up to date."""

    def __init__(self, tell: OnReason) -> None:
        self._tell = tell
        self._subscriptions: list[Subscription] = []
        self._reasons: dict[int, str | None] = {}

    def follow(self, api: ApiClient, collection: Collection, subscriber: Subscriber) -> None:
        """Follow one more collection."""
        number = len(self._reasons)
        self._reasons[number] = CONNECTING
        proxy = _Proxy(subscriber, lambda reason: self._on_reason(number, reason))
        self._subscriptions.append(watches_of(api).subscribe([collection], proxy))

    def close(self) -> None:
        """Hear no more."""
        for subscription in self._subscriptions:
            subscription.close()
        self._subscriptions = []
        self._reasons = {}

    def wait(self, seconds: float) -> None:
        """Wait until each has been told once, or why it is not."""
        for subscription in list(self._subscriptions):
            subscription.wait(seconds)

    def _on_reason(self, number: int, reason: str | None) -> None:
        if number not in self._reasons:
            return  # closed meanwhile
        self._reasons[number] = reason
        reasons = [each for each in self._reasons.values() if each and not is_refusal(each)]
        # A loss says more than a list that has not come yet.
        self._tell(
            next((each for each in reasons if each != CONNECTING), next(iter(reasons), None))
        )


class Listening:
    """A subscriber made of two functions."""

    def __init__(self, on_object: OnObject, on_reason: OnReason = lambda _: None) -> None:
        self._on_object = on_object
        self._on_reason = on_reason

    def on_object(self, resource: Resource, name: str, obj: Object | None) -> None:
        """An object has this state now, with its kind, which objects in a list do not say."""
        named = None
        if obj is not None:
            named = {**obj, "apiVersion": resource.api_version, "kind": resource.kind}
        self._on_object(name, named)

    def on_connection(self, reason: str | None) -> None:
        """All is told, or why it is not."""
        self._on_reason(reason)


class _Proxy:
    def __init__(self, subscriber: Subscriber, on_reason: OnReason) -> None:
        self.on_object = subscriber.on_object
        self._subscriber = subscriber
        self._on_reason = on_reason

    def on_connection(self, reason: str | None) -> None:
        self._subscriber.on_connection(reason)
        self._on_reason(reason)


def is_refusal(reason: str) -> bool:
    """Whether the API server answers, but not with what was asked for."""
    return "forbidden:" in reason or "could not find the requested resource" in reason
