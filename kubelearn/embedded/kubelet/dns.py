"""How a pod's programs find names: `pkg/kubelet/network/dns`.

The machine's own `resolv.conf` is where everything starts from, as on a real node. Left out: the
`--resolv-conf` flag, and checking the machine's file against the limits at the start.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

from kubelearn.containers.runtime import DnsConfig
from kubelearn.embedded.events import EventRecorder
from kubelearn.embedded.kubelet.names import pod_text
from kubelearn.objects import Object

DOMAIN = "cluster.local"
_OPTIONS = ("ndots:5",)
_MOST_SERVERS, _MOST_SEARCHES, _LONGEST_SEARCHES, _LONGEST_SEARCH = 3, 32, 2048, 253


class DnsConfigurer:
    """Says what a pod's `resolv.conf` holds; `cluster_dns` is the address of the cluster's DNS."""

    def __init__(
        self,
        recorder: EventRecorder,
        *,
        cluster_dns: str,
        resolv_conf: Path = Path("/etc/resolv.conf"),
    ) -> None:
        self._recorder = recorder
        self._cluster_dns = cluster_dns
        self._resolv_conf = resolv_conf

    def for_pod(self, pod: Object) -> DnsConfig:
        """What the pod asks for, cut down to what resolvers take; tells if it was cut."""
        base = self._base(pod)
        own = pod["spec"].get("dnsConfig") or {}
        servers = [*base.servers, *(own.get("nameservers") or [])]
        searches = [*base.searches, *(own.get("searches") or [])]
        return DnsConfig(
            servers=self._fitting_servers(pod, _once(servers)),
            searches=self._fitting_searches(pod, _once(searches)),
            options=_merged(base.options, own.get("options") or []),
        )

    def _base(self, pod: Object) -> DnsConfig:
        spec = pod["spec"]
        policy = spec.get("dnsPolicy") or "ClusterFirst"
        if policy == "None":
            return DnsConfig()
        machine = parse(self._text())
        if policy == "Default" or (policy == "ClusterFirst" and spec.get("hostNetwork")):
            return machine
        if not self._cluster_dns:
            self._tell_missing(pod, policy)
            return machine
        namespace = pod["metadata"]["namespace"]
        cluster = [f"{namespace}.svc.{DOMAIN}", f"svc.{DOMAIN}", DOMAIN]
        return DnsConfig([self._cluster_dns], _once([*cluster, *machine.searches]), _OPTIONS)

    def _text(self) -> str:
        try:
            return self._resolv_conf.read_text(errors="replace")
        except OSError:
            return ""

    def _tell_missing(self, pod: Object, policy: str) -> None:
        words = (
            f'pod: "{pod_text(pod)}". kubelet does not have ClusterDNS IP configured and cannot '
            f'create Pod using "{policy}" policy. Falling back to "Default" policy.'
        )
        self._recorder.event(pod, "Warning", "MissingClusterDNS", words)

    def _fitting_servers(self, pod: Object, servers: Sequence[str]) -> Sequence[str]:
        if len(servers) <= _MOST_SERVERS:
            return servers
        kept = servers[:_MOST_SERVERS]
        words = (
            "Nameserver limits were exceeded, some nameservers have been omitted, the applied "
            f"nameserver line is: {' '.join(kept)}"
        )
        self._recorder.event(pod, "Warning", "DNSConfigForming", words)
        return kept

    def _fitting_searches(self, pod: Object, searches: Sequence[str]) -> Sequence[str]:
        kept = [each for each in searches[:_MOST_SEARCHES] if len(each) <= _LONGEST_SEARCH]
        while len(" ".join(kept)) > _LONGEST_SEARCHES:
            kept.pop()
        if len(kept) < len(searches):
            words = (
                "Search Line limits were exceeded, some search paths have been omitted, the "
                f"applied search line is: {' '.join(kept)}"
            )
            self._recorder.event(pod, "Warning", "DNSConfigForming", words)
        return kept


def parse(text: str) -> DnsConfig:
    """A `resolv.conf`; of several lines the servers add up, and the last search path counts."""
    servers: list[str] = []
    searches: list[str] = []
    options: dict[str, str] = {}
    for line in text.splitlines():
        word, *rest = line.split() or [""]
        if word == "nameserver":
            servers += rest[:1]
        elif word == "search":
            searches = [each.removesuffix(".") for each in rest if each != "."]
        elif word == "options":
            options |= {option.partition(":")[0]: option for option in rest}
    return DnsConfig(servers, searches, list(options.values()))


def _once(words: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(words))


def _merged(options: Iterable[str], own: Iterable[Object]) -> list[str]:
    found = {name: value for name, _, value in (option.partition(":") for option in options)}
    found |= {option["name"]: option.get("value") or "" for option in own}
    return [f"{name}:{value}" if value else name for name, value in found.items()]
