"""Rows of Services and what leads to pods."""

from __future__ import annotations

from datetime import datetime

from kubelearn.embedded.apiserver.printers.columns import Cells, age, labels, printer, some
from kubelearn.labelselector import format_selector
from kubelearn.objects import Object


@printer(
    "core.v1.Service",
    columns=("Name", "Type", "Cluster-IP", "External-IP", "Port(s)", "Age", "+Selector"),
)
def service(obj: Object, now: datetime) -> Cells:
    """A Service."""
    spec = obj["spec"]
    return [
        obj["metadata"]["name"],
        spec.get("type", ""),
        (spec.get("clusterIPs") or ["<none>"])[0],
        _external_ip(obj),
        ",".join(_port(port) for port in spec.get("ports") or []) or "<none>",
        age(obj, now),
        labels(spec.get("selector")),
    ]


def _external_ip(obj: Object) -> str:
    spec = obj["spec"]
    external = spec.get("externalIPs") or []
    match spec.get("type"):
        case "ClusterIP" | "NodePort":
            return ",".join(external) or "<none>"
        case "LoadBalancer":
            return ",".join([*_load_balancer(obj), *external]) or "<pending>"
        case "ExternalName":
            return str(spec.get("externalName", ""))
    return "<unknown>"


def _load_balancer(obj: Object) -> list[str]:
    ingress = obj["status"]["loadBalancer"].get("ingress") or []
    return sorted({each.get("ip") or each.get("hostname") or "" for each in ingress} - {""})


def _port(port: Object) -> str:
    node = f":{port['nodePort']}" if port.get("nodePort") else ""
    return f"{port['port']}{node}/{port.get('protocol', '')}"


@printer("core.v1.Endpoints", columns=("Name", "Endpoints", "Age"))
def endpoints(obj: Object, now: datetime) -> Cells:
    """Endpoints, the older form."""
    found = [
        f"[{ip}]:{port['port']}" if ":" in ip else f"{ip}:{port['port']}" if port else ip
        for subset in obj.get("subsets") or []
        for port in subset.get("ports") or [None]
        for ip in (address["ip"] for address in subset.get("addresses") or [])
    ]
    shown = some(found, 3) if obj.get("subsets") else "<none>"
    return [obj["metadata"]["name"], shown, age(obj, now)]


@printer("discovery.v1.EndpointSlice", columns=("Name", "AddressType", "Ports", "Endpoints", "Age"))
def endpoint_slice(obj: Object, now: datetime) -> Cells:
    """An EndpointSlice."""
    ports = [str(port.get("port", port.get("name", "*"))) for port in obj.get("ports") or []]
    addresses = [
        address
        for endpoint in obj.get("endpoints") or []
        for address in endpoint.get("addresses") or []
    ]
    return [
        obj["metadata"]["name"],
        obj["addressType"],
        some(ports, 3) or "<unset>",
        some(addresses, 3) or "<unset>",
        age(obj, now),
    ]


@printer("networking.v1.Ingress", columns=("Name", "Class", "Hosts", "Address", "Ports", "Age"))
def ingress(obj: Object, now: datetime) -> Cells:
    """An Ingress."""
    spec = obj["spec"]
    return [
        obj["metadata"]["name"],
        spec.get("ingressClassName", "<none>"),
        _hosts(spec.get("rules") or []),
        ",".join(_load_balancer(obj)),
        "80, 443" if spec.get("tls") else "80",
        age(obj, now),
    ]


def _hosts(rules: list[Object]) -> str:
    hosts: list[str] = []
    for rule in rules:
        # Counted are all the rules, those for every host too, as upstream counts them.
        if len(hosts) == 3:
            return f"{','.join(hosts)} + {len(rules) - 3} more..."
        if rule.get("host"):
            hosts.append(rule["host"])
    return ",".join(hosts) or "*"


@printer("networking.v1.IngressClass", columns=("Name", "Controller", "Parameters", "Age"))
def ingress_class(obj: Object, now: datetime) -> Cells:
    """An IngressClass."""
    spec = obj["spec"]
    parameters = "<none>"
    if found := spec.get("parameters"):
        group = f".{found['apiGroup']}" if "apiGroup" in found else ""
        parameters = f"{found['kind']}{group}/{found['name']}"
    default = "ingressclass.kubernetes.io/is-default-class"
    return [default_name(obj, default), spec.get("controller", ""), parameters, age(obj, now)]


def default_name(obj: Object, annotation: str) -> str:
    """The name, marked when this is the class taken by default."""
    meta = obj["metadata"]
    chosen = (meta.get("annotations") or {}).get(annotation) == "true"
    return f"{meta['name']} (default)" if chosen else str(meta["name"])


@printer("networking.v1.NetworkPolicy", columns=("Name", "Pod-Selector", "Age"))
def network_policy(obj: Object, now: datetime) -> Cells:
    """A NetworkPolicy."""
    selector = format_selector(obj["spec"].get("podSelector")) or "<none>"
    return [obj["metadata"]["name"], selector, age(obj, now)]


@printer("networking.v1.ServiceCIDR", columns=("Name", "CIDRs", "Age"))
def service_cidr(obj: Object, now: datetime) -> Cells:
    """A ServiceCIDR."""
    return [obj["metadata"]["name"], ",".join(obj["spec"].get("cidrs") or []), age(obj, now)]


@printer("networking.v1.IPAddress", columns=("Name", "ParentRef"))
def ip_address(obj: Object, _: datetime) -> Cells:
    """An IPAddress that a Service holds."""
    parent = obj["spec"].get("parentRef")
    shown = "<none>"
    if parent:
        resource = ".".join(filter(None, (parent.get("resource"), parent.get("group"))))
        shown = "/".join(filter(None, (resource, parent.get("namespace"), parent.get("name"))))
    return [obj["metadata"]["name"], shown]
