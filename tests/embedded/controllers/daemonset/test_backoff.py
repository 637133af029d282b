from kubelearn.embedded.controllers.daemonset.backoff import FailedPodsBackoff


async def test_each_failure_in_a_place_has_to_wait_longer(clock) -> None:
    backoff = FailedPodsBackoff(clock)
    waits = []
    for _ in range(4):
        waits.append(backoff.left("n1"))
        await clock.advance(backoff.left("n1"))
        backoff.next("n1")
    assert waits == [0, 1, 2, 4]
    assert backoff.left("n2") == 0


async def test_old_failures_are_forgotten(clock) -> None:
    backoff = FailedPodsBackoff(clock)
    for _ in range(12):
        backoff.next("n1")
    assert backoff.left("n1") == 900
    await clock.advance(1801)
    backoff.next("n1")
    assert backoff.left("n1") == 1
