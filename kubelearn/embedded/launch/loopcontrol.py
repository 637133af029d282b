"""What the control socket offers of the control loops.

GET  /controllers                          POST /controllers/NAME/{pause,resume}
POST /controllers/NAME/step    ?key=       GET  /decisions/NAMESPACE/POD
"""

from __future__ import annotations

from aiohttp import web

from kubelearn.embedded.launch.loops import Loops


def routes(loops: Loops) -> list[web.RouteDef]:
    """The handlers; errors are answered by the server that takes them."""

    async def describe(_: web.Request) -> web.Response:
        return web.json_response(loops.describe())

    async def switch(request: web.Request) -> web.Response:
        name, verb = request.match_info["name"], request.match_info["verb"]
        (loops.pause if verb == "pause" else loops.resume)(name)
        return web.json_response({})

    async def step(request: web.Request) -> web.Response:
        done = await loops.step(request.match_info["name"], request.query["key"])
        return web.json_response(done)

    async def decision(request: web.Request) -> web.Response:
        asked = request.match_info
        return web.json_response(loops.decision(asked["namespace"], asked["pod"]))

    return [
        web.get("/controllers", describe),
        web.post("/controllers/{name}/{verb:pause|resume}", switch),
        web.post("/controllers/{name}/step", step),
        web.get("/decisions/{namespace}/{pod}", decision),
    ]
