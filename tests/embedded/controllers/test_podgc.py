from __future__ import annotations

from kubelearn.embedded.controllers.podgc import PodGCController
from kubelearn.objects import NODES, PODS


async def test_pods_of_a_deleted_node_are_deleted_after_a_while(
    api, clock, start, make_node, make_pod
):
    node = await api.create(NODES, make_node())
    await api.create(PODS, make_pod("there", nodeName="worker"))
    await api.create(PODS, make_pod("nowhere"))
    async with start(PodGCController):
        await clock.advance(100)
        await api.remove(NODES, node)
        await clock.advance(39)
        assert len(api.objects(PODS)) == 2
        await clock.advance(2)
        assert [pod["metadata"]["name"] for pod in api.objects(PODS)] == ["nowhere"]


async def test_a_node_that_registers_again_keeps_its_pods(api, clock, start, make_node, make_pod):
    node = await api.create(NODES, make_node())
    await api.create(PODS, make_pod("there", nodeName="worker"))
    async with start(PodGCController):
        await api.remove(NODES, node)
        await clock.advance(20)
        await api.create(NODES, make_node())
        await clock.advance(100)
        assert len(api.objects(PODS)) == 1
