"""Asks the webhooks: first those that may change an object, one by one, then all that only judge.

Stands for k8s.io/apiserver `pkg/admission/plugin/webhook/{mutating,validating}/dispatcher.go`.
A new configuration counts at once.
"""

from __future__ import annotations

import asyncio
import logging
import random as randomness
import uuid
from collections.abc import Collection, Iterator, Sequence

from kubelearn.embedded.apiserver.jsonpatch import PatchError, apply_json_patch
from kubelearn.embedded.apiserver.lister import Lister
from kubelearn.embedded.apiserver.status import StatusError, bad_request, internal
from kubelearn.embedded.apiserver.webhooks import matching
from kubelearn.embedded.apiserver.webhooks.attributes import Attributes
from kubelearn.embedded.apiserver.webhooks.caller import CallFailed, call
from kubelearn.embedded.apiserver.webhooks.review import Answer, InvalidAnswer, answer_of, review_of
from kubelearn.embedded.apiserver.webhooks.rounds import Round
from kubelearn.embedded.store import Store
from kubelearn.objects import Object

_log = logging.getLogger(__name__)

_DRY_RUN = ("None", "NoneOnDryRun")


class Webhooks:
    """The webhooks of one cluster."""

    def __init__(self, store: Store, *, random: randomness.Random) -> None:
        self._store = store
        self._mutating = Lister(store, "/registry/mutatingwebhookconfigurations/")
        self._validating = Lister(store, "/registry/validatingwebhookconfigurations/")
        self._random = random

    def configured(self) -> bool:
        """Whether there are any."""
        return any(each.objects() for each in (self._mutating, self._validating))

    async def mutate(self, attributes: Attributes, *, again: Collection[str] = ()) -> Round:
        """Let mutating webhooks change the new object.

        `again` names those that want to see it once more; then no others are asked.
        """
        asked: list[str] = []
        changed = False
        for hook in self._concerned(self._mutating, attributes):
            name = hook["name"]
            if again and name not in again:
                continue
            answer = await self._ask(hook, attributes, mutating=True)
            if answer and answer.patch and _change(attributes, answer.patch, name):
                changed = True
            if hook.get("reinvocationPolicy") == "IfNeeded":
                asked.append(name)
        return Round.of(attributes, asked=asked, changed=changed)

    async def validate(self, attributes: Attributes) -> None:
        """Let validating webhooks judge; they are asked at the same time."""
        hooks = list(self._concerned(self._validating, attributes))
        verdicts = await asyncio.gather(
            *(self._ask(hook, attributes, mutating=False) for hook in hooks),
            return_exceptions=True,
        )
        for verdict in verdicts:
            if isinstance(verdict, BaseException):
                raise verdict

    def _concerned(self, configured: Lister, attributes: Attributes) -> Iterator[Object]:
        if matching.is_exempt(attributes):
            return
        for found in configured.objects().values():
            for hook in found.get("webhooks") or []:
                if matching.concerns(hook, attributes) and matching.conditions_hold(
                    hook, attributes
                ):
                    yield hook

    async def _ask(self, hook: Object, attributes: Attributes, *, mutating: bool) -> Answer | None:
        """One webhook's answer; None from one that failed and may. Raises StatusError."""
        name = hook["name"]
        if attributes.write.dry_run and hook.get("sideEffects") not in _DRY_RUN:
            raise bad_request(f'admission webhook "{name}" does not support dry run')
        review = review_of(hook, attributes, uid=self._new_uid())
        try:
            body = await call(hook, review, store=self._store, random=self._random)
            answer = answer_of(body, review=review, mutating=mutating)
        except CallFailed as error:
            _object_unless_ignored(hook, f"failed to call webhook: {error}")
            return None
        except InvalidAnswer as error:
            _object_unless_ignored(hook, f"received invalid webhook response: {error}")
            return None
        for key, value in answer.annotations.items():
            attributes.write.annotations.setdefault(f"{name}/{key}", value)
        attributes.write.warnings.extend(answer.warnings)
        if not answer.allowed:
            raise _denial(name, answer.result)
        return answer

    def _new_uid(self) -> str:
        return str(uuid.UUID(int=self._random.getrandbits(128), version=4))


def _object_unless_ignored(hook: Object, problem: str) -> None:
    text = f'failed calling webhook "{hook["name"]}": {problem}'
    if hook.get("failurePolicy") != "Ignore":
        raise internal(text)
    _log.info("%s", text)


def _denial(name: str, result: Object) -> StatusError:
    """The webhook's own `Status`, which says at least that it is one."""
    denied = f'admission webhook "{name}" denied the request'
    said = result.get("message") or result.get("reason")
    code = result.get("code") or 0
    return StatusError(
        code if code >= 400 else 400,
        result.get("reason", ""),
        f"{denied}: {said}" if said else f"{denied} without explanation",
        details=result.get("details"),
    )


def _change(attributes: Attributes, patch: Sequence[Object], name: str) -> bool:
    """Apply a webhook's patch to the new object, in place; says whether it changed anything."""
    if attributes.new is None:
        problem = "attempted to modify the object, which is not supported for this operation"
        raise internal(f'admission webhook "{name}" {problem}')
    try:
        return attributes.become(apply_json_patch(attributes.new, patch))
    except PatchError as error:
        raise internal(str(error)) from None
