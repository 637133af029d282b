// ApplyXray: the hops of a change as lines on a time axis.

const TICKS = [0, 1, 10, 100, 1_000, 10_000, 100_000];
const CLOSEST = 9; // per cent of the axis: nearer to its beginning a label would hide the first
const SHOWN = {
  way: ["The way to a pod", "Only what led to the first ready pod"],
  requests: ["All requests", "Everything that was done to the object and to all that came of it"],
  events: ["With events", "Also what the components noted as Event objects"],
};

class ApplyXrayView {
  constructor(body, store, frame) {
    this.store = store;
    this.frame = frame;
    this.parts = store.fact("parts");
    this.shown = "way";
    this.logarithmic = true;
    this.journey = null; // follow the latest one
    this.axis = h("div", { class: "kl-axis", "aria-hidden": "true" });
    this.list = h("ol", { class: "kl-hops" });
    this.empty = h("p", { class: "kl-empty" });
    this.detail = h("div", { class: "kl-detail" });
    body.append(this.makeControls(), this.axis, this.list, this.empty, this.detail);
    this.roving = new Roving(this.list, ".kl-hop", () => {});
    for (const type of ["pointerover", "focusin"])
      this.list.addEventListener(type, (event) => this.describe(event.target.closest(".kl-hop")));
    this.list.addEventListener("pointerleave", () => this.describe(this.roving.focused()));
    const [kind, name] = [store.fact("kind"), store.fact("name")];
    frame.title.replaceChildren(h("strong", {}, name), h("span", {}, `${kind} in namespace ${store.fact("namespace")}`));
    frame.root.setAttribute("aria-label", `The way of changes of ${kind} ${name}`);
  }

  makeControls() {
    this.choice = h("select", {
      class: "kl-select",
      "aria-label": "Which change",
      "data-lm-suppress-shortcuts": "true",
      onchange: () => this.choose(this.choice.value),
    });
    this.filters = choices("What is shown", SHOWN, this.shown, (key) => {
      this.shown = key;
      this.draw();
    });
    this.scale = button(
      { class: "kl-button", "aria-pressed": "true", title: "Time axis: logarithmic or even", onclick: () => this.rescale() },
      "Logarithmic",
    );
    const restart = button(
      { class: "kl-button kl-restart", title: "kubectl rollout restart: all pods are replaced, and you follow it here", onclick: () => this.store.act("restart", {}) },
      "Restart the rollout",
    );
    restart.hidden = this.store.fact("kind") !== "Deployment";
    return h("div", { class: "kl-tools" }, this.choice, this.filters, this.scale, restart);
  }

  update(changes) {
    if (changes.journeys) this.showChoice();
    if (changes.hops || changes.journeys || changes.audit) this.draw();
  }

  journeys() {
    return Object.values(this.store.section("journeys")).sort((a, b) => b.at - a.at);
  }

  showChoice() {
    const label = (row) => `${clockTime(row.at)}  ${row.title}, by ${row.actor}`;
    const make = (row) => h("option", { value: row.id }, label(row));
    keyed(this.choice, this.journeys(), (row) => row.id, make);
    this.choice.value = this.current()?.id ?? "";
    this.choice.hidden = !this.choice.childElementCount;
  }

  choose(id) {
    this.journey = id === this.journeys()[0]?.id ? null : id;
    this.draw();
  }

  rescale() {
    this.logarithmic = !this.logarithmic;
    this.scale.setAttribute("aria-pressed", String(this.logarithmic));
    this.draw();
  }

  current() {
    const all = this.journeys();
    return all.find((row) => row.id === this.journey) ?? all[0];
  }

  rows(journey) {
    const hops = this.store.section("hops");
    if (this.shown === "way") return journey.way.map((id) => hops[id]).filter(Boolean);
    return Object.values(hops)
      .filter((hop) => hop.journey === journey.id && (this.shown === "events" || hop.step !== "note"))
      .sort((a, b) => a.at - b.at);
  }

  draw() {
    const journey = this.current();
    const rows = journey ? this.rows(journey) : [];
    this.start = journey?.at ?? 0;
    this.span = Math.max(1, ...rows.map((hop) => hop.at + hop.took - this.start));
    this.way = new Set(journey?.way);
    this.drawAxis();
    this.roving.keepFocus(() => {
      const patch = (item, hop) => this.patch(item, hop);
      keyed(this.list, rows, (hop) => hop.id, (hop) => patch(this.make(), hop), patch);
    });
    const missing = `No change of ${this.store.fact("kind")} ${this.store.fact("name")} was seen yet: apply one.`;
    setText(this.empty, this.store.section("audit").reason ?? missing);
    this.empty.hidden = rows.length > 0;
    this.axis.hidden = !rows.length;
    this.frame.calm(rows.length, rows.length);
    this.showState(journey);
    this.describe(this.roving.focused());
  }

  showState(journey) {
    const words = !journey
      ? []
      : journey.ready !== null
        ? [`a pod was ready after ${milliseconds(journey.ready)}`]
        : journey.waits
          ? [`waits for ${journey.waits}`]
          : [];
    keyed(this.frame.chips, words, (each) => each, (each) => h("span", { class: "kl-chip kl-long" }, each));
    if (journey) this.frame.say([journey.title, ...words].join(": "));
  }

