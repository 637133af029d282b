"""What stored states look like in another version, for those who cannot wait for a webhook.

Lists, watches and writes read one state one after the other; what the conversion webhook
(`conversionwebhook.py`) said of it is kept for a while.
"""

from __future__ import annotations

import copy
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Sequence

from kubelearn.objects import Object

_KEPT = 4096

Convert = Callable[[list[Object], str], Awaitable[list[Object]]]
"""Objects as those of another `apiVersion`; raises StatusError."""


class Converted:
    """What stored states look like in one version, kept for a while."""

    def __init__(self, convert: Convert, api_version: str) -> None:
        self._convert = convert
        self._api_version = api_version
        self._known: OrderedDict[bytes, Object] = OrderedDict()

    def __contains__(self, value: bytes) -> bool:
        return value in self._known

    def __getitem__(self, value: bytes) -> Object:
        """A copy of what a state looks like; KeyError if nobody has asked for it lately."""
        return copy.deepcopy(self._known[value])

    async def ask(self, states: Sequence[tuple[bytes, Object]]) -> None:
        """Have states at hand, each given with the object in it. Raises StatusError."""
        found = await self._convert([obj for _, obj in states], self._api_version)
        for (value, _), obj in zip(states, found, strict=True):
            self._known[value] = obj
        while len(self._known) > max(_KEPT, len(states)):
            self._known.popitem(last=False)
