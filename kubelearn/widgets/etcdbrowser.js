// EtcdBrowser: a list of keys, the value of one at a revision, and the changes as they come.

const MOST = 300;

class EtcdBrowserView {
  constructor(body, store, frame) {
    this.store = store;
    this.frame = frame;
    this.prefix = store.fact("prefix");
    this.filter = h("input", {
      type: "search",
      class: "kl-filter",
      placeholder: "Filter: pods/default",
      "aria-label": "Filter keys",
      "data-lm-suppress-shortcuts": "true",
      oninput: () => this.showKeys(),
    });
    this.list = h("ul", { class: "kl-keys", "aria-label": "Keys" });
    this.more = h("p", { class: "kl-more-keys", hidden: true });
    this.roving = new Roving(this.list, ".kl-key", () => {});
    this.value = new ValueView(store);
    this.feed = new Table("Changes", FEED, (row) => row.number);
    const left = h("div", { class: "kl-left" }, this.filter, this.list, this.more);
    body.append(
      h("div", { class: "kl-columns" }, left, this.value.root),
      h("p", { class: "kl-group" }, "Changes, as a watch tells them"),
      this.feed.root,
      h("div", { class: "kl-tools kl-below" }, this.makeCompact()),
    );
    frame.title.replaceChildren(h("strong", {}, "etcd"), h("span", {}, store.fact("cluster")));
    frame.root.setAttribute("aria-label", `etcd of cluster ${store.fact("cluster")}`);
  }

  /** Compaction cannot be taken back. */
  makeCompact() {
    const it = button({ class: "kl-button kl-compact" }, "Forget the past (compact)");
    const question = () => "Click again: older states can never be read again";
    return confirming(it, question, () => this.store.act("compact", {}));
  }

  update(changes) {
    if (changes.keys || changes.selected) this.showKeys();
    if (changes.selected) this.value.show();
    if (changes.events) this.showFeed();
    const { revision, compacted } = this.store.section("etcd");
    const keys = Object.keys(this.store.section("keys")).length;
    const words = revision ? [`revision ${revision}`, `${keys} keys`] : [];
    if (compacted) words.push(`forgotten before ${compacted}`);
    keyed(this.frame.chips, words, (each) => each, (each) => h("span", { class: "kl-chip" }, each));
    this.frame.say(words.join(", "));
  }

  showKeys() {
    const wanted = this.filter.value.trim();
    const rows = Object.values(this.store.section("keys"))
      .filter((row) => row.key.includes(wanted))
      .sort((a, b) => (a.key < b.key ? -1 : 1));
    const chosen = this.store.section("selected").shown?.key;
    const patch = (item, row) => this.patch(item, row, row.key === chosen);
    this.roving.keepFocus(() => {
      keyed(this.list, rows.slice(0, MOST), (row) => row.key, (row) => patch(this.make(row), row), patch);
    });
    setText(this.more, `${rows.length - MOST} more: filter to see them`);
    this.more.hidden = rows.length <= MOST;
  }

  make({ key }) {
    const name = h("span", { class: "kl-key-name" }, key.replace("/registry/", ""));
    const act = () => this.store.act("select", { key });
    return h("li", {}, button({ class: "kl-key", tabindex: "-1", title: key, onclick: act }, name, h("span", { class: "kl-mod" })));
  }

  patch(item, row, chosen) {
    const key = item.firstChild;
    setText(key.lastChild, String(row.mod));
    setAttribute(key, "aria-label", `${row.key}, revision ${row.mod}`);
    setAttribute(key, "aria-pressed", String(chosen));
    return item;
  }

  showFeed() {
    const events = Object.entries(this.store.section("events")).sort((a, b) => b[0] - a[0]);
    this.feed.show(events.map(([number, event]) => ({ number, ...event })));
  }
}

const FEED = [
  { title: "Time", cell: (row) => clockTime(row.at), kind: "kl-faint kl-narrow" },
  { title: "Revision", cell: (row) => String(row.revision), kind: "kl-right kl-narrow" },
  { title: "Event", cell: (row) => (row.type === "PUT" && row.version === 1 ? "PUT, new" : row.type), kind: "kl-narrow" },
  { title: "Key", cell: (row) => row.key, kind: "kl-code" },
];

/** One key: where it stands, what is new, and the whole value. */
class ValueView {
  constructor(store) {
    this.store = store;
    this.root = h("section", { class: "kl-value", role: "group", "aria-label": "Value" });
    this.show();
  }

  show() {
    const { shown } = this.store.section("selected");
    if (!shown) {
      this.root.replaceChildren(h("p", { class: "kl-empty" }, "Choose a key to see what is stored under it."));
      return;
    }
    const { key, row, note } = shown;
    const parts = [h("p", { class: "kl-chosen" }, key), this.travel(shown)];
    if (note) parts.push(h("p", { class: "kl-bad" }, note));
    if (row) parts.push(...this.facts(shown));
    this.root.replaceChildren(...parts);
  }

  facts({ row, lines, difference: changed }) {
    const words = [`created in revision ${row.create}`, `changed in ${row.mod}`, `version ${row.version}`, `${row.bytes} bytes of ${row.encoding}`];
    if (row.lease) words.push(`lease ${row.lease.toString(16)}`);
    const parts = [h("p", { class: "kl-facts" }, words.join(" · "))];
    if (changed.length) parts.push(...differences([{ title: "New in this revision", lines: changed }]));
    const whole = h("pre", { class: "kl-lines kl-whole", tabindex: "0", role: "group", "aria-label": "The whole value" }, lines.join("\n"));
    return [...parts, whole, h("p", { class: "kl-facts" }, "metadata.managedFields is left out here.")];
  }

  travel({ key, past, before, row }) {
    const go = (revision) => this.store.act("select", { key, revision });
    const older = button({ class: "kl-button kl-older", disabled: !before, onclick: () => go(before) }, before ? `Before: revision ${before}` : "No state before");
    const now = button({ class: "kl-button kl-now", disabled: !past, onclick: () => go(0) }, "Now");
    const command = `etcdctl get ${key}${past ? ` --rev=${past}` : ""} -w json`;
    return h("div", { class: "kl-tools" }, buttons("Revision", row ? [older, now] : [now]), h("code", {}, command));
  }
}

export default live("etcd", EtcdBrowserView);
