"""What keeps pods from running, and how they are told."""

from kubelearn.objects import CONFIG_MAPS


async def test_an_image_that_cannot_be_pulled_is_waited_for(machine, pod_of, clock):
    await machine.run(pod_of(container={"image": "no-such:1"}))
    status = await machine.waits_for("ErrImagePull")
    assert (
        'failed to resolve reference "docker.io/library/no-such:1"'
        in (status["state"]["waiting"]["message"])
    )
    await clock.advance(1)
    status = await machine.waits_for("ImagePullBackOff")
    assert status["state"]["waiting"]["message"].startswith('Back-off pulling image "no-such:1": ')
    assert machine.status()["phase"] == "Pending"
    assert [message for reason, message in await machine.events() if reason == "Failed"][1:] == [
        "Error: ErrImagePull", "Error: ImagePullBackOff",
    ]  # fmt: skip


async def test_a_missing_config_map_is_waited_for(machine, pod_of, clock, api):
    await machine.run(pod_of(container={"envFrom": [{"configMapRef": {"name": "settings"}}]}))
    status = await machine.waits_for("CreateContainerConfigError")
    assert status["state"]["waiting"]["message"] == 'configmap "settings" not found'
    assert ("Failed", 'Error: configmap "settings" not found') in await machine.events()
    await api.create(CONFIG_MAPS, {"metadata": {"name": "settings", "namespace": "default"}})
    await clock.advance(10)
    await machine.runs()


async def test_a_missing_volume_is_waited_for(machine, pod_of, clock, api):
    volume = {"name": "conf", "configMap": {"name": "settings"}}
    await machine.run(pod_of(volumes=[volume]))
    await machine.waits_for("ContainerCreating")
    words = 'MountVolume.SetUp failed for volume "conf" : configmap "settings" not found'
    assert await machine.told("FailedMount") == words
    assert "podIP" not in machine.status()
    await api.create(CONFIG_MAPS, {"metadata": {"name": "settings", "namespace": "default"}})
    await clock.advance(1)
    await machine.runs()


async def test_a_pod_that_must_not_be_root_is_kept_from_it(machine, pod_of):
    security = {"runAsNonRoot": True}
    pod = pod_of(container={"image": "pause"}, securityContext=security)
    await machine.run(pod)
    status = await machine.waits_for("CreateContainerConfigError")
    assert status["state"]["waiting"]["message"] == (
        "container has runAsNonRoot and image will run as root "
        '(pod: "p_default(uid-of-p)", container: app)'
    )


async def test_a_pod_that_does_not_fit_is_refused(machine, pod_of):
    await machine.run(pod_of(container={"resources": {"requests": {"cpu": "1000"}}}))
    status = await machine.phase("Failed")
    assert status["reason"] == "OutOfcpu"
    assert status["message"].startswith("Pod was rejected: Node didn't have enough resource: cpu")
    assert "OutOfcpu" in dict(await machine.events())
