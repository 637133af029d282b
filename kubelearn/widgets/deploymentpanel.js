// DeploymentPanel: controls, the ReplicaSets over time, and who answers.

const WAIT_AFTER_SLIDE = 250; // the slider sends when it has rested so long
const LOG_LINES = 8;
const CHART = { width: 560, height: 208, left: 22, bottom: 20, top: 6, shortest: 30 };

class DeploymentPanelView {
  constructor(body, store, frame) {
    this.store = store;
    this.frame = frame;
    this.name = store.fact("name");
    this.controls = new Controls(store);
    this.sets = new SetList(store);
    this.rollout = h("p", { class: "kl-rollout" });
    this.timeline = new Timeline(store);
    this.traffic = new TrafficLog(store);
    const left = h("div", {}, this.controls.root, this.sets.root, this.rollout);
    body.append(h("div", { class: "kl-columns" }, left, this.timeline.root), this.traffic.root);
    const where = `Deployment in namespace ${store.fact("namespace")}`;
    frame.title.replaceChildren(h("strong", {}, this.name), h("span", {}, where));
    frame.root.setAttribute("aria-label", `Deployment ${this.name}`);
  }

  update(changes) {
    const row = this.store.section("deployment")[this.name];
    if (changes.deployment) this.controls.show(row);
    if (changes.sets || changes.pods) this.sets.show();
    if (changes.sets || changes.history) this.timeline.draw();
    if (changes.traffic || changes.requests) this.traffic.show();
    const missing = `There is no Deployment ${this.name} in this namespace yet.`;
    setText(this.rollout, row?.rollout ?? missing);
    const ready = row ? [`${row.ready} of ${row.replicas} ready`] : [];
    keyed(this.frame.chips, ready, (words) => words, (words) => h("span", { class: "kl-chip" }, words));
    this.frame.say(`Deployment ${this.name}: ${[...ready, this.rollout.textContent].join(", ")}`);
  }

  /** Time goes on in the picture, even when nothing happens. */
  tick() {
    this.timeline.draw();
  }
}

class Controls {
  constructor(store) {
    this.store = store;
    this.maximum = store.fact("maximum");
    this.number = h("output", { class: "kl-number" }, "–");
    this.slider = h("input", {
      type: "range",
      min: 0,
      max: this.maximum,
      class: "kl-slider",
      "aria-label": "Replicas",
      "data-lm-suppress-shortcuts": "true",
      oninput: () => this.slide(),
    });
    this.versions = store.fact("images").map(({ image, tag }) => {
      const act = () => store.act("image", { image });
      return button({ class: "kl-button kl-version", title: `kubectl set image … ${image}`, onclick: act }, tag || image);
    });
    this.kill = this.makeButton("kill", "Kill a pod", "kubectl delete pod, for one of them by chance");
    this.undo = this.makeButton("undo", "Undo rollout", "kubectl rollout undo: back to the revision before");
    this.surge = this.makeLimit("at most this many pods more than wanted, while a rollout goes on");
    this.unavailable = this.makeLimit("at most this many pods fewer than wanted, while a rollout goes on");
    this.probe = button({ class: "kl-button kl-probe", onclick: () => this.askIfReady() }, "Readiness probe");
    this.root = h("div", { class: "kl-controls" }, ...this.fields());
  }

  /** A number of pods, or a share of them. */
  makeLimit(title) {
    const send = () => {
      const [surge, unavailable] = [this.surge.value, this.unavailable.value];
      if (surge.trim() && unavailable.trim()) this.store.act("limits", { surge, unavailable });
    };
    const shortcuts = { "data-lm-suppress-shortcuts": "true" };
    return h("input", { type: "text", size: 4, class: "kl-input", title, onchange: send, ...shortcuts });
  }

  askIfReady() {
    this.store.act("readiness", { on: this.probe.getAttribute("aria-pressed") !== "true" });
  }

  makeButton(action, label, title) {
    return button({ class: `kl-button kl-${action}`, title, onclick: () => this.store.act(action, {}) }, label);
  }

  fields() {
    const marks = Array.from({ length: this.maximum + 1 }, (_, i) =>
      h("span", {}, i % 5 && this.maximum > 10 ? "" : String(i)),
    );
    const ticks = h("div", { class: "kl-ticks", "aria-hidden": "true" }, ...marks);
    const fields = [["Replicas", h("div", { class: "kl-range" }, this.slider, ticks), this.number]];
    if (this.versions.length) fields.push(["Version", buttons("Version", this.versions)]);
    fields.push(["Act", buttons("Act", [this.kill, this.undo])]);
    const limits = [h("label", {}, "surge ", this.surge), h("label", {}, "unavailable ", this.unavailable)];
    fields.push(["Rollout", h("div", { class: "kl-limits" }, ...limits, this.probe)]);
    return fields.map(([label, ...content]) =>
      h("div", { class: "kl-field" }, h("span", { class: "kl-label" }, label), ...content),
    );
  }

