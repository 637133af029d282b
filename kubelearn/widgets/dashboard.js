// Dashboard: where one is on the left, what is there on the right, the API calls below.

class DashboardView {
  constructor(body, store, frame) {
    this.store = store;
    this.frame = frame;
    this.here = "";
    this.go = (place) => store.act("go", place);
    this.nav = this.makeNav();
    this.overview = h("div", { class: "kl-tiles" });
    this.table = new ObjectTable(store, this.go);
    this.events = new EventList(store, { open: (row) => this.offer(row) });
    this.link = h("p", { class: "kl-more" });
    this.eventPage = h("div", {}, this.events.root, this.link);
    this.page = new ObjectView(store, this.go);
    this.main = h("div", { class: "kl-main" }, this.overview, this.table.root, this.eventPage, this.page.root);
    body.append(this.makeTop(), h("div", { class: "kl-columns" }, this.nav, this.main), h("p", { class: "kl-group" }, "The API calls behind your clicks"));
    frame.title.replaceChildren(h("strong", {}, "Dashboard"), h("span", {}, `cluster ${store.fact("cluster")}`));
    frame.root.setAttribute("aria-label", `Dashboard of cluster ${store.fact("cluster")}`);
    frame.trace.setAttribute("aria-label", "API calls");
  }

  makeTop() {
    const names = `kl-namespaces-${this.store.page}`;
    this.names = h("datalist", { id: names });
    this.namespace = h("input", { class: "kl-input kl-namespace", list: names, "aria-label": "Namespace", spellcheck: "false", "data-lm-suppress-shortcuts": "true" });
    this.namespace.addEventListener("change", () => this.go({ ...this.kindOnly(), namespace: this.namespace.value.trim() }));
    this.identity = h("select", { class: "kl-select kl-identity", "data-lm-suppress-shortcuts": "true" });
    for (const name of Object.keys(this.store.fact("identities"))) this.identity.append(h("option", { value: name }, name));
    this.identity.addEventListener("change", () => this.store.act("become", { identity: this.identity.value }));
    this.meaning = h("span", { class: "kl-meaning" });
    return h("div", { class: "kl-tools kl-top" }, h("label", {}, "Namespace ", this.namespace), this.names, h("label", {}, "Act as ", this.identity), this.meaning);
  }

  kindOnly() {
    return { kind: this.store.section("place").kind };
  }

  makeNav() {
    const nav = h("nav", { class: "kl-nav", "aria-label": "Kinds" }, this.makeLink("", "Overview"));
    for (const [group, kinds] of Object.entries(this.store.fact("groups"))) {
      nav.append(h("p", { class: "kl-group" }, group), ...kinds.map(({ plural, kind }) => this.makeLink(plural, pluralOf(kind))));
    }
    nav.querySelector(".kl-link").tabIndex = 0;
    this.roving = new Roving(nav, ".kl-link", () => {});
    return nav;
  }

  makeLink(kind, words) {
    const it = button({ class: "kl-link", tabindex: "-1", onclick: () => this.go({ kind }) }, words);
    it.dataset.kind = kind;
    return it;
  }

  update(changes) {
    if (changes.place || changes.namespaces) this.showPlace();
    if (changes.tiles || changes.usage) this.showTiles();
    this.table.update(changes);
    this.events.update(changes);
    this.page.update(changes);
  }

  tick() {
    const { kind, name } = this.store.section("place");
    if (name) this.page.tick();
    else if (kind === "events") this.events.tick();
  }

