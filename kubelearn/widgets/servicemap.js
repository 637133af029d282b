// A Service beside the pods of its namespace: which labels fit, which pods are endpoints, who answered.

const MATCH = {
  yes: { glyph: "M3.5 8.5l3 3 6-7", words: "fits" },
  no: { glyph: "M4 4l8 8M12 4l-8 8", words: "does not fit" },
  missing: { glyph: "M4 4l8 8M12 4l-8 8", words: "missing" },
};
const WAYS = { endpoint: "M0 8h30", held: "M0 8h24", leaving: "M0 8h24", other: "" };
const NOT_PODS = { nobody: "No answer from any pod", unknown: "Answers that do not name their pod" };
const MANY = 20;

class ServiceMapView {
  constructor(body, store, frame) {
    this.store = store;
    this.frame = frame;
    this.states = store.fact("states");
    this.card = new ServiceCard(store);
    this.empty = h("p", { class: "kl-empty" });
    this.pods = h("ul", { class: "kl-pods", "aria-label": "Pods" });
    this.more = h("p", { class: "kl-more-pods" });
    this.slices = h("ul", { class: "kl-slices", "aria-label": "EndpointSlices" });
    const right = h("div", {}, this.makeTools(), this.pods, this.more, this.makeOthers());
    this.map = h("div", { class: "kl-map-of-service" }, h("div", {}, this.card.root, this.slices), right);
    this.detail = h("div", { class: "kl-detail" }, HINT);
    body.append(this.empty, this.map, this.detail);
    this.roving = new Roving(this.pods, ".kl-pod-line", () => {});
    for (const type of ["pointerover", "focusin"]) this.pods.addEventListener(type, (event) => this.describe(event));
    const [name, namespace] = [store.fact("service"), store.fact("namespace")];
    frame.title.replaceChildren(h("strong", {}, name), h("span", {}, `Service in namespace ${namespace}`));
    frame.root.setAttribute("aria-label", `Service ${name} and its pods`);
  }

  makeTools() {
    const ask = (times, words) => button({ class: `kl-button kl-ask-${times}`, onclick: () => this.store.act("ask", { times }) }, words);
    const toggle = () => this.store.act("keep", { on: this.keep.getAttribute("aria-pressed") !== "true" });
    this.keep = button({ class: "kl-button kl-keep-asking", "aria-pressed": "false", onclick: toggle }, "Keep asking");
    this.clear = button({ class: "kl-button kl-clear", onclick: () => this.store.act("clear", {}) }, "Count anew");
    this.last = h("span", { class: "kl-last" });
    const tools = [ask(1, "Ask once"), ask(MANY, `Ask ${MANY} times`), this.keep, this.clear];
    this.path = h("code");
    return h("div", {}, h("div", { class: "kl-tools" }, buttons("Requests to the Service", tools), this.path), this.last);
  }

  /** Answers that belong to no pod. */
  makeOthers() {
    this.others = Object.fromEntries(
      Object.entries(NOT_PODS).map(([key, words]) => {
        const tally = new Tally();
        const root = h("p", { class: `kl-other kl-${key}`, hidden: true }, h("span", {}, words), tally.root);
        return [key, { root, tally }];
      }),
    );
    return h("div", {}, ...Object.values(this.others).map((each) => each.root));
  }

  update(changes) {
    const { row } = this.store.section("service");
    if (changes.service || changes.connection) this.showService(row);
    if (changes.pods || changes.service) this.showPods();
    if (changes.slices) this.showSlices();
    if (changes.answers || changes.pods) this.showAnswers();
    if (changes.asking) this.showAsking();
  }

  showService(row) {
    const asking = this.store.section("connection").reason === "connecting";
    const [name, namespace] = [this.store.fact("service"), this.store.fact("namespace")];
    this.empty.hidden = Boolean(row);
    this.map.hidden = !row;
    setText(this.empty, asking ? "Asking the cluster…" : `There is no Service ${name} in namespace ${namespace}.`);
    if (row) this.card.show(row);
    const more = row?.more && `and ${row.more} pods more, which fit less`;
    const outside = row?.outside && `Addresses outside of pods: ${row.outside}, as the EndpointSlices say.`;
    setText(this.more, [more, outside].filter(Boolean).join(". "));
  }

  showPods() {
    const rows = Object.values(this.store.section("pods")).sort((a, b) => a.place - b.place);
    this.card.suggest(rows);
    this.roving.keepFocus(() => {
      const patch = (line, row) => line.klPod.show(row, this.states[row.state]);
      keyed(this.pods, rows, (row) => row.name, (row) => {
        const pod = new PodLine();
        pod.show(row, this.states[row.state]);
        return pod.root;
      }, patch);
    });
    const counts = {};
    for (const row of rows) counts[row.state] = (counts[row.state] ?? 0) + 1;
    const present = Object.keys(this.states).filter((key) => counts[key]);
    keyed(
      this.frame.chips,
      present,
      (key) => key,
      (key) => h("span", { class: "kl-chip", title: this.states[key].meaning }, badge(this.states[key]), h("b", {}, String(counts[key])), ` ${this.states[key].label}`),
      (chip, key) => setText(chip.querySelector("b"), String(counts[key])),
    );
    this.frame.say(present.map((key) => `${counts[key]} ${this.states[key].label}`).join(", ") || "No pods");
  }