  slide() {
    setText(this.number, this.slider.value);
    clearTimeout(this.timer);
    this.timer = setTimeout(() => {
      this.timer = undefined;
      this.store.act("scale", { replicas: Number(this.slider.value) });
    }, WAIT_AFTER_SLIDE);
  }

  show(row) {
    for (const control of [this.slider, this.kill, this.undo, ...this.versions]) control.disabled = !row;
    this.showRollout(row);
    if (!row) return;
    // Not while somebody slides: it would be pulled out of the hand.
    if (this.timer === undefined) {
      this.slider.max = Math.max(this.maximum, row.replicas);
      this.slider.value = row.replicas;
      setText(this.number, String(row.replicas));
    }
    this.store.fact("images").forEach(({ image }, i) => {
      setAttribute(this.versions[i], "aria-pressed", String(image === row.image));
    });
  }

  showRollout(row) {
    this.surge.disabled = this.unavailable.disabled = !row?.rolling;
    this.probe.disabled = !row || (!row.probed && !row.port);
    if (!row) return;
    fill(this.surge, row.rolling ? row.surge : "");
    fill(this.unavailable, row.rolling ? row.unavailable : "");
    setAttribute(this.probe, "aria-pressed", String(row.probed));
    const [on, off] = ["pods count as soon as they run: make them say first that they are ready", "pods count when they say that they are ready"];
    const unknown = "the container names no port to ask";
    setAttribute(this.probe, "title", row.probed ? off : row.port ? on : unknown);
  }
}

/** What a text field shall say, unless somebody is typing in it. */
function fill(field, words) {
  if (field.getRootNode().activeElement !== field) field.value = words;
}

/** One line for each ReplicaSet, the newest revision first, with a mark for each of its pods. */
class SetList {
  constructor(store) {
    this.store = store;
    this.root = h("div", { class: "kl-sets" });
  }

  show() {
    const rows = Object.values(this.store.section("sets")).sort((a, b) => b.revision - a.revision);
    const colours = coloursOf(this.store);
    const pods = Object.values(this.store.section("pods")).sort(byAge);
    const patch = (line, row) => {
      const mine = pods.filter((pod) => pod.owner === `ReplicaSet/${row.name}`);
      this.patch(line, { row, pods: mine, colour: colours.get(row.name) });
      return line;
    };
    keyed(this.root, rows, (row) => row.name, (row) => patch(this.make(row), row), patch);
  }

  make(row) {
    return h(
      "div",
      { class: "kl-set", title: `${row.name}\n${row.image}` },
      h("i"),
      h("b", {}, row.tag || row.image),
      h("span", { class: "kl-revision" }),
      h("span", { class: "kl-marks" }),
      h("span", { class: "kl-count" }),
    );
  }

  patch(line, { row, pods, colour }) {
    const [stripe, , revision, marks, count] = line.children;
    stripe.style.background = colour;
    setText(revision, `revision ${row.revision}`);
    setText(count, `${row.ready} of ${row.desired} ready`);
    keyed(marks, pods, (pod) => `${pod.name} ${pod.phase}`, (pod) => {
      const words = `${pod.name}: ${pod.word}`;
      const look = this.store.fact("phases")[pod.phase];
      return h("span", { role: "img", title: words, "aria-label": words }, badge(look));
    });
  }
}

/** Bands over time, one for each ReplicaSet, the oldest at the bottom: solid for ready pods, pale
 * for desired ones that are not ready yet. */
class Timeline {
  constructor(store) {
    this.store = store;
    const { width, height } = CHART;
    this.drawing = svg("svg", {
      viewBox: `0 0 ${width} ${height}`,
      class: "kl-timeline",
      role: "img",
      "aria-label": "Pods of each ReplicaSet over the last minutes",
    });
    const legend = [h("i"), "ready", h("i", { class: "kl-pale" }), "desired, not ready yet"];
    this.root = h("figure", { class: "kl-figure" }, this.drawing, h("p", { class: "kl-legend" }, ...legend));
  }

  draw() {
    const now = this.store.now();
    const steps = Object.values(this.store.section("history")).sort((a, b) => a.at - b.at);
    const known = (now - (steps[0]?.at ?? now)) / 1_000;
    const seconds = Math.min(Math.max(known, CHART.shortest), this.store.fact("seconds"));
    const most = Math.max(4, ...steps.map(({ sets }) => sum(Object.values(sets).map(size))));
    const scale = makeScale({ now, seconds, most });
    const bands = this.bands(steps, scale, now);
    this.drawing.replaceChildren(...this.grid(scale, { seconds, most }), ...bands);
  }

  bands(steps, scale, now) {
    const colours = coloursOf(this.store);
    const names = [...colours.keys()];
    return names.flatMap((name, level) => {
      const paths = { ready: "", pale: "" };
      steps.forEach(({ at, sets }, i) => {
        if (!sets[name]) return;
        const [desired, ready] = sets[name];
        const base = sum(names.slice(0, level).map((below) => size(sets[below] ?? [0, 0])));
        const span = [scale.x(at), scale.x(steps[i + 1]?.at ?? now)];
        paths.ready += block(span, scale.y(base), scale.y(base + ready));
        paths.pale += block(span, scale.y(base + ready), scale.y(base + Math.max(desired, ready)));
      });
      const fill = colours.get(name);
      return [svg("path", { d: paths.pale, fill, class: "kl-pale" }), svg("path", { d: paths.ready, fill })];
    });
  }

