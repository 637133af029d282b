"""Images on their way to the node."""

import pytest

from kubelearn.containers.images import Image, PullError
from kubelearn.embedded.kubelet.images import ImageManager, NotStarted


class Store:
    """Has what a test puts in."""

    def __init__(self):
        self.here = {}
        self.elsewhere = {}

    def find(self, reference):
        return self.here.get(str(reference))

    async def pull(self, reference):
        if str(reference) not in self.elsewhere:
            raise PullError("not found")
        return self.elsewhere[str(reference)]

    def list(self):
        return list(self.here.values())


class Recorder:
    def __init__(self):
        self.told = []

    def event(self, about, kind, reason, message, *, path=""):
        self.told.append((kind, reason, message))


@pytest.fixture
def store():
    made = Store()
    made.here["docker.io/library/app:1"] = Image("docker.io/library/app:1")
    made.elsewhere = {"docker.io/library/far:1": Image("docker.io/library/far:1", size_bytes=7)}
    return made


@pytest.fixture
def recorder():
    return Recorder()


@pytest.fixture
def ensure(store, recorder, clock):
    manager = ImageManager(store, recorder=recorder, clock=clock)

    async def call(image, policy="IfNotPresent"):
        pod = {"metadata": {"uid": "u1"}}
        return await manager.ensure(pod, {"image": image, "imagePullPolicy": policy}, "path")

    return call


async def refusal(ensure, *args):
    with pytest.raises(NotStarted) as error:
        await ensure(*args)
    return error.value


async def test_an_image_that_is_here_is_taken(ensure, recorder):
    assert (await ensure("app:1")).name == "docker.io/library/app:1"
    words = 'Container image "app:1" already present on machine and can be accessed by the pod'
    assert recorder.told == [("Normal", "Pulled", words)]


async def test_an_image_that_is_not_here_is_pulled(ensure, recorder):
    assert (await ensure("far:1")).name == "docker.io/library/far:1"
    assert [(reason, message) for _, reason, message in recorder.told] == [
        ("Pulling", 'Pulling image "far:1"'),
        (
            "Pulled",
            'Successfully pulled image "far:1" in 0ms (0ms including waiting). '
            "Image size: 7 bytes.",
        ),
    ]


async def test_always_means_to_pull_what_is_here_too(ensure, store, recorder):
    store.elsewhere |= store.here
    await ensure("app:1", "Always")
    assert recorder.told[0][1] == "Pulling"


async def test_never_means_that_it_has_to_be_here(ensure, recorder):
    refused = await refusal(ensure, "none:1", "Never")
    message = 'Container image "none:1" is not present with pull policy of Never'
    assert (refused.reason, refused.message) == ("ErrImageNeverPull", message)
    assert recorder.told == [("Warning", "ErrImageNeverPull", message)]


async def test_a_failed_pull_is_repeated_after_a_growing_pause(ensure, recorder, clock):
    first = await refusal(ensure, "none:1")
    assert (first.reason, first.message) == ("ErrImagePull", "not found")
    second = await refusal(ensure, "none:1")
    assert (second.reason, second.retry_after) == ("ImagePullBackOff", 10)
    assert second.message == 'Back-off pulling image "none:1": ErrImagePull: not found'
    await clock.advance(10)
    assert (await refusal(ensure, "none:1")).reason == "ErrImagePull"
    assert (await refusal(ensure, "none:1")).retry_after == 20
    assert {(reason, message) for _, reason, message in recorder.told} == {
        ("Pulling", 'Pulling image "none:1"'),
        ("Failed", 'Failed to pull image "none:1": not found'),
        ("BackOff", 'Back-off pulling image "none:1"'),
    }


async def test_an_invalid_name_is_told(ensure, recorder):
    refused = await refusal(ensure, "Not Valid")
    assert refused.reason == "InvalidImageName"
    assert recorder.told == [("Warning", "InspectFailed", refused.message)]
