"""Dashboard: what a cluster's web interface does, and the API calls behind each click.

What Kubernetes' own Dashboard (archived in 2026) and Headlamp show first: an overview of a
namespace, a table for each kind, an object's details, its events and logs, and the few things that
one does to it. A table is the server's own, the one that kubectl prints; a watch says when to ask
for it again. Nothing here can do what kubectl cannot, and act as somebody weaker shows it.
Left out: editing manifests, a shell in containers, kinds of one's own.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from kubelearn.diagrams.dashboard import LOOKS, Row, draw, summary, table_of
from kubelearn.diagrams.events import TYPES
from kubelearn.diagrams.loglines import PALETTE
from kubelearn.diagrams.objectstates import state_of
from kubelearn.objects import EVENTS, NAMESPACES, Object, Resource
from kubelearn.widgets.actions import Action, ask, line, perform
from kubelearn.widgets.base import Cluster, DocumentWidget, script, style
from kubelearn.widgets.courier import courier
from kubelearn.widgets.dashboardkinds import BY_KIND, GROUPS, KINDS, OVERVIEW
from kubelearn.widgets.disguise import IDENTITIES, Disguise
from kubelearn.widgets.eventlines import EventLines
from kubelearn.widgets.following import Following, Listening
from kubelearn.widgets.glance import Glance
from kubelearn.widgets.logfeed import EVERY, LAST
from kubelearn.widgets.objectpage import ObjectPage
from kubelearn.widgets.usage import Usage
from kubelearn.widgets.watchset import CONNECTING

if TYPE_CHECKING:
    from kubernetes.client import ApiClient

TABLE = "application/json;as=Table;v=v1;g=meta.k8s.io,application/json"
_LIMIT = 500
# A table is asked for again so many seconds after a change, and without one, for its ages.
_SOON, _LATER = 1.0, 15.0
_SHARE = 10
_FIRST_ANSWER = 3.0


class Dashboard(DocumentWidget):
    """A dashboard that begins with the overview of a namespace."""

    _esm = script(
        *("roving", "confirm", "sparing", "table", "eventlist", "logpane", "objectpage"),
        "dashboard",
    )
    _css = style("table", "eventlist", "logpane", "dashboard")

    look_every = 0.2
    disguise = Disguise()
    _following: Following | None = None
    _page: ObjectPage | None = None
    _usage: Usage | None = None

    def __init__(self, cluster: Cluster, namespace: str = "default") -> None:
        self.cluster = cluster
        self.namespace = namespace
        self._api: ApiClient = cluster.api_client
        self._looking = False
        self._table: Resource | None = None
        self._asked, self._soon = 0.0, _SOON
        self._changed = False
        facts = {
            "cluster": cluster.name,
            "groups": {name: [_shown(each) for each in group] for name, group in GROUPS.items()},
            "overview": [each.plural for each in OVERVIEW],
            "identities": IDENTITIES,
            "looks": {key: asdict(look) for key, look in LOOKS.items()},
            "types": {key: asdict(look) for key, look in TYPES.items()},
            "palette": PALETTE,
            "lasts": LAST,
            "every": EVERY,
        }
        super().__init__(facts=facts, connection=CONNECTING)

    # --- while somebody looks -------------------------------------------------------------------

    def attach(self) -> None:
        """Follow what is on the screen, if it is not done already."""
        if self._usage is None:
            self._usage = Usage(self.document)
            self._tell_place()
            self._tell_watches()
        if not self._looking:
            self._looking = True
            self._follow()
        super().attach()

    def detach(self) -> None:
        """Follow nothing: nobody looks."""
        self._looking = False
        self._unfollow()
        super().detach()

    def close(self) -> None:
        """Follow nothing, and take a lent role back."""
        super().close()
        self._release()

    def _follow(self) -> None:
        """Watch what is to be seen where one is."""
        self._unfollow()
        self._following = following = Following(self._on_connection)
        listening = Listening(self._on_namespace, self._on_namespaces)
        following.follow(self._api, (NAMESPACES, None), listening)
        if self._page is not None:
            self._page.follow(following)
        elif self._table is EVENTS:
            self.document.replace("events", {})
            listening = Listening(EventLines(self.document).take, self._on_table)
            following.follow(self._api, (EVENTS, self.namespace), listening)
        elif self._table is not None:
            listening = Listening(self._on_row, self._on_table)
            following.follow(self._api, (self._table, self._scope(self._table)), listening)
        else:
            for resource in OVERVIEW:
                glance = Glance(self._tile(resource))
                following.follow(self._api, (resource, self._scope(resource)), glance)

    def _unfollow(self) -> None:
        if self._following is not None:
            self._following.close()
        if self._page is not None:
            self._page.rest()
        for section in ("tiles", "states", "namespaces"):
            self.document.replace(section, {})

    def _tile(self, resource: Resource) -> Callable[[Row], None]:
        def tell(row: Row) -> None:
            self.document.put("tiles", resource.plural, row)
            courier.wake()

        tell({"count": 0, "looks": {}, "reason": CONNECTING})
        return tell

    def _scope(self, resource: Resource) -> str | None:
        return self.namespace if resource.namespaced else None

    # --- what the watches tell ------------------------------------------------------------------

    def _on_namespace(self, name: str, obj: Object | None) -> None:
        self.document.put("namespaces", name, obj is not None)
        courier.wake()

    def _on_namespaces(self, reason: str | None) -> None:
        self.document.put("place", "namespaces", "" if reason in (None, CONNECTING) else reason)

    def _on_row(self, name: str, obj: Object | None) -> None:
        self._changed = True
        if obj is None:
            self.document.drop("states", name)
        else:
            self.document.put("states", name, state_of(obj)[0])

    def _on_table(self, reason: str | None) -> None:
        self._changed = True
        self.document.put("table", "reason", reason or "")

    def _on_connection(self, reason: str | None) -> None:
        """Whether the picture is up to date; what one may not see is no lost connection."""
        if reason != self.document.get("connection", "reason"):
            self.document.put("connection", "reason", reason)
            self.document.put("connection", "since", round(time.time() * 1000))
        courier.wake()

    # --- looking again --------------------------------------------------------------------------

    def look(self) -> None:
        """Take new lines of logs to the document; ask for the table again where it is old."""
        if self._page is not None:
            self._page.look()
        if self._usage is not None:
            self._usage.ask(self._api, self.namespace)
        old = time.monotonic() - self._asked > (self._soon if self._changed else _LATER)
        if old and self._page is None and self._table not in (None, EVENTS):
            self._show_table()
            courier.wake()

    def _show_table(self) -> Object:
        """Ask for the table, and show it or why not; the trace's entry."""
        self._changed, self._asked = False, time.monotonic()
        resource = self._table or NAMESPACES
        request = Action(
            line(resource, "get", resource.plural, namespace=self.namespace),
            "GET",
            resource.path(self._scope(resource)),
            query={"limit": _LIMIT},
            accept=TABLE,
        )
        entry, answer = ask(self._api, request)
        # A table that takes long must not keep the server busy.
        self._soon = max(_SOON, _SHARE * (time.monotonic() - self._asked))
        self.document.put("table", "error", entry["message"])
        if answer is not None:
            columns, rows = table_of(answer)
            more = int((answer.get("metadata") or {}).get("remainingItemCount") or 0)
            self.document.put("table", "columns", columns)
            self.document.put("table", "more", more)
            keyed = {f"{row['namespace']}/{row['name']}": row for row in rows}
            self.document.replace("rows", keyed)
        return {**entry, "command": self.disguise.command(entry["command"])}

    # --- what the learner does ------------------------------------------------------------------

    def act(self, name: str, arguments: dict[str, Any]) -> None:
        """Go somewhere, be somebody else, or do something to the object on the screen."""
        match name:
            case "go":
                self._go(arguments)
            case "become":
                self._become(str(arguments.get("identity")))
            case "logs" if self._page is not None:
                self._page.read_logs()
            case _ if self._page is not None:
                self._page.act(name, arguments)

    def _go(self, place: dict[str, Any]) -> None:
        """To the overview, a kind's table or an object, perhaps of another namespace."""
        self.namespace = str(place.get("namespace") or self.namespace)
        kind, name = str(place.get("kind") or ""), str(place.get("name") or "")
        self._arrive(KINDS.get(kind) or BY_KIND.get(kind), name)

    def _arrive(self, resource: Resource | None, name: str) -> None:
        """Read what is there, show the requests, and follow it."""
        self._unfollow()
        if self._page is not None:
            self._page.leave()
        for section in ("table", "rows", "events", "stream"):
            self.document.replace(section, {})
        self._table, self._page = resource, None
        if resource is not None and name:
            self._page = ObjectPage(self, resource, name)
        self._tell_place()
        if self._page is not None:
            self._page.ask()
        elif resource in (None, EVENTS):
            self._tell_watches()
        else:
            self.trace(self._show_table())
        if self._looking:
            self._follow()

    def _tell_watches(self) -> None:
        """Of what is only watched, no request is sent by the click itself."""
        kinds = OVERVIEW if self._table is None else (self._table,)
        words = ["get", ",".join(each.plural for each in kinds)]
        # kubectl watches one kind at a time.
        words += ["--watch"] if len(kinds) == 1 else []
        path = kinds[0].path(self.namespace)
        many = f"   and {len(kinds) - 1} more, one for each kind" if len(kinds) > 1 else ""
        command = line(EVENTS, *words, namespace=self.namespace)
        self.show({"command": command, "request": f"GET {path}?watch=true{many}", "code": None})

    def _become(self, identity: str) -> None:
        """Go on as somebody else, whose role holds in the namespace where one is."""
        if identity not in IDENTITIES:
            return
        self._release()
        self.disguise = Disguise(identity, self.namespace)
        lent = self.disguise.bind()
        if lent is not None:
            self.trace(perform(self.cluster.api_client, lent))
        self._api = self.disguise.connect(self.cluster.api_client)
        self.disguise.settle(self._api)
        self._usage = Usage(self.document)
        self._arrive(self._table, self._page.name if self._page else "")

    def _release(self) -> None:
        borrowed, self.disguise = self.disguise.release(), Disguise()
        self._api = self.cluster.api_client
        if borrowed is not None:
            self.trace(perform(self._api, borrowed))

    def ask(self, request: Action) -> Any:
        """Send a request as who one is now and show it; the answer's body, None for a failure."""
        entry, answer = ask(self._api, request)
        self.show(entry)
        self.document.put("place", "refused", entry["message"])
        return answer

    def show(self, entry: Object) -> None:
        """Show what was done, as who one is now."""
        self.trace({**entry, "command": self.disguise.command(entry["command"])})

    @property
    def api(self) -> ApiClient:
        """The connection as who one is now."""
        return self._api

    def _tell_place(self) -> None:
        told = {
            "namespace": self.namespace,
            "kind": self._table.plural if self._table else "",
            "name": self._page.name if self._page else "",
            "identity": self.disguise.identity,
            "user": self.disguise.user,
            "bound": self.disguise.namespace,
        }
        for key, value in told.items():
            self.document.put("place", key, value)

    # --- without a browser ----------------------------------------------------------------------

    def picture(self) -> str:
        """The overview, whatever is on the screen."""
        tiles = self._tiles()
        return draw(f"Namespace {self.namespace}", tiles, notice=self._disconnected)

    def line(self) -> str:
        """What there is in the namespace."""
        tiles = self._tiles()
        return f"{self.namespace}: {self._disconnected or summary(tiles)}"

    @property
    def _disconnected(self) -> str:
        reason = str(self.document.get("connection", "reason") or "")
        return "" if reason == CONNECTING else reason

    def _tiles(self) -> dict[str, Row]:
        if self._following is not None:
            self._following.wait(_FIRST_ANSWER)
        return self.document.section("tiles")


def _shown(resource: Resource) -> Object:
    return {"plural": resource.plural, "kind": resource.kind, "namespaced": resource.namespaced}


if __name__ == "__main__":
    from kubelearn.widgets.demo import run

    run(lambda cluster: Dashboard(cluster, "demo"), title="Dashboard")
