"""Endpoints as the older kind shows them: ports, and the addresses that have all of them.

Pure functions. Upstream: `addEndpointSubset` of the controller, and pkg/api/v1/endpoints `util.go`.
Left out: the order of subsets, which upstream takes from a hash.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence

import orjson

from kubelearn.embedded.controllers.endpointslice import slicing
from kubelearn.objects import Object, is_ready

# More addresses than this make an object that is too large for everybody who reads it.
MOST = 1000

# An address by its bytes and its pod, so that equal addresses of different pods stay apart.
_Key = tuple[str, str]


def subsets_of(service: Object, pods: Iterable[Object]) -> list[Object]:
    """The subsets of a Service, given the pods that it selects."""
    spec = service["spec"]
    found = []
    for pod in pods:
        if (address := _address(service, pod)) is None:
            continue
        ready = bool(spec.get("publishNotReadyAddresses")) or is_ready(pod)
        listed = "addresses" if ready else "notReadyAddresses"
        if spec.get("ports"):
            found += [{listed: [address], "ports": [port]} for port in _ports(service, pod)]
        else:
            found.append({listed: [address]})
    return repack(found)


def _address(service: Object, pod: Object) -> Object | None:
    """A pod's address; None for a pod that does not belong there."""
    [family, *_] = service["spec"].get("ipFamilies") or ["IPv4"]
    endpoint = slicing.endpoint(service, pod, family)
    leaving = bool(pod["metadata"].get("deletionTimestamp"))
    if endpoint is None or (leaving and not service["spec"].get("publishNotReadyAddresses")):
        return None
    kept = ("hostname", "nodeName", "targetRef")
    address = {"ip": endpoint["addresses"][0]}
    return address | {name: endpoint[name] for name in kept if name in endpoint}


def _ports(service: Object, pod: Object) -> Iterator[Object]:
    for port in slicing.ports_for(service, pod):
        # Unlike a slice, a subset leaves an empty name out.
        yield {name: value for name, value in port.items() if value != ""}


def repack(subsets: Iterable[Object]) -> list[Object]:
    """The same endpoints with each address and each set of ports named once."""
    addresses: dict[_Key, Object] = {}
    ready: defaultdict[bytes, dict[_Key, bool]] = defaultdict(dict)
    for subset in subsets:
        for port in subset.get("ports") or [None]:
            text = orjson.dumps(port, option=orjson.OPT_SORT_KEYS)
            for listed in ("addresses", "notReadyAddresses"):
                for address in subset.get(listed) or []:
                    key = (address["ip"], (address.get("targetRef") or {}).get("uid", ""))
                    addresses.setdefault(key, address)
                    # Not ready once is not ready.
                    ready[text][key] = ready[text].get(key, True) and listed == "addresses"
    together: defaultdict[tuple[tuple[_Key, bool], ...], list[bytes]] = defaultdict(list)
    for text in sorted(ready):
        together[tuple(sorted(ready[text].items()))].append(text)
    return [_subset(addresses, content, texts) for content, texts in together.items()]


def _subset(
    addresses: dict[_Key, Object], content: Iterable[tuple[_Key, bool]], ports: Iterable[bytes]
) -> Object:
    known = list(content)
    lists: Object = {
        "addresses": [addresses[key] for key, ready in known if ready],
        "notReadyAddresses": [addresses[key] for key, ready in known if not ready],
        "ports": [port for port in map(orjson.loads, ports) if port],
    }
    return {name: found for name, found in lists.items() if found}


def truncated(subsets: Sequence[Object]) -> list[Object]:
    """The same with at most a thousand addresses, ready ones first, of each subset its share."""
    count = {listed: _count(subsets, listed) for listed in ("addresses", "notReadyAddresses")}
    ready, total = count["addresses"], sum(count.values())
    if total <= MOST:
        return list(subsets)
    if ready > MOST:
        kept = _shares(subsets, "addresses", total=ready, most=MOST)
        return [_without(subset, "notReadyAddresses") for subset in kept]
    waiting = count["notReadyAddresses"]
    return _shares(subsets, "notReadyAddresses", total=waiting, most=MOST - ready)


def is_over_capacity(subsets: Iterable[Object]) -> bool:
    """Whether there are more addresses than may be named."""
    known = list(subsets)
    return _count(known, "addresses") + _count(known, "notReadyAddresses") > MOST


def _count(subsets: Iterable[Object], listed: str) -> int:
    return sum(len(subset.get(listed) or []) for subset in subsets)


def _shares(subsets: Iterable[Object], listed: str, *, total: int, most: int) -> list[Object]:
    """The subsets with a part of those addresses, in proportion, rounded up until all are given."""
    result, left = [], most
    for subset in subsets:
        addresses = subset.get(listed) or []
        share = min(math.ceil(len(addresses) / total * most), left)
        left -= min(share, len(addresses))
        kept = {**subset, listed: addresses[:share]}
        result.append(kept if kept[listed] else _without(kept, listed))
    return result


def _without(subset: Object, listed: str) -> Object:
    return {name: value for name, value in subset.items() if name != listed}
