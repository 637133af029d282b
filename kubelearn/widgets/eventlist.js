// A list of events with filters and a pause: EventStream is one, the Dashboard has some.

const MOST_EVENTS = 100; // lines on the screen; the filters look at all that are kept

class EventList {
  /** `open(row)`, if given, is what a click on an event's object does beside showing the command. */
  constructor(store, { open } = {}) {
    this.store = store;
    this.open = open;
    this.looks = store.fact("types");
    this.kept = null; // what is shown while paused
    this.type = "";
    this.kind = this.makeSelect("Kind of object");
    this.reason = this.makeSelect("Reason");
    this.words = h("input", {
      class: "kl-input", type: "search", placeholder: "Filter: any words", "aria-label": "Filter events",
      "data-lm-suppress-shortcuts": "true", oninput: () => this.show(),
    });
    this.hold = button({ class: "kl-button kl-pause", "aria-pressed": "false", onclick: () => this.pause() }, "Pause");
    const types = choices("Type", { "": ["All", "Normal and Warning"], Warning: ["Warnings", "Only warnings"] }, "", (type) => {
      this.type = type;
      this.show();
    });
    this.body = h("tbody");
    this.empty = h("p", { class: "kl-empty" });
    this.more = h("p", { class: "kl-more" });
    this.detail = h("div", { class: "kl-detail" });
    this.root = h(
      "div",
      { class: "kl-eventlist" },
      h("div", { class: "kl-tools" }, types, this.kind, this.reason, this.words, this.hold),
      this.makeTable(),
      this.empty,
      this.more,
      this.detail,
    );
    this.roving = new Roving(this.body, ".kl-about", () => {});
    this.showSoon = sparing(this.root, () => this.show());
    this.explain();
  }

  makeSelect(label) {
    return h("select", { class: "kl-select", "aria-label": label, "data-lm-suppress-shortcuts": "true", onchange: () => this.show() });
  }

  makeTable() {
    const titles = [["Type", ""], ["Last seen", ""], ["Times", "kl-right"], ["Reason", ""], ["Object", ""], ["Message", ""], ["From", "kl-spare"]];
    const heads = titles.map(([title, kind]) => h("th", { scope: "col", class: kind }, title));
    const table = h("table", { class: "kl-table" }, h("thead", {}, h("tr", {}, ...heads)), this.body);
    return h("div", { class: "kl-scroll", role: "group", "aria-label": "Events, newest first", tabindex: "0" }, table);
  }

  update(changes) {
    if (changes.events || changes.stream) this.showSoon();
  }

  /** Ages grow even when nothing happens. */
  tick() {
    this.showSoon();
  }

  rows() {
    return Object.entries(this.store.section("events")).map(([key, row]) => ({ key, ...row }));
  }

  pause() {
    this.kept = this.kept ? null : new Map(this.rows().map((row) => [row.key, row]));
    setAttribute(this.hold, "aria-pressed", String(Boolean(this.kept)));
    this.show();
  }

  show() {
    const all = this.rows();
    const kept = this.kept ? [...this.kept.values()] : all;
    this.offer(this.kind, "All kinds", kept.map((row) => row.kind));
    this.offer(this.reason, "All reasons", kept.map((row) => row.reason));
    const words = this.words.value.trim().toLowerCase();
    const found = kept
      .filter((row) => (!this.type || row.type === this.type) && (!this.kind.value || row.kind === this.kind.value))
      .filter((row) => (!this.reason.value || row.reason === this.reason.value) && textOf(row).includes(words))
      .sort((a, b) => b.at - a.at || Number(b.key) - Number(a.key));
    const now = this.store.now();
    const patch = (line, row) => this.patch(line, row, now);
    this.roving.keepFocus(() => {
      keyed(this.body, found.slice(0, MOST_EVENTS), (row) => row.key, (row) => patch(this.make(row), row), patch);
    });
    this.tellRest(all, kept, found);
  }

  tellRest(all, kept, found) {
    setText(this.empty, kept.length ? "No event is like that." : "No events yet.");
    this.empty.hidden = found.length > 0;
    const told = [];
    if (found.length > MOST_EVENTS) told.push(`${found.length - MOST_EVENTS} older ones are not shown: filter to see them`);
    const leftOut = this.store.section("stream").left_out;
    if (leftOut) told.push(`${leftOut} still older ones are not kept`);
    setText(this.more, told.join(" · "));
    this.more.hidden = !told.length;
    const news = this.kept ? all.filter((row) => row.count !== this.kept.get(row.key)?.count).length : 0;
    setText(this.hold, this.kept ? `Go on (${news} new)` : "Pause");
  }

  offer(select, every, values) {
    const options = ["", ...[...new Set(values)].filter(Boolean).sort()];
    if (select.value && !options.includes(select.value)) options.push(select.value);
    keyed(select, options, (value) => value, (value) => h("option", { value }, value || every));
  }

  make(row) {
    const look = this.looks[row.type] ?? this.looks.Normal;
    const about = button({ class: "kl-about", tabindex: "-1" }, h("span", { class: "kl-kind" }, row.kind), ` ${row.name}`);
    const line = h(
      "tr",
      { class: row.type === "Warning" ? "kl-warning" : "" },
      h("td", { class: "kl-narrow" }, h("span", { class: "kl-chip" }, badge(look), row.type)),
      h("td", { class: "kl-narrow" }, h("span", { class: "kl-age" }), h("span", { class: "kl-faint" })),
      h("td", { class: "kl-right kl-narrow" }),
      h("td", { class: "kl-reason" }, row.reason),
      h("td", {}, about),
      h("td", {}, row.message),
      h("td", { class: "kl-faint kl-spare" }, row.source),
    );
    about.addEventListener("click", () => this.explain(line.klRow));
    return line;
  }

  patch(line, row, now) {
    line.klRow = row;
    const [age, clock] = line.children[1].children;
    setText(age, ageOf(now - row.at));
    setText(clock, clockTime(row.at));
    setText(line.children[2], row.count > 1 ? String(row.count) : "");
    return line;
  }

  explain(row) {
    if (!row) {
      this.detail.replaceChildren("Choose an event's object to see what kubectl tells of it.");
      return;
    }
    const often = row.count > 1 ? `${row.count} times from ${clockTime(row.first)} to ${clockTime(row.at)}` : `once, at ${clockTime(row.at)}`;
    const only = button({ class: "kl-button kl-only", onclick: () => this.only(row) }, "Only its events");
    const command = h("code", {}, `$ ${describeLine(row)}`);
    this.detail.replaceChildren(command, h("br"), h("b", {}, row.reason), `: ${often}, told by ${row.source || "nobody who says so"}. `, only);
    this.open?.(row);
  }

  only(row) {
    this.words.value = row.name;
    this.kind.value = row.kind;
    this.show();
  }
}

function textOf(row) {
  return [row.kind, row.name, row.reason, row.message, row.source, row.namespace].join(" ").toLowerCase();
}

function describeLine({ kind, name, namespace }) {
  return `kubectl describe ${kind.toLowerCase()} ${name}${namespace ? ` -n ${namespace}` : ""}`;
}

/** How long ago, as kubectl says it. */
function ageOf(milliseconds) {
  const seconds = Math.max(Math.floor(milliseconds / 1_000), 0);
  if (seconds < 120) return `${seconds}s`;
  if (seconds < 7_200) return `${Math.floor(seconds / 60)}m`;
  return seconds < 172_800 ? `${Math.floor(seconds / 3_600)}h` : `${Math.floor(seconds / 86_400)}d`;
}