  showPlace() {
    const { kind = "", name = "", namespace = "", identity = "yourself" } = this.store.section("place");
    const seen = { overview: !kind, table: kind && !name && kind !== "events", events: kind === "events" && !name, page: Boolean(name) };
    this.overview.hidden = !seen.overview;
    this.table.root.hidden = !seen.table;
    this.eventPage.hidden = !seen.events;
    this.page.root.hidden = !seen.page;
    for (const link of this.nav.querySelectorAll(".kl-link")) {
      if (link.dataset.kind === kind) link.setAttribute("aria-current", "page");
      else link.removeAttribute("aria-current");
    }
    const known = this.store.section("namespaces");
    keyed(this.names, Object.keys(known).filter((each) => known[each]).sort(), (each) => each, (each) => h("option", { value: each }));
    if (document.activeElement !== this.namespace) this.namespace.value = namespace;
    this.identity.value = identity;
    this.showIdentity();
    const here = [namespace, kind, name, identity].join("/");
    if (here !== this.here) {
      this.here = here;
      setText(this.link, "");
      this.page.renew();
      this.frame.say(name ? `${kind} ${name}` : kind || `overview of namespace ${namespace}`);
    }
  }

  showIdentity() {
    const { identity = "yourself", user, bound, namespaces } = this.store.section("place");
    const parts = [this.store.fact("identities")[identity]];
    if (user) parts.push(` The API knows you as ${user}${["view", "edit", "admin"].includes(identity) ? `, with the ClusterRole ${identity} in namespace ${bound}` : ""}.`);
    setText(this.meaning, parts.join(""));
    this.namespace.title = namespaces || "Choose a namespace, or type its name";
  }

  /** An event of the list leads to its object, if that has a page. */
  offer(row) {
    const kinds = Object.values(this.store.fact("groups")).flat();
    const known = kinds.some(({ kind }) => kind === row.kind);
    this.link.replaceChildren();
    if (known) this.link.append(button({ class: "kl-about", onclick: () => this.go({ kind: row.kind, name: row.name }) }, `Open ${row.kind} ${row.name}`));
  }

  showTiles() {
    const tiles = this.store.section("tiles");
    const kinds = Object.values(this.store.fact("groups")).flat();
    const shown = kinds.filter(({ plural }) => tiles[plural]);
    const patch = (tile, { plural }) => this.patchTile(tile, tiles[plural], plural);
    keyed(this.overview, shown, ({ plural }) => plural, (each) => patch(this.makeTile(each), each), patch);
  }

  makeTile({ plural, kind }) {
    return button({ class: "kl-tile", onclick: () => this.go({ kind: plural }) }, h("span", { class: "kl-tilename" }, pluralOf(kind)), h("b", {}), h("span", { class: "kl-tilestates" }));
  }

  patchTile(tile, { count, looks, reason }, plural) {
    const waiting = reason === "connecting";
    const refused = reason && !waiting;
    setText(tile.children[1], refused ? "?" : waiting ? "…" : String(count));
    tile.classList.toggle("kl-none", !count);
    tile.classList.toggle("kl-shut", Boolean(refused));
    setAttribute(tile, "title", refused ? reason : "");
    const known = this.store.fact("looks");
    const parts = Object.entries(looks).map(([look, number]) => h("span", { class: "kl-chip" }, badge(known[look]), `${number} ${known[look].label.toLowerCase()}`));
    const used = this.usedBy(plural);
    if (used) parts.push(h("span", { class: "kl-faint" }, used));
    if (refused) parts.push(h("span", { class: "kl-bad" }, reason.includes("forbidden:") ? "✕ 403 Forbidden" : reason));
    const told = JSON.stringify([looks, used, refused]);
    if (tile.klTold !== told) tile.lastChild.replaceChildren(...parts);
    tile.klTold = told;
    return tile;
  }

  usedBy(plural) {
    const used = Object.entries(this.store.section("usage")).filter(([key]) => key.startsWith(`${plural}/`));
    if (!used.length) return "";
    const sum = (i) => used.reduce((all, [, each]) => all + each[i], 0);
    return `uses ${inCpus(sum(0))} CPU, ${inMebibytes(sum(1))}`;
  }
}

