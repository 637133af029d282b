// PodTimeline: a track for the pod and for each of its containers, with events below.

const SHORTEST = 15_000; // the axis is never shorter than this

class PodTimelineView {
  constructor(body, store, frame) {
    this.store = store;
    this.frame = frame;
    this.looks = store.fact("phases");
    this.remove = button({ class: "kl-button kl-delete" }, "Delete the pod");
    confirming(this.remove, () => this.askBeforeDelete(), () => this.store.act("delete", {}));
    this.axis = h("div", { class: "kl-axis", "aria-hidden": "true" });
    this.tracks = h("ul", { class: "kl-tracks" });
    this.empty = h("p", { class: "kl-empty" }, "There is no such pod yet.");
    this.events = new Table("Events", EVENTS, (row) => row.key);
    body.append(
      h("div", { class: "kl-tools" }, this.remove),
      this.axis,
      this.tracks,
      this.empty,
      h("p", { class: "kl-group" }, "Events"),
      this.events.root,
    );
    const [name, namespace] = [store.fact("name"), store.fact("namespace")];
    frame.title.replaceChildren(h("strong", {}, name), h("span", {}, `Pod in namespace ${namespace}`));
    frame.root.setAttribute("aria-label", `The life of pod ${name}`);
  }

  update(changes) {
    if (changes.spans) this.draw();
    if (changes.events) this.showEvents();
    if (changes.pod) this.remove.disabled = (this.store.section("pod").owner ?? null) === null;
  }

  /** Time goes on in the picture, even when nothing happens. */
  tick() {
    this.draw();
  }

  draw() {
    const spans = Object.entries(this.store.section("spans")).map(([key, span]) => ({ key, ...span }));
    this.empty.hidden = spans.length > 0;
    this.axis.hidden = !spans.length;
    if (!spans.length) return;
    const alive = spans.some((span) => span.to === null);
    this.end = alive ? this.store.now() : Math.max(...spans.map((span) => span.to));
    const first = Math.min(...spans.map((span) => span.from), this.end - SHORTEST);
    this.start = Math.max(first, this.end - this.store.fact("longest"));
    const ranks = new Map(spans.map((span) => [span.track, span.rank]));
    const names = [...ranks.keys()].sort((a, b) => ranks.get(a) - ranks.get(b));
    const patch = (item, name) => this.patch(item, spans.filter((span) => span.track === name));
    keyed(this.tracks, names, (name) => name, (name) => patch(this.make(name), name), patch);
    this.drawAxis();
    this.showState(spans);
  }

  make(name) {
    return h("li", { class: "kl-track" }, h("span", { class: "kl-track-name" }, name), h("div", { class: "kl-bars" }));
  }

  patch(item, spans) {
    const place = (bar, span) => {
      const to = span.to ?? this.end;
      bar.style.left = `${this.place(span.from)}%`;
      bar.style.width = `${Math.max(this.place(to) - this.place(span.from), 0)}%`;
      const words = `${span.track}: ${span.word}, ${seconds(to - span.from)}${span.to === null ? " so far" : ""}`;
      setAttribute(bar, "aria-label", words);
      setAttribute(bar, "title", words);
      bar.classList.toggle("kl-open", span.to === null);
      bar.hidden = to < this.start;
      return bar;
    };
    keyed(item.lastChild, spans, (span) => span.key, (span) => place(this.makeBar(span), span), place);
    return item;
  }

  makeBar(span) {
    const look = this.looks[span.look];
    const bar = h("div", { class: "kl-bar", role: "img" }, badge(look), h("span", {}, span.word));
    bar.style.setProperty("--kl-colour", look.colour);
    bar.style.setProperty("--kl-edge", look.edge);
    return bar;
  }

  drawAxis() {
    const span = this.end - this.start;
    const ticks = [0, 0.25, 0.5, 0.75, 1].map((share) =>
      h("span", { style: `left: ${share * 100}%` }, clockTime(this.start + share * span)),
    );
    this.axis.replaceChildren(h("div", {}, ...ticks));
  }

  showState(spans) {
    const pod = spans.filter((span) => span.rank === 0);
    const now = pod.at(-1);
    const words = now.to === null ? `${now.word} for ${seconds(this.end - now.from)}` : "gone";
    keyed(this.frame.chips, [0], () => 0, () => h("span", { class: "kl-chip" }));
    setText(this.frame.chips.firstChild, words);
    this.frame.say(`${this.store.fact("name")}: ${now.to === null ? now.word : "gone"}`);
  }

  /** Where a moment lies on the axis, in per cent. */
  place(moment) {
    return (100 * Math.max(moment - this.start, 0)) / (this.end - this.start);
  }

  showEvents() {
    const rows = Object.entries(this.store.section("events")).map(([key, event]) => ({ key, ...event }));
    this.events.show(rows.sort((a, b) => b.at - a.at));
  }

  /** A pod that has an owner is brought back. */
  askBeforeDelete() {
    return !this.store.section("pod").owner && "Click again: nobody would bring it back";
  }
}

const EVENTS = [
  { title: "Time", cell: (row) => clockTime(row.at), kind: "kl-faint kl-narrow" },
  { title: "Reason", cell: (row) => h("span", { class: row.type === "Warning" ? "kl-bad" : "" }, row.count > 1 ? `${row.reason}, ${row.count} times` : row.reason), kind: "kl-narrow" },
  { title: "From", cell: (row) => row.source, kind: "kl-faint kl-narrow kl-spare" },
  { title: "Message", cell: (row) => row.message },
];

function seconds(milliseconds) {
  const whole = Math.max(Math.round(milliseconds / 1_000), 0);
  return whole < 100 ? `${whole} s` : `${Math.floor(whole / 60)} min ${whole % 60} s`;
}

export default live("life", PodTimelineView);