  *grid(scale, { seconds, most }) {
    const { width, height, left } = CHART;
    const step = most > 12 ? 5 : most > 6 ? 2 : 1;
    for (let count = 0; count <= most; count += step) {
      const y = scale.y(count);
      yield svg("line", { x1: left, x2: width, y1: y, y2: y, class: "kl-rule" });
      yield svg("text", { x: left - 6, y: y + 4, "text-anchor": "end" }, String(count));
    }
    const ago = seconds < 100 ? `${Math.round(seconds / 10) * 10} s` : `${Math.round(seconds / 60)} min`;
    yield svg("text", { x: left, y: height - 4 }, `${ago} ago`);
    yield svg("text", { x: width, y: height - 4, "text-anchor": "end" }, "now");
  }
}

/** Who answers the requests, and with what. */
class TrafficLog {
  constructor(store) {
    this.store = store;
    const toggle = () => store.act("requests", { on: !store.section("traffic").on });
    this.toggle = button({ class: "kl-button kl-requests", onclick: toggle }, "Start requests");
    this.tally = h("span", { class: "kl-tally" });
    this.strip = h("div", { class: "kl-strip", role: "img" });
    this.log = h("ol", { class: "kl-log", "aria-label": "Latest requests", tabindex: "0" });
    const path = h("code", {}, `GET ${store.fact("service")}`);
    const head = h("div", { class: "kl-traffic-head" }, this.toggle, path, this.tally);
    const label = { role: "group", "aria-label": "Requests" };
    this.root = h("section", { class: "kl-traffic", ...label }, head, this.strip, this.log);
  }

  show() {
    const { on, ok = 0, failed = 0 } = this.store.section("traffic");
    setText(this.toggle, on ? "Stop requests" : "Start requests");
    const bad = h("b", { class: failed ? "kl-bad" : "" }, String(failed));
    const tally = [h("b", { class: "kl-good" }, String(ok)), " answered, ", bad, " failed"];
    this.tally.replaceChildren(...(ok + failed ? tally : []));
    this.strip.setAttribute("aria-label", `${ok} requests answered, ${failed} failed`);
    const requests = Object.entries(this.store.section("requests")).sort((a, b) => a[0] - b[0]);
    const latest = requests.slice(-LOG_LINES).reverse();
    this.colours = coloursOf(this.store);
    keyed(this.strip, requests, ([key]) => key, ([, entry]) => this.makeBar(entry));
    keyed(this.log, latest, ([key]) => key, ([, entry]) => this.makeLine(entry));
    this.strip.hidden = this.log.hidden = !requests.length;
  }

  makeBar(entry) {
    const bar = this.paint(h("i", { title: `${entry.code || "no answer"} ${entry.text}` }), entry);
    bar.classList.toggle("kl-error", entry.failed);
    return bar;
  }

  makeLine(entry) {
    return h(
      "li",
      { class: entry.failed ? "kl-failed" : "" },
      h("time", {}, clockTime(entry.at)),
      this.paint(h("i"), entry),
      h("b", {}, entry.code ? String(entry.code) : "–"),
      h("span", {}, entry.text),
      h("small", {}, `${entry.ms} ms`),
    );
  }

  /** In the colour of the ReplicaSet whose pod answered. */
  paint(element, entry) {
    const colour = this.colours.get(entry.owner?.replace("ReplicaSet/", ""));
    if (colour && !entry.failed) element.style.background = colour;
    return element;
  }
}

/** A ReplicaSet keeps its colour: they are given out by age. */
function coloursOf(store) {
  const palette = store.fact("colours");
  const rows = Object.values(store.section("sets")).sort(byAge);
  return new Map(rows.map((row, i) => [row.name, palette[i % palette.length]]));
}

function byAge(a, b) {
  const [one, other] = [a.created + a.name, b.created + b.name];
  return one < other ? -1 : one > other ? 1 : 0;
}

function makeScale({ now, seconds, most }) {
  const { width, height, left, bottom, top } = CHART;
  const start = now - seconds * 1_000;
  return {
    x: (at) => left + ((Math.max(at, start) - start) / (now - start)) * (width - left),
    y: (count) => height - bottom - (count / most) * (height - bottom - top),
  };
}

function block([from, to], low, high) {
  if (to <= from || low <= high) return "";
  return `M${from.toFixed(1)} ${low.toFixed(1)}V${high.toFixed(1)}H${to.toFixed(1)}V${low.toFixed(1)}Z`;
}

/** How many pods a ReplicaSet takes in the picture. */
function size([desired, ready]) {
  return Math.max(desired, ready);
}

function sum(numbers) {
  return numbers.reduce((total, number) => total + number, 0);
}

export default live("panel", DeploymentPanelView);