  drawAxis() {
    const ticks = (this.logarithmic ? TICKS : evenTicks(this.span)).filter(
      (tick) => tick <= this.span && (tick === 0 || this.place(tick) > CLOSEST),
    );
    this.axis.firstChild?.remove();
    const labels = ticks.map((tick) =>
      h("span", { style: `left: ${this.place(tick)}%` }, tick >= 1_000 ? `${tick / 1_000} s` : `${tick} ms`),
    );
    this.axis.append(h("div", {}, ...labels));
    const lines = ticks.map((tick) => `${this.place(tick).toFixed(2)}%`);
    const stops = lines.map((at) => `transparent ${at}, var(--kl-line) ${at} calc(${at} + 1px), transparent calc(${at} + 1px)`);
    this.list.style.setProperty("--kl-ticks", stops.length ? `linear-gradient(to right, ${stops.join(", ")})` : "none");
  }

  /** Where a moment lies on the axis, in per cent. */
  place(after) {
    const moment = Math.max(after, 0);
    return 100 * (this.logarithmic ? Math.log10(1 + moment) / Math.log10(1 + this.span) : moment / this.span);
  }

  make() {
    const parts = {
      icon: h("span", { class: "kl-icon" }),
      who: h("span", { class: "kl-who" }),
      deed: h("span", { class: "kl-deed" }),
      words: h("span", { class: "kl-new" }),
      wait: h("i", { class: "kl-wait" }),
      work: h("i", { class: "kl-work" }),
      after: h("span", { class: "kl-after" }),
    };
    const what = h("span", { class: "kl-what" }, h("span", {}, parts.who, " ", parts.deed), parts.words);
    const track = h("span", { class: "kl-track" }, parts.wait, parts.work);
    const line = button({ class: "kl-hop", tabindex: "-1" }, parts.icon, what, track, parts.after);
    line.klParts = parts;
    return h("li", {}, line);
  }

  patch(item, hop) {
    const line = item.firstChild;
    const { icon, who, deed, words, after } = line.klParts;
    const look = this.parts[hop.part];
    if (line.klHop?.part !== hop.part) icon.replaceChildren(badge(look));
    line.klHop = hop;
    line.style.setProperty("--kl-colour", look.colour);
    line.style.setProperty("--kl-edge", look.edge);
    line.classList.toggle("kl-failed", hop.code >= 400);
    line.classList.toggle("kl-note", hop.step === "note");
    line.classList.toggle("kl-led", this.shown !== "way" && this.way.has(hop.id));
    setText(who, hop.actor);
    setText(deed, hop.deed);
    setText(words, hop.code >= 400 ? `${hop.code}: ${hop.words}` : hop.words);
    setText(after, `+${milliseconds(hop.at - this.start)}`);
    const label = `${milliseconds(hop.at - this.start)} after the start: ${hop.actor} ${hop.deed}. ${hop.words}`;
    setAttribute(line, "aria-label", label);
    this.drawBar(line.klParts, hop);
    return item;
  }

  drawBar({ wait, work }, hop) {
    const from = this.place(hop.at - this.start);
    const to = this.place(hop.at + hop.took - this.start);
    work.style.left = `${from}%`;
    work.style.width = `${to - from}%`;
    const cause = this.store.section("hops")[hop.after];
    const before = cause ? this.place(cause.at - this.start) : from;
    wait.style.left = `${before}%`;
    wait.style.width = `${Math.max(from - before, 0)}%`;
  }

  /** Below the lines: the request, and what it follows; the chain of causes is marked. */
  describe(line) {
    const hop = line?.klHop;
    const hops = this.store.section("hops");
    const chain = new Set();
    for (let each = hop; each && !chain.has(each.id); each = hops[each.after]) chain.add(each.id);
    for (const each of this.roving.all()) each.classList.toggle("kl-cause", chain.size > 1 && chain.has(each.klHop.id));
    this.detail.replaceChildren(...(hop ? story(hop, hops[hop.after]) : [HINT]));
  }
}

const HINT =
  "Each line is one request in the API server's audit trail: dotted while it waits for its turn, solid while it is served. Point at one to see its causes.";

function story(hop, cause) {
  const parts = [h("b", {}, `${hop.actor} ${hop.deed}`), hop.words && ` ${hop.words}`, h("br"), clockTime(hop.at)];
  if (hop.request) parts.push(" · ", h("code", {}, hop.request), ` → ${hop.code} in ${milliseconds(hop.took)}`);
  if (hop.revision) parts.push(` · revision ${hop.revision}`);
  if (cause) parts.push(` · ${milliseconds(hop.at - cause.at)} after ${cause.actor} ${cause.deed}`);
  return parts.filter(Boolean);
}

function evenTicks(span) {
  const rough = span / 5;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((factor) => factor * power).find((each) => each >= rough);
  return Array.from({ length: 7 }, (_, i) => Math.round(i * step * 1_000) / 1_000);
}

function milliseconds(value) {
  if (value >= 1_000) return `${(value / 1_000).toFixed(2)} s`;
  return `${value.toFixed(value >= 100 ? 0 : 1)} ms`;
}

export default live("xray", ApplyXrayView);
