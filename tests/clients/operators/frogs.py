"""An operator as one writes it with kopf: it feels each frog's pulse, and counts what happens."""

import kopf


@kopf.on.create("kopf.example.com", "v1", "frogs")
def create(spec, body, patch, **_):
    """A new frog is greeted; what is returned stands in its status."""
    kopf.event(body, type="Normal", reason="Hatched", message=f"a {spec['color']} frog")
    patch.status["conditions"] = [{"type": "Ready", "status": "True"}]
    return {"color": spec["color"]}


@kopf.on.update("kopf.example.com", "v1", "frogs")
def repaint(old, new, **_):
    """A frog that changes its colour."""
    return {"from": old["spec"]["color"], "to": new["spec"]["color"]}


@kopf.on.delete("kopf.example.com", "v1", "frogs")
def delete(name, logger, **_):
    """The last word on a frog; a finalizer keeps it until then."""
    logger.info("farewell, %s", name)


@kopf.timer("kopf.example.com", "v1", "frogs", interval=0.5)
def pulse(status, **_):
    """Beats twice a second."""
    return {"beats": (status.get("pulse") or {}).get("beats", 0) + 1}


@kopf.daemon("kopf.example.com", "v1", "frogs", cancellation_timeout=1)
async def croak(stopped, patch, **_):
    """Croaks once, and then waits for its end."""
    patch.status["croaked"] = True
    await stopped.wait(60)
