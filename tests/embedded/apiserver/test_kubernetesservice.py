"""What the API server keeps of itself, and of Services' addresses."""

import asyncio

from kubelearn.embedded.apiserver.kubernetesservice import KubernetesService

SERVICES = "/api/v1/namespaces/default/services"
ENDPOINTS = "/api/v1/namespaces/default/endpoints"
SLICES = "/apis/discovery.k8s.io/v1/namespaces/default/endpointslices"
ADDRESSES = "/apis/networking.k8s.io/v1/ipaddresses"
RANGES = "/apis/networking.k8s.io/v1/servicecidrs"


async def until(question):
    async with asyncio.timeout(20):
        while not (answer := await question()):
            await asyncio.sleep(0)
    return answer


async def test_the_server_says_where_it_listens_in_both_forms(api):
    port = api.server.port
    endpoints = (await api.get(f"{ENDPOINTS}/kubernetes")).body
    assert endpoints["subsets"] == [
        {
            "addresses": [{"ip": "127.0.0.1"}],
            "ports": [{"name": "https", "port": port, "protocol": "TCP"}],
        }
    ]
    assert endpoints["metadata"]["labels"] == {"endpointslice.kubernetes.io/skip-mirror": "true"}
    piece = (await api.get(f"{SLICES}/kubernetes")).body
    assert piece["endpoints"][0]["addresses"] == ["127.0.0.1"]
    assert piece["ports"][0]["port"] == port


async def test_what_is_deleted_or_changed_comes_back(api):
    await api.delete(f"{SERVICES}/kubernetes")
    await api.delete(f"{ENDPOINTS}/kubernetes")
    await api.patch(f"{SLICES}/kubernetes", {"endpoints": []})
    keeper = KubernetesService(api.server.registries, address="127.0.0.1", port=api.server.port)
    await keeper.ensure()
    assert (await api.get(f"{SERVICES}/kubernetes")).body["spec"]["clusterIP"] == "127.64.128.1"
    assert (await api.get(f"{ENDPOINTS}/kubernetes")).status == 200
    assert len((await api.get(f"{SLICES}/kubernetes")).body["endpoints"]) == 1


async def test_looking_again_writes_nothing_when_nothing_has_changed(api):
    keeper = KubernetesService(api.server.registries, address="127.0.0.1", port=api.server.port)
    paths = (f"{SERVICES}/kubernetes", f"{ENDPOINTS}/kubernetes", f"{SLICES}/kubernetes")
    before = [(await api.get(path)).body["metadata"]["resourceVersion"] for path in paths]
    await keeper.ensure()
    after = [(await api.get(path)).body["metadata"]["resourceVersion"] for path in paths]
    assert after == before


async def test_the_range_of_services_is_an_object(api):
    found = (await api.get(f"{RANGES}/kubernetes")).body
    assert found["spec"] == {"cidrs": ["127.64.128.0/17"]}
    [ready] = found["status"]["conditions"]
    assert (ready["type"], ready["status"]) == ("Ready", "True")
    assert ready["message"] == "Kubernetes default Service CIDR is ready"


async def test_each_address_of_a_service_is_an_object_that_goes_with_it(api):
    body = {"metadata": {"name": "web"}, "spec": {"ports": [{"port": 80}]}}
    ip = (await api.post(SERVICES, body)).body["spec"]["clusterIP"]

    async def found():
        answer = await api.get(f"{ADDRESSES}/{ip}")
        return answer.body if answer.status == 200 else None

    address = await until(found)
    parent = {"resource": "services", "namespace": "default", "name": "web"}
    assert address["spec"] == {"parentRef": parent}
    assert address["metadata"]["labels"] == {
        "ipaddress.kubernetes.io/ip-family": "IPv4",
        "ipaddress.kubernetes.io/managed-by": "ipallocator.k8s.io",
    }
    await api.delete(f"{SERVICES}/web")

    async def gone():
        return await found() is None

    await until(gone)


async def test_addresses_are_put_right_at_the_start(api):
    path = f"{ADDRESSES}/127.64.128.1"

    async def there():
        return (await api.get(path)).status == 200

    await until(there)
    await api.delete(path)
    await api.server.stop()
    await api.server.start()
    await until(there)
