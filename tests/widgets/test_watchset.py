"""One watch for all widgets of a cluster, as long as somebody looks."""

from __future__ import annotations

import gc
import threading

import pytest

from kubelearn.objects import NODES, PODS
from kubelearn.widgets import watchset as module
from kubelearn.widgets.watchset import CONNECTING, WatchSet, watches_of


class Subscriber:
    def __init__(self):
        self.objects = {}
        self.connection = [CONNECTING]
        self.changed = threading.Condition()

    def on_object(self, _resource, name, obj):
        with self.changed:
            self.objects[name] = obj
            self.changed.notify_all()

    def on_connection(self, reason):
        with self.changed:
            self.connection.append(reason)
            self.changed.notify_all()

    def wait_for(self, condition):
        with self.changed:
            assert self.changed.wait_for(lambda: condition(self), timeout=10)


@pytest.fixture
def reflectors(monkeypatch):
    """Reflectors that do nothing; the test speaks for them."""
    made = []

    class Silent:
        def __init__(self, _api, resource, namespace, *, sink, lock):
            self.collection, self.sink, self.lock = (resource, namespace), sink, lock
            self.objects, self.state = {}, "new"
            made.append(self)

        def start(self):
            self.state = "started"

        def stop(self):
            self.state = "stopped"

    monkeypatch.setattr(module, "Reflector", Silent)
    return made


def test_two_widgets_share_one_watch_and_the_last_one_ends_it(reflectors):
    watches = WatchSet(None)
    first = watches.subscribe([(PODS, None), (NODES, None)], Subscriber())
    second = watches.subscribe([(PODS, None)], Subscriber())
    assert watches.open_watches == ["nodes", "pods"]
    assert len(reflectors) == 2
    first.close()
    assert watches.open_watches == ["pods"]
    second.close()
    second.close()
    assert watches.open_watches == []
    assert [each.state for each in reflectors] == ["stopped", "stopped"]


def test_a_later_widget_is_told_all_there_is(reflectors):
    watches = WatchSet(None)
    watches.subscribe([(PODS, None)], Subscriber())
    reflectors[0].objects = {"demo/a": {"metadata": {}}}
    reflectors[0].sink.on_state(None)
    late = Subscriber()
    subscription = watches.subscribe([(PODS, None)], late)
    assert list(late.objects) == ["demo/a"]
    assert late.connection[-1] is None
    assert subscription.wait(0)


def test_a_picture_is_up_to_date_only_when_all_its_collections_are(reflectors):
    subscriber = Subscriber()
    subscription = WatchSet(None).subscribe([(PODS, None), (NODES, None)], subscriber)
    reflectors[0].sink.on_state(None)
    assert subscriber.connection == [CONNECTING]
    assert not subscription.wait(0)
    reflectors[1].sink.on_state(None)
    reflectors[0].sink.on_state("refused")
    reflectors[0].sink.on_state("refused")
    reflectors[0].sink.on_state(None)
    assert subscriber.connection == [CONNECTING, None, "refused", None]


def test_a_first_failure_ends_the_wait_too(reflectors):
    subscription = WatchSet(None).subscribe([(PODS, None)], Subscriber())
    reflectors[0].sink.on_state("refused")
    assert subscription.wait(0)


def test_one_connection_has_one_watch_set_while_it_is_used():
    api = object()
    watches = watches_of(api)
    assert watches_of(api) is watches
    assert watches_of(object()) is not watches
    del watches
    gc.collect()
    assert id(api) not in module._sets


def test_threads_follow_a_cluster_through_loss_and_return(cluster):
    subscriber = Subscriber()
    watches = WatchSet(cluster.api_client)
    subscription = watches.subscribe([(PODS, None)], subscriber)
    subscriber.wait_for(lambda s: s.connection[-1] is None and len(s.objects) == 3)
    cluster.switch(on=False)
    subscriber.wait_for(lambda s: "switched off" in str(s.connection[-1]))
    gone = cluster.all(PODS)[0]
    cluster.remove(gone)
    cluster.switch(on=True)
    subscriber.wait_for(lambda s: s.connection[-1] is None)
    assert subscriber.objects[f"demo/{gone['metadata']['name']}"] is None
    subscription.close()
    threads = [t for t in threading.enumerate() if t.name.startswith("kubelearn watch")]
    for thread in threads:
        thread.join(10)
        assert not thread.is_alive()
