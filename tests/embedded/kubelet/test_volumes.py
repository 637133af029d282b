"""Volumes as folders."""

import base64

import pytest

from kubelearn.embedded.kubelet.configdata import ConfigError
from kubelearn.embedded.kubelet.volumes import MountError, PodVolumes, Volumes
from kubelearn.objects import CONFIG_MAPS, SECRETS, SERVICE_ACCOUNTS


@pytest.fixture
def volumes(api, clock, tmp_path):
    return Volumes(api, folder=tmp_path / "kubelet", clock=clock, allocatable={"cpu": "4"})


@pytest.fixture
def mounted(volumes):
    """Set up one volume; gives where a container sees it."""

    async def call(volume, mount=None, **meta):
        pod = {
            "metadata": {"name": "p", "namespace": "shop", "uid": "u1", **meta},
            "spec": {"volumes": [{"name": "v", **volume}], "containers": []},
            "status": {"podIP": "127.64.2.9"},
        }
        await volumes.set_up(pod)
        container = {"volumeMounts": [{"name": "v", "mountPath": "/data", **(mount or {})}]}
        [made] = volumes.mounts(pod, container, {"NAME": "sub"})
        assert made.container_path == "/data"
        return made.host_path

    return call


@pytest.fixture
async def settings(api):
    data = {"a.txt": "alpha", "b.txt": "beta"}
    meta = {"name": "conf", "namespace": "shop"}
    await api.create(CONFIG_MAPS, {"metadata": dict(meta), "data": data})
    secret = {"pass": base64.b64encode(b"word").decode()}
    await api.create(SECRETS, {"metadata": {**meta, "name": "keys"}, "data": secret})


async def test_an_empty_dir_is_empty_and_goes_with_the_pod(volumes, mounted):
    folder = await mounted({"emptyDir": {}})
    assert list(folder.iterdir()) == []
    await volumes.tear_down({"metadata": {"uid": "u1"}})
    assert not folder.exists()


@pytest.mark.usefixtures("settings")
async def test_a_config_map_is_a_file_a_key(mounted):
    folder = await mounted({"configMap": {"name": "conf"}})
    assert (folder / "a.txt").read_text() == "alpha"
    assert (folder / "b.txt").read_text() == "beta"


@pytest.mark.usefixtures("settings")
async def test_items_choose_keys_paths_and_modes(mounted):
    items = [{"key": "a.txt", "path": "deep/a", "mode": 0o600}, {"key": "b.txt", "path": "b"}]
    folder = await mounted({"configMap": {"name": "conf", "items": items, "defaultMode": 0o400}})
    assert (folder / "deep/a").read_text() == "alpha"
    assert (folder / "deep/a").stat().st_mode & 0o777 == 0o600
    assert (folder / "b").stat().st_mode & 0o777 == 0o400


@pytest.mark.usefixtures("settings")
async def test_a_secret_is_decoded(mounted):
    folder = await mounted({"secret": {"secretName": "keys"}})
    assert (folder / "pass").read_bytes() == b"word"


async def test_labels_and_addresses_are_files(mounted):
    fields = {"labels": "metadata.labels", "ip": "status.podIP"}
    items = [{"path": name, "fieldRef": {"fieldPath": path}} for name, path in fields.items()]
    folder = await mounted({"downwardAPI": {"items": items}}, labels={"app": "web"})
    assert (folder / "labels").read_text() == 'app="web"'
    assert (folder / "ip").read_text() == "127.64.2.9"


@pytest.mark.usefixtures("settings")
async def test_a_projected_volume_joins_its_sources(mounted, api, clock, monkeypatch):
    asked = []

    async def create(resource, body, namespace=None, *, name=None, sub=""):
        asked.append((resource, namespace, name, sub, body["spec"]["boundObjectRef"]["uid"]))
        return {"status": {"token": "t0k3n", "expirationTimestamp": "2026-01-01T13:00:00Z"}}

    monkeypatch.setattr(api, "create", create)
    sources = [
        {"serviceAccountToken": {"path": "token", "expirationSeconds": 3607}},
        {"configMap": {"name": "conf", "items": [{"key": "a.txt", "path": "ca.crt"}]}},
        {
            "downwardAPI": {
                "items": [{"path": "ns", "fieldRef": {"fieldPath": "metadata.namespace"}}]
            }
        },
        {"secret": {"name": "keys"}},
    ]
    volume = {"projected": {"sources": sources, "defaultMode": 0o440}}
    folder = await mounted(volume)
    texts = {name: (folder / name).read_text() for name in ("token", "ca.crt", "ns", "pass")}
    assert texts == {"token": "t0k3n", "ca.crt": "alpha", "ns": "shop", "pass": "word"}
    assert (folder / "token").stat().st_mode & 0o777 == 0o440
    assert asked == [(SERVICE_ACCOUNTS, "shop", "default", "token", "u1")]
    await mounted(volume)
    assert len(asked) == 1  # the token is good for a while
    await clock.advance(0.8 * 3600)
    await mounted(volume)
    assert len(asked) == 2