/** The server's own table of a kind. */
class ObjectTable {
  constructor(store, go) {
    this.store = store;
    this.go = go;
    this.words = h("input", { class: "kl-input", type: "search", placeholder: "Filter: any words", "aria-label": "Filter rows", "data-lm-suppress-shortcuts": "true", oninput: () => this.show() });
    this.head = h("tr");
    this.body = h("tbody");
    this.scroll = h("div", { class: "kl-scroll", role: "group", "aria-label": "Objects", tabindex: "0" }, h("table", { class: "kl-table" }, h("thead", {}, this.head), this.body));
    this.empty = h("p", { class: "kl-empty" });
    this.note = h("p", { class: "kl-notice", role: "alert", hidden: true });
    this.more = h("p", { class: "kl-more" });
    this.root = h("div", { class: "kl-objects" }, this.note, h("div", { class: "kl-tools" }, this.words), this.scroll, this.empty, this.more);
    this.roving = new Roving(this.body, ".kl-about", () => {});
    this.showSoon = sparing(this.root, () => this.show());
  }

  update(changes) {
    if (changes.rows || changes.table || changes.states || changes.usage || changes.place) this.showSoon();
  }

  show() {
    const { columns = [], error, more } = this.store.section("table");
    const { kind } = this.store.section("place");
    const usage = this.store.section("usage");
    const measured = Object.keys(usage).some((key) => key.startsWith(`${kind}/`));
    const titles = measured ? [...columns, "CPU", "Memory"] : columns;
    keyed(this.head, titles, (title) => title, (title) => h("th", { scope: "col" }, title));
    const wanted = this.words.value.trim().toLowerCase();
    const rows = Object.entries(this.store.section("rows"))
      .map(([key, row]) => ({ key, ...row, cells: measured ? [...row.cells, ...this.usedBy(usage, kind, row)] : row.cells }))
      .filter(({ cells }) => cells.join(" ").toLowerCase().includes(wanted))
      .sort((a, b) => (a.key < b.key ? -1 : 1));
    const patch = (line, row) => this.patch(line, row, kind);
    this.roving.keepFocus(() => keyed(this.body, rows, ({ key }) => key, (row) => patch(this.make(row), row), patch));
    setText(this.note, error || "");
    this.note.hidden = !error;
    this.scroll.hidden = !rows.length;
    this.empty.hidden = rows.length > 0 || Boolean(error);
    setText(this.empty, Object.keys(this.store.section("rows")).length ? "No object is like that." : "No resources found.");
    const reason = usage[`${kind}?`];
    const words = [more > 0 ? `${more} more are not shown.` : "", reason ? `No numbers of CPU and memory: ${reason}` : ""];
    setText(this.more, words.filter(Boolean).join(" "));
  }

  usedBy(usage, kind, row) {
    const used = usage[`${kind}/${row.name}`];
    return used ? [inCpus(used[0]), inMebibytes(used[1])] : ["", ""];
  }

  make(row) {
    const open = button({ class: "kl-about", tabindex: "-1" }, row.name);
    const line = h("tr", {}, h("td", {}, h("span", { class: "kl-chip kl-named" }, open)));
    open.addEventListener("click", () => this.go({ kind: this.store.section("place").kind, name: row.name }));
    return line;
  }

  patch(line, row, kind) {
    const state = this.store.section("states")[row.namespace ? row.key : row.name];
    const told = JSON.stringify([row.cells, state, kind]);
    if (line.klTold === told) return line;
    line.klTold = told;
    const named = line.firstChild.firstChild;
    if (line.klState !== state) {
      line.klState = state;
      named.querySelector(".kl-badge")?.remove();
      const look = this.store.fact("looks")[state];
      if (look) named.prepend(badge(look));
    }
    while (line.children.length > 1) line.lastChild.remove();
    line.append(...row.cells.slice(1).map((cell) => h("td", {}, cell)));
    return line;
  }
}

function pluralOf(kind) {
  return kind.endsWith("s") ? `${kind}es` : `${kind}s`;
}

function inCpus(thousandths) {
  return `${thousandths}m`;
}

function inMebibytes(bytes) {
  return `${Math.round(bytes / 2 ** 20)} MiB`;
}

export default live("dashboard", DashboardView);
