"""Variables that tell a container the addresses of services: `pkg/kubelet/envvars`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from kubelearn.objects import Object


def service_variables(services: Iterable[Object]) -> dict[str, str]:
    """The variables for these services; headless ones have no address to tell."""
    return {
        name: value
        for service in services
        if service["spec"].get("clusterIP") not in (None, "", "None")
        for name, value in _of_service(service)
    }


def _of_service(service: Object) -> Iterator[tuple[str, str]]:
    prefix, ip = _variable(service["metadata"]["name"]), service["spec"]["clusterIP"]
    ports = service["spec"].get("ports") or []
    if not ports:
        return
    yield f"{prefix}_SERVICE_HOST", ip
    yield f"{prefix}_SERVICE_PORT", str(ports[0]["port"])
    for port in ports:
        if port.get("name"):
            yield f"{prefix}_SERVICE_PORT_{_variable(port['name'])}", str(port["port"])
    # What Docker's links once set.
    yield f"{prefix}_PORT", _url(ip, ports[0])
    for port in ports:
        link = f"{prefix}_PORT_{port['port']}_{_protocol(port).upper()}"
        yield link, _url(ip, port)
        yield f"{link}_PROTO", _protocol(port)
        yield f"{link}_PORT", str(port["port"])
        yield f"{link}_ADDR", ip


def _variable(name: str) -> str:
    return name.upper().replace("-", "_").replace(".", "_")


def _protocol(port: Object) -> str:
    return str(port.get("protocol") or "TCP").lower()


def _url(ip: str, port: Object) -> str:
    return f"{_protocol(port)}://{ip}:{port['port']}"