async def test_each_node_has_a_disk_of_its_own(mounted, tmp_path):
    folder = await mounted({"hostPath": {"path": "/var/data"}})
    assert folder == tmp_path / "kubelet/disk/var/data"
    assert folder.is_dir()
    file = await mounted({"hostPath": {"path": "/etc/app.conf", "type": "FileOrCreate"}})
    assert file.is_file()


async def test_a_host_path_of_the_wrong_type_is_refused(mounted):
    with pytest.raises(MountError, match="hostPath type check failed: /var/no is not a directory"):
        await mounted({"hostPath": {"path": "/var/no", "type": "Directory"}})


@pytest.mark.usefixtures("settings")
async def test_a_part_of_a_volume_can_be_mounted(mounted):
    file = await mounted({"configMap": {"name": "conf"}}, {"subPath": "a.txt"})
    assert file.read_text() == "alpha"
    folder = await mounted({"emptyDir": {}}, {"subPathExpr": "of-$(NAME)"})
    assert (folder.name, folder.is_dir()) == ("of-sub", True)


async def test_a_part_must_lie_inside_the_volume(mounted):
    with pytest.raises(ConfigError, match="must stay inside the volume"):
        await mounted({"emptyDir": {}}, {"subPath": "../other"})


@pytest.mark.parametrize(
    ("volume", "reason"),
    [
        ({"secret": {"secretName": "absent"}}, 'secret "absent" not found'),
        ({"configMap": {"name": "absent"}}, 'configmap "absent" not found'),
        ({"nfs": {"server": "x"}}, "volumes of kind nfs are not available on this cluster"),
    ],
)
async def test_what_is_missing_is_told_in_upstreams_words(mounted, volume, reason):
    with pytest.raises(MountError) as error:
        await mounted(volume)
    assert error.value.message == f'MountVolume.SetUp failed for volume "v" : {reason}'


async def test_an_optional_source_may_be_missing(mounted):
    folder = await mounted({"secret": {"secretName": "absent", "optional": True}})
    assert [path.name for path in folder.iterdir() if not path.name.startswith("..")] == []


# --- when ------------------------------------------------------------------------------------


class Recorder:
    def __init__(self):
        self.told = []

    def event(self, about, kind, reason, message, *, path=""):
        self.told.append((reason, message))


@pytest.fixture
def pod():
    return {
        "metadata": {"name": "p", "namespace": "shop", "uid": "u1"},
        "spec": {"volumes": [{"name": "v", "configMap": {"name": "conf"}}]},
        "status": {},
    }


async def test_a_missing_source_is_asked_for_again_and_again(volumes, clock, pod, api):
    recorder = Recorder()
    when = PodVolumes(volumes, recorder=recorder, clock=clock)
    waits = []
    for _ in range(4):
        waits.append(await when.ensure(pod))
        await clock.advance(waits[-1])
    assert waits == [0.5, 1, 2, 4]
    assert not when.made
    assert {reason for reason, _ in recorder.told} == {"FailedMount"}


@pytest.mark.usefixtures("settings")
async def test_files_are_brought_up_to_date_every_minute(volumes, clock, pod, api):
    when = PodVolumes(volumes, recorder=Recorder(), clock=clock)
    assert await when.ensure(pod) == 60
    api.requests.clear()
    await clock.advance(20)
    assert await when.ensure(pod) == 40
    assert api.requests == []
    await clock.advance(40)
    assert await when.ensure(pod) == 60
    assert api.requests == ["get configmaps conf"]


async def test_volumes_of_the_nodes_own_are_made_once(volumes, clock, pod):
    pod["spec"]["volumes"] = [{"name": "v", "emptyDir": {}}]
    when = PodVolumes(volumes, recorder=Recorder(), clock=clock)
    assert await when.ensure(pod) is None
    assert when.made
