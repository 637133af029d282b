"""Which stored objects a selector means, without decoding each of them again and again.

Stands for k8s.io/apiserver `pkg/storage/selection_predicate.go`. Labels and selectable fields of a
stored state are read once and remembered, because lists and all watches of a kind ask for the same.
"""

from __future__ import annotations

from collections import OrderedDict
from typing import NamedTuple

from kubelearn.embedded.apiserver.options import ListOptions
from kubelearn.embedded.apiserver.status import bad_request
from kubelearn.embedded.apiserver.strategy import Strategy
from kubelearn.embedded.selectors import FieldSelector, LabelSelector
from kubelearn.embedded.store import KeyValue
from kubelearn.objects import labels_of

_REMEMBERED = 4096


class Attributes(NamedTuple):
    """What selectors look at."""

    labels: dict[str, str]
    fields: dict[str, str]


class Predicate:
    """Both selectors of a request, over one kind."""

    def __init__(self, selection: Selection, labels: LabelSelector, fields: FieldSelector) -> None:
        self._selection = selection
        self._labels = labels
        self._fields = fields

    def __call__(self, kv: KeyValue) -> bool:
        """Whether that state is selected."""
        attributes = self._selection.attributes(kv)
        return self._labels.matches(attributes.labels) and self._fields.matches(attributes.fields)


class Selection:
    """The selectable attributes of one kind's stored states."""

    def __init__(self, strategy: Strategy) -> None:
        self._strategy = strategy
        self._known: OrderedDict[tuple[str, int], Attributes] = OrderedDict()

    def attributes(self, kv: KeyValue) -> Attributes:
        """Labels and fields of a state."""
        key = (kv.key, kv.mod_revision)
        known = self._known.get(key)
        if known is None:
            obj = self._strategy.load(kv.value)
            labels = labels_of(obj)
            known = Attributes(labels, self._strategy.selectable_fields(obj))
            self._known[key] = known
            if len(self._known) > _REMEMBERED:
                self._known.popitem(last=False)
        return known

    def predicate(self, options: ListOptions) -> Predicate | None:
        """What a request selects; None for everything. Raises 400 for fields it may not name."""
        if not options.labels and not options.fields:
            return None
        terms = []
        for path, value, equal in options.fields.terms:
            known = self._strategy.aliases.get(path, path)
            if not self._strategy.supports_field(known):
                raise bad_request(self._strategy.unsupported_field(path))
            terms.append((known, value, equal))
        return Predicate(self, options.labels, FieldSelector(tuple(terms)))
