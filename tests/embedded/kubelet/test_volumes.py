"""Volumes as folders."""

import base64

import pytest

from kubelearn.embedded.kubelet.configdata import ConfigError
from kubelearn.embedded.kubelet.volumes import MountError, PodVolumes, Volumes
from kubelearn.objects import (
    CONFIG_MAPS,
    PERSISTENT_VOLUME_CLAIMS,
    PERSISTENT_VOLUMES,
    SECRETS,
    SERVICE_ACCOUNTS,
)


@pytest.fixture
def volumes(api, clock, tmp_path, in_memory):
    return Volumes(
        api,
        folder=tmp_path / "kubelet",
        runtime=in_memory,
        clock=clock,
        allocatable={"cpu": "4"},
    )


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


@pytest.fixture
async def disk(api, make_claim, make_volume):
    """A claim `data` and the volume `disk`, bound to each other."""

    async def bind(claim=None, volume=None):
        bound = make_claim(phase="Bound", meta={"namespace": "shop"}, volumeName="disk")
        ref = {"namespace": "shop", "name": "data", "uid": "uid-of-data"}
        await api.create(PERSISTENT_VOLUME_CLAIMS, {**bound, **(claim or {})})
        await api.create(PERSISTENT_VOLUMES, make_volume(**{"claimRef": ref, **(volume or {})}))

    return bind


CLAIM = {"persistentVolumeClaim": {"claimName": "data"}}
UNMOUNTED = (
    "Unable to attach or mount volumes: unmounted volumes=[v], unattached volumes=[], failed to "
    "process volumes=[v]: error processing PVC shop/data: "
)


async def test_a_claim_leads_to_its_volumes_folder(mounted, disk, tmp_path):
    await disk(volume={"hostPath": {"path": "/srv/a", "type": "DirectoryOrCreate"}})
    folder = await mounted(CLAIM, {"subPath": "deep"})
    assert folder == tmp_path / "kubelet/disk/srv/a/deep"
    assert folder.is_dir()


async def test_data_of_a_claim_outlive_the_pod(volumes, mounted, disk):
    await disk()
    folder = await mounted(CLAIM)
    (folder / "x").write_text("kept")
    pod = {"metadata": {"uid": "u1"}}
    await volumes.tear_down(pod)
    await volumes.forget(pod)
    assert (await mounted(CLAIM) / "x").read_text() == "kept"


@pytest.mark.parametrize(
    ("claim", "volume", "problem"),
    [
        ({"status": {"phase": "Pending"}}, {}, "PVC is not bound"),
        (
            {},
            {"claimRef": None},
            "found PV object disk but it has a nil pv.Spec.ClaimRef indicating it is not yet bound "
            "to the claim",
        ),
        (
            {},
            {"claimRef": {"uid": "another"}},
            "found PV object disk but its pv.Spec.ClaimRef.UID another does not point to claim.UID "
            "uid-of-data",
        ),
    ],
    ids=("unbound", "free", "taken"),
)
async def test_a_claim_has_to_be_bound_both_ways(mounted, disk, claim, volume, problem):
    await disk(claim, volume)
    with pytest.raises(MountError) as failed:
        await mounted(CLAIM)
    assert failed.value.message == UNMOUNTED + problem


async def test_a_claim_that_is_missing_is_told(mounted):
    with pytest.raises(MountError) as failed:
        await mounted(CLAIM)
    problem = "failed to fetch PVC from API server: data not found"
    assert failed.value.message == UNMOUNTED + problem


async def test_a_volume_of_another_node_is_not_mounted(
    api, clock, tmp_path, disk, make_node, in_memory
):
    key = {"key": "kubernetes.io/hostname", "operator": "In", "values": ["elsewhere"]}
    terms = [{"matchExpressions": [key]}]
    await disk(volume={"nodeAffinity": {"required": {"nodeSelectorTerms": terms}}})
    volumes = Volumes(
        api, folder=tmp_path, runtime=in_memory, clock=clock, allocatable={}, node=make_node
    )
    meta = {"name": "p", "namespace": "shop", "uid": "u1"}
    with pytest.raises(MountError) as failed:
        await volumes.set_up({"metadata": meta, "spec": {"volumes": [{"name": "v", **CLAIM}]}})
    assert failed.value.message == (
        'MountVolume.NodeAffinity check failed for volume "disk" : no matching NodeSelectorTerms'
    )


async def test_a_local_volume_is_not_made_up(mounted, disk):
    await disk(volume={"hostPath": None, "local": {"path": "/mnt/disk"}})
    with pytest.raises(MountError) as failed:
        await mounted(CLAIM)
    assert failed.value.message == (
        'MountVolume.NewMounter initialization failed for volume "disk" : '
        'path "/mnt/disk" does not exist'
    )


@pytest.mark.parametrize(
    ("kind", "words"),
    [("Directory", "a directory"), ("File", "a file"), ("Socket", "a socket file")],
)
async def test_a_host_path_has_to_be_what_it_says(mounted, kind, words):
    with pytest.raises(MountError) as failed:
        await mounted({"hostPath": {"path": "/srv/x", "type": kind}})
    assert failed.value.message == (
        'MountVolume.SetUp failed for volume "v" : hostPath type check failed: '
        f"/srv/x is not {words}"
    )
