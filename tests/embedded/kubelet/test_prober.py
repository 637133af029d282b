"""Probes over time."""

import pytest

from kubelearn.embedded.kubelet.handlers import Outcome
from kubelearn.embedded.kubelet.prober import ContainerProbes, PodProbes


class Probed:
    """A container whose probes succeed when the test says so."""

    def __init__(self, clock, **probes):
        self.clock = clock
        self.good = True
        self.asked = []
        self.failures = []
        self.changes = 0
        self.probes = ContainerProbes(
            {"name": "app", **probes},
            run=self._run,
            on_change=self._change,
            on_failure=lambda kind, message: self.failures.append((kind, message)),
            clock=clock,
        )

    async def _run(self, probe):
        self.asked.append((probe["kind"], self.clock.monotonic()))
        return Outcome(self.good, "" if self.good else "refused")

    def _change(self):
        self.changes += 1

    @property
    def verdict(self):
        found = self.probes.verdict
        return found.started, found.ready, found.failed


@pytest.fixture
async def probed(clock):
    made = []

    def make(**probes):
        named = {f"{kind}Probe": {"kind": kind, **probe} for kind, probe in probes.items()}
        made.append(Probed(clock, **named))
        return made[-1]

    yield make
    for each in made:
        each.probes.stop()


async def test_without_probes_a_running_container_is_started_and_ready(probed):
    assert probed().verdict == (True, True, "")


async def test_a_container_is_ready_soon_after_it_is(probed, clock):
    app = probed(readiness={"periodSeconds": 10})
    app.good = False
    await clock.advance(1)
    assert (app.verdict, app.failures) == ((True, False, ""), [])
    app.good = True
    await clock.advance(1.5)
    assert (app.verdict, app.changes) == ((True, True, ""), 1)


async def test_failures_are_told_from_the_first_period_on(probed, clock):
    app = probed(readiness={"periodSeconds": 10})
    app.good = False
    await clock.advance(9.9)
    assert app.failures == []
    await clock.advance(10.2)
    assert app.failures == [("readiness", "refused")] * 2


async def test_readiness_goes_after_three_failures_and_comes_back_after_a_success(probed, clock):
    app = probed(readiness={"periodSeconds": 10})
    await clock.advance(10)
    app.good = False
    await clock.advance(20)
    assert app.verdict == (True, True, "")
    await clock.advance(10)
    assert app.verdict == (True, False, "")
    app.good = True
    await clock.advance(10)
    assert (app.verdict, app.changes) == ((True, True, ""), 3)


async def test_the_thresholds_are_counted_in_a_row(probed, clock):
    app = probed(readiness={"periodSeconds": 1, "failureThreshold": 2, "successThreshold": 2})
    await clock.advance(1)
    assert app.verdict == (True, False, "")
    await clock.advance(1)
    assert app.verdict == (True, True, "")
    for good in (False, True, False):
        app.good = good
        await clock.advance(1)
    assert app.verdict == (True, True, "")


async def test_nothing_is_asked_before_the_initial_delay(probed, clock):
    app = probed(
        readiness={"periodSeconds": 1, "initialDelaySeconds": 5},
        liveness={"periodSeconds": 2, "initialDelaySeconds": 5},
    )
    await clock.advance(4.9)
    assert app.asked == []
    await clock.advance(1.2)
    assert [moment for kind, moment in app.asked if kind == "liveness"] == [6]


async def test_a_container_that_fails_its_liveness_probe_has_to_be_restarted(probed, clock):
    app = probed(liveness={"periodSeconds": 10})
    app.good = False
    await clock.advance(29)
    assert app.verdict == (True, True, "")
    await clock.advance(1)
    assert (app.verdict, app.changes) == ((True, True, "liveness"), 1)
    await clock.advance(100)
    assert len(app.failures) == 3  # nothing more is asked of it


async def test_other_probes_wait_until_the_container_has_started(probed, clock):
    app = probed(
        startup={"periodSeconds": 10, "failureThreshold": 30},
        liveness={"periodSeconds": 1},
        readiness={"periodSeconds": 1},
    )
    app.good = False
    await clock.advance(100)
    assert {kind for kind, _ in app.asked} == {"startup"}
    assert app.verdict == (False, False, "")
    app.good = True
    await clock.advance(11)
    assert app.verdict == (True, True, "")
    app.asked.clear()
    await clock.advance(5)
    assert {kind for kind, _ in app.asked} == {"liveness", "readiness"}


async def test_a_container_that_never_starts_has_to_be_restarted(probed, clock):
    app = probed(startup={"periodSeconds": 1, "failureThreshold": 5})
    app.good = False
    await clock.advance(5)
    assert app.verdict == (False, True, "startup")


async def test_stopping_some_probes_leaves_the_others(probed, clock):
    app = probed(liveness={"periodSeconds": 1}, readiness={"periodSeconds": 1})
    await clock.advance(1)
    app.probes.stop("startup", "liveness")
    app.asked.clear()
    await clock.advance(2)
    assert [kind for kind, _ in app.asked] == ["readiness", "readiness"]


async def test_a_pod_probes_what_runs(probed, run_of):
    made = []

    def make(run):
        made.append(run.id)
        return probed().probes

    probes = PodProbes(make)
    assert not probes.verdict("app").started
    probes.match([run_of()])
    probes.match([run_of()])
    assert (made, probes.verdict("app").ready) == (["app-0"], True)
    probes.match([])
    assert not probes.verdict("app").ready
    probes.match([run_of(attempt=1)])
    probes.match([run_of(attempt=2)])
    assert made == ["app-0", "app-1", "app-2"]