  showSlices() {
    const rows = Object.values(this.store.section("slices"));
    keyed(this.slices, rows, (row) => JSON.stringify(row), (row) => this.sliceItem(row));
  }

  sliceItem(row) {
    const ready = row.endpoints.filter((each) => each.ready).length;
    const ports = row.ports.join(", ") || "none";
    const lines = row.endpoints.map((each) => {
      const not = [!each.ready && "not ready", each.terminating && (each.serving ? "terminating, serving" : "terminating")];
      return h("li", {}, h("code", {}, each.address), ` ${[each.pod, ...not].filter(Boolean).join(" · ")}`);
    });
    const head = h("p", {}, h("b", {}, `EndpointSlice ${row.name}`), ` ports ${ports} · ${ready} of ${row.endpoints.length} ready`);
    return h("li", {}, head, h("ul", {}, ...lines));
  }

  showAnswers() {
    const answers = this.store.section("answers");
    const most = Math.max(1, ...Object.values(answers));
    for (const line of this.pods.children) line.klPod.tally.show(answers[line.klPod.row.name] ?? 0, most);
    for (const [key, { root, tally }] of Object.entries(this.others)) {
      root.hidden = !answers[key];
      tally.show(answers[key] ?? 0, most);
    }
    this.clear.disabled = !Object.keys(answers).length;
  }

  showAsking() {
    const { on, last, path } = this.store.section("asking");
    setText(this.path, path ? `GET ${path}` : "");
    setAttribute(this.keep, "aria-pressed", String(Boolean(on)));
    this.last.hidden = !last;
    if (!last) return;
    const failed = last.who === "nobody";
    this.last.className = `kl-last ${failed ? "kl-bad" : "kl-good"}`;
    setText(this.last, `${last.code || "no answer"}: ${last.text} (${last.ms} ms)`);
    for (const line of this.pods.children) line.classList.toggle("kl-answered", line.klPod.row.name === last.who);
  }

  describe(event) {
    const row = event.target.closest?.(".kl-pod-line")?.klPod.row;
    if (!row) return;
    const others = row.labels.filter((label) => !label.match).map((label) => `${label.key}=${label.value}`);
    const words = [row.ip, ...row.ports.map((port) => `port ${port.words}`), others.length && `other labels: ${others.join(", ")}`];
    this.detail.replaceChildren(h("b", {}, row.name), ` ${words.filter(Boolean).join(" · ")}`);
  }
}

const HINT = "Change the selector or a target port, and see which pods are still endpoints. Each request goes through the API server to the Service.";

/** The Service's own facts, and the fields that change it. */
class ServiceCard {
  constructor(store) {
    this.store = store;
    this.type = h("p", { class: "kl-type" });
    this.meaning = h("p", { class: "kl-meaning" });
    this.selector = h("div", { class: "kl-fields" });
    this.none = h("p", { class: "kl-meaning" }, "No selector: nothing looks for pods. EndpointSlices are whatever somebody wrote, or was left.");
    this.ports = h("div", { class: "kl-fields" });
    this.known = h("datalist", { id: `kl-labels-${Math.random().toString(36).slice(2)}` });
    this.heal = button({ class: "kl-button kl-heal", hidden: true, onclick: () => store.act("heal", {}) }, "Put it back as it was");
    this.root = h(
      "section",
      { class: "kl-service", role: "group", "aria-label": "Service" },
      this.type,
      this.meaning,
      h("p", { class: "kl-part" }, "Selector"),
      this.selector,
      this.none,
      this.makeAdder(),
      h("p", { class: "kl-part" }, "Ports"),
      this.ports,
      this.heal,
      this.known,
    );
  }

  makeAdder() {
    const field = h("input", { class: "kl-input", placeholder: "key=value", "aria-label": "One more label to ask for: key=value" });
    const add = () => {
      const [key, ...rest] = field.value.split("=");
      if (!key.trim() || !rest.length) return;
      this.store.act("selector", { key: key.trim(), value: rest.join("=").trim() });
      field.value = "";
    };
    return h("form", { class: "kl-adder", onsubmit: (event) => (event.preventDefault(), add()) }, field, button({ class: "kl-button kl-add", type: "submit" }, "Add"));
  }

  show(row) {
    setText(this.type, [row.type, row.ip].filter(Boolean).join(" · "));
    setText(this.meaning, row.meaning);
    const asked = Object.entries(row.selector);
    this.none.hidden = asked.length > 0;
    const patch = (form, [, value]) => form.klShow(value);
    keyed(this.selector, asked, ([key]) => key, ([key, value]) => this.labelField(key, value), patch);
    const show = (form, port) => form.klShow(port.target);
    keyed(this.ports, row.ports, (port) => `${port.port} ${port.protocol} ${port.node}`, (port) => this.portField(port), show);
    this.heal.hidden = !row.changed;
  }

