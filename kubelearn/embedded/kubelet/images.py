"""Bringing images to the node: `pkg/kubelet/images/image_manager.go`, with its words and back-off.

Left out: credentials, parallel pull limits, garbage collection of images.
"""

from __future__ import annotations

from collections.abc import Callable

from kubelearn.containers.images import Image, ImageStore, InvalidImageName, PullError, Reference
from kubelearn.embedded.clock import Clock
from kubelearn.embedded.events import EventRecorder
from kubelearn.embedded.kubelet.backoff import Backoff
from kubelearn.errors import KubelearnError
from kubelearn.objects import Object


class NotStarted(KubelearnError):
    """A container cannot be started now; `reason` is what its waiting state shows."""

    def __init__(self, reason: str, message: str, *, retry_after: float = 0.0) -> None:
        super().__init__(message)
        self.reason = reason
        self.retry_after = retry_after


class ImageManager:
    """Makes sure that an image is there before a container starts."""

    def __init__(self, store: ImageStore, *, recorder: EventRecorder, clock: Clock) -> None:
        self._store = store
        self._recorder = recorder
        self._clock = clock
        self._backoff = Backoff(clock)
        self._failures: dict[str, str] = {}

    async def ensure(self, pod: Object, container: Object, path: str) -> Image:
        """The container's image. Raises NotStarted; `path` names the container in Events."""
        name, policy = container["image"], container.get("imagePullPolicy", "IfNotPresent")

        def tell(kind: str, reason: str, message: str) -> str:
            self._recorder.event(pod, kind, reason, message, path=path)
            return message

        try:
            reference = Reference.parse(name)
        except InvalidImageName as error:
            message = tell("Warning", "InspectFailed", error.message)
            raise NotStarted("InvalidImageName", message) from error
        found = None if policy == "Always" else self._store.find(reference)
        if found:
            words = "already present on machine and can be accessed by the pod"
            tell("Normal", "Pulled", f'Container image "{name}" {words}')
            return found
        if policy == "Never":
            message = f'Container image "{name}" is not present with pull policy of Never'
            raise NotStarted("ErrImageNeverPull", tell("Warning", "ErrImageNeverPull", message))
        key = f"{pod['metadata']['uid']}_{name}"
        if left := self._backoff.left(key):
            message = tell("Normal", "BackOff", f'Back-off pulling image "{name}"')
            message = f"{message}: ErrImagePull: {self._failures[key]}"
            raise NotStarted("ImagePullBackOff", message, retry_after=left)
        tell("Normal", "Pulling", f'Pulling image "{name}"')
        return await self._pull(reference, key, name, tell)

    async def _pull(
        self, reference: Reference, key: str, name: str, tell: Callable[[str, str, str], str]
    ) -> Image:
        started = self._clock.monotonic()
        try:
            image = await self._store.pull(reference)
        except PullError as error:
            self._backoff.grow(key)
            self._failures[key] = error.message
            tell("Warning", "Failed", f'Failed to pull image "{name}": {error.message}')
            # The next look finds the back-off; a moment later, so that both states can be seen.
            raise NotStarted("ErrImagePull", error.message, retry_after=1.0) from error
        took = f"{round((self._clock.monotonic() - started) * 1000)}ms"
        size = f"Image size: {image.size_bytes} bytes."
        words = f'Successfully pulled image "{name}" in {took} ({took} including waiting). {size}'
        tell("Normal", "Pulled", words)
        return image

    def forget(self, pod_uid: str) -> None:
        """The pod is gone: keep nothing for it."""
        self._backoff.forget(pod_uid)
        for key in [key for key in self._failures if key.startswith(pod_uid)]:
            del self._failures[key]