  /** What values the pods have, to choose from. */
  suggest(rows) {
    const values = new Set(rows.flatMap((row) => row.labels.map((label) => label.value)).filter(Boolean));
    keyed(this.known, [...values], (value) => value, (value) => h("option", { value }));
  }

  labelField(key, value) {
    const change = (text) => this.store.act("selector", { key, value: text });
    const remove = button({ class: "kl-button kl-drop", "aria-label": `Ask no more for ${key}`, title: `Ask no more for ${key}`, onclick: () => this.store.act("selector", { key, value: null }) }, "✕");
    return makeField({ label: `${key} =`, name: `Value of ${key} in the selector`, value, list: this.known.id, change }, remove);
  }

  portField(port) {
    const change = (target) => this.store.act("target", { port: port.port, target });
    const outside = port.node ? h("p", { class: "kl-meaning" }, `on every node: ${port.node}`) : "";
    const label = `${port.name ? `${port.name} ` : ""}${port.port}${port.protocol === "TCP" ? "" : `/${port.protocol}`} →`;
    return makeField({ label, name: `Target port of ${port.port}`, value: port.target, change }, outside);
  }
}

/** A field that follows what the cluster says, except while somebody types. */
function makeField({ label, name, value, list, change }, ...more) {
  const field = h("input", { class: "kl-input", "aria-label": name, value, list, spellcheck: "false" });
  const set = button({ class: "kl-button kl-set", type: "submit", disabled: true }, "Set");
  field.addEventListener("input", () => (set.disabled = !field.value.trim() || field.value === form.klValue));
  const submit = (event) => {
    event.preventDefault();
    if (!set.disabled) change(field.value.trim());
  };
  const form = h("form", { onsubmit: submit }, h("span", { class: "kl-key" }, label), field, set, ...more);
  form.klValue = value;
  form.klShow = (now) => {
    const typing = field.value !== form.klValue && field.value !== now;
    form.klValue = now;
    if (!typing) field.value = now;
    set.disabled = field.value === now;
  };
  return form;
}

class PodLine {
  constructor() {
    this.way = svg("svg", { class: "kl-way", viewBox: "0 0 34 16", "aria-hidden": "true" });
    this.icon = h("span", { class: "kl-icon" });
    this.name = h("strong");
    this.labels = h("span", { class: "kl-labels" });
    this.reason = h("span", { class: "kl-reason" });
    this.tally = new Tally();
    const words = h("span", { class: "kl-words" }, h("span", { class: "kl-first" }, this.name, this.labels), this.reason);
    this.root = h("li", { class: "kl-pod-line", tabindex: "-1", "data-lm-suppress-shortcuts": "true" }, this.way, this.icon, words, this.tally.root);
    this.root.klPod = this;
  }

  show(row, look) {
    if (this.row?.state !== row.state) {
      this.icon.replaceChildren(badge(look));
      this.root.dataset.state = row.state;
      this.way.replaceChildren(...way(row.state));
      this.way.style.setProperty("--kl-edge", look.edge);
    }
    this.row = row;
    setText(this.name, row.name);
    const asked = row.labels.filter((label) => label.match);
    keyed(this.labels, asked, (label) => JSON.stringify(label), labelChip);
    setText(this.reason, row.reason);
    const said = asked.map((label) => `${label.key} ${MATCH[label.match].words}`).join(", ");
    setAttribute(this.root, "aria-label", [`Pod ${row.name}`, look.label, row.reason, said].filter(Boolean).join(", "));
  }
}

function labelChip(label) {
  const { glyph, words } = MATCH[label.match];
  const title = label.match === "yes" ? `${label.key}=${label.value} ${words}` : `asked for: ${label.key}=${label.wanted}`;
  const mark = svg("svg", { class: "kl-mark-of", viewBox: "0 0 16 16", "aria-hidden": "true" }, svg("path", { d: glyph }));
  const text = label.value === null ? `no ${label.key}` : `${label.key}=${label.value}`;
  return h("span", { class: `kl-label kl-label-${label.match}`, title }, mark, text);
}

function way(state) {
  const line = svg("path", { d: WAYS[state] });
  if (state === "endpoint") return [line, svg("path", { class: "kl-tip", d: "M34 8l-9 -4.5v9z" })];
  return state === "other" ? [] : [line, svg("circle", { cx: 28, cy: 8, r: 4 })];
}

/** A bar and how often. */
class Tally {
  constructor() {
    this.bar = h("i");
    this.count = h("b");
    this.root = h("span", { class: "kl-tally" }, this.bar, this.count);
  }

  show(count, most) {
    this.bar.style.width = `${(count / most) * 100}px`;
    setText(this.count, count ? String(count) : "");
  }
}

export default live("service-map", ServiceMapView);
