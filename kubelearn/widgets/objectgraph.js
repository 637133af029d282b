// The objects of a namespace as boxes, and how they hang together as lines; the kernel says where.

const HINT = "Click an object to read about it; with the keyboard, the arrow keys lead from one to the next.";
const ROOM = { side: 6, top: 16, bottom: 8 };
const LEAST_WIDTH = 660; // narrower, the words could not be read: the picture scrolls instead

class ObjectGraphView {
  constructor(body, store, frame) {
    this.store = store;
    this.frame = frame;
    this.looks = store.fact("looks");
    this.strokes = store.fact("strokes");
    this.boxes = new Map();
    this.lines = new Map();
    this.chosen = null;
    this.lineLayer = svg("g", { "aria-hidden": "true" });
    this.boxLayer = svg("g");
    const label = `Objects of namespace ${store.fact("namespace")}`;
    this.picture = svg("svg", { class: "kl-graph", role: "group", "aria-label": label }, this.lineLayer, this.boxLayer);
    this.empty = h("p", { class: "kl-empty" });
    this.legend = h("ul", { class: "kl-legend", "aria-label": "Kinds of lines" });
    this.detail = h("div", { class: "kl-detail kl-facts" }, HINT);
    body.append(h("div", { class: "kl-scroll" }, this.picture), this.empty, this.legend, this.detail);
    this.roving = new Roving(this.boxLayer, ".kl-box", (element) => this.choose(element.klBox, { ask: true }));
    this.boxLayer.addEventListener("keydown", (event) => this.onKey(event));
    this.detail.addEventListener("keydown", (event) => event.key === "Escape" && this.asking && this.ask(false));
    frame.title.replaceChildren(h("strong", {}, store.fact("cluster")), h("span", {}, `namespace ${store.fact("namespace")}`));
    frame.root.setAttribute("aria-label", label);
  }

  update(changes) {
    if (changes.connection) this.showEmpty();
    if (changes.size) this.resize();
    if (!changes.boxes && !changes.lines) return;
    const boxes = Object.entries(changes.boxes ?? {});
    this.frame.calm(Object.keys(this.store.section("boxes")).length, boxes.length);
    this.roving.keepFocus(() => {
      for (const [id, row] of boxes) this.updateItem(this.boxes, id, row, (made) => new Box(made, this), this.boxLayer);
      for (const [id, row] of Object.entries(changes.lines ?? {}))
        this.updateItem(this.lines, id, row, (made) => new Line(made, this), this.lineLayer);
    });
    this.showEmpty();
    this.showLegend();
    this.showChips();
    this.showDetail();
  }

  updateItem(known, id, row, make, layer) {
    let item = known.get(id);
    if (!row) {
      item?.element.remove();
      known.delete(id);
      return;
    }
    if (!item) {
      item = make(row);
      known.set(id, item);
      layer.append(item.element);
    }
    item.show(row);
  }

  resize() {
    const { width = 0, height = 0 } = this.store.section("size");
    const [all, high] = [width + 2 * ROOM.side, height + ROOM.top + ROOM.bottom];
    setAttribute(this.picture, "viewBox", `${-ROOM.side} ${-ROOM.top} ${all} ${high}`);
    // Large enough to be read, and no larger than drawn.
    this.picture.style.maxWidth = `${all}px`;
    this.picture.style.minWidth = `${Math.min(all, Math.max(LEAST_WIDTH, all * 0.8))}px`;
  }

  showEmpty() {
    const asking = this.store.section("connection").reason === "connecting";
    this.empty.hidden = this.boxes.size > 0;
    this.picture.style.display = this.boxes.size ? "" : "none";
    setText(this.empty, asking ? "Asking the cluster…" : "There is nothing in this namespace yet.");
  }

  showLegend() {
    const used = new Set([...this.lines.values()].map((line) => line.row.kind));
    const kinds = Object.entries(this.strokes).filter(([kind]) => used.has(kind));
    keyed(this.legend, kinds, ([kind]) => kind, ([kind, stroke]) => this.legendItem(kind, stroke));
  }

  legendItem(kind, stroke) {
    const sample = svg("svg", { class: "kl-sample", viewBox: "0 0 36 8", "aria-hidden": "true" });
    sample.append(strokePath({ d: "M1 4h34" }, stroke));
    sample.style.setProperty("--kl-stroke", stroke.colour);
    return h("li", { title: stroke.meaning, class: `kl-legend-${kind}` }, sample, stroke.label);
  }

  showChips() {
    const counts = {};
    for (const { row } of this.boxes.values()) if (row.status) counts[row.status] = (counts[row.status] ?? 0) + (row.count ?? 1);
    const present = Object.keys(this.looks).filter((key) => counts[key]);
    keyed(
      this.frame.chips,
      present,
      (key) => key,
      (key) => h("span", { class: "kl-chip", title: this.looks[key].meaning }, badge(this.looks[key]), h("b", {}, String(counts[key])), ` ${this.looks[key].label}`),
      (chip, key) => setText(chip.querySelector("b"), String(counts[key])),
    );
    this.frame.say(present.map((key) => `${counts[key]} ${this.looks[key].label}`).join(", ") || "No objects");
  }

  // --- the chosen object --------------------------------------------------------------------

  onKey(event) {
    if (event.key !== "Enter" && event.key !== " ") return;
    const box = event.target.closest?.(".kl-box")?.klBox;
    if (!box) return;
    event.preventDefault();
    this.choose(box);
  }

  choose(box, { ask = false } = {}) {
    this.chosen = box.row.id;
    this.asking = ask && this.canDelete(box.row);
    this.told = undefined;
    this.roving.setTabStop(box.element);
    this.showDetail();
    if (this.asking) this.detail.querySelector(".kl-keep").focus();
  }

  canDelete(row) {
    return this.store.fact("actions") && row.consequence && row.status !== "Terminating" && row.kind !== "Node";
  }

  showDetail() {
    const box = this.boxes.get(this.chosen);
    for (const each of this.boxes.values()) each.mark(each === box);
    for (const each of this.lines.values()) each.mark(box && [each.row.source, each.row.target].includes(box.row.id));
    if (!box) {
      if (this.chosen) this.detail.replaceChildren("It is gone. ", HINT);
      this.chosen = null;
      return;
    }
    const links = this.linksOf(box.row.id);
    // Made anew only when it says something new: else the focus would be lost.
    const told = JSON.stringify([box.row.name, box.row.status, box.row.word, box.row.facts, links, this.asking]);
    if (told === this.told) return;
    const focused = this.detail.contains(this.detail.getRootNode().activeElement);
    this.told = told;
    this.detail.replaceChildren(...this.story(box.row, links));
    if (focused) this.detail.querySelector("button")?.focus();
  }

  linksOf(id) {
    const found = [];
    for (const { row } of this.lines.values()) {
      const stroke = this.strokes[row.kind];
      const off = row.status === "off" ? " (not ready)" : "";
      if (row.source === id) found.push(`${stroke.label} ${this.nameOf(row.target)}${off}`);
      if (row.target === id) found.push(`${stroke.back} ${this.nameOf(row.source)}${off}`);
    }
    return found;
  }

  nameOf(id) {
    const row = this.store.section("boxes")[id];
    return row ? `${row.kind} ${row.name}` : id;
  }

  story(row, links) {
    const facts = [...(row.facts ?? []), ["Links", links.join("; ")]].filter(([, value]) => value);
    const list = h("dl", {}, ...facts.flatMap(([label, value]) => [h("dt", {}, label), h("dd", {}, value)]));
    const head = h("p", {}, h("b", {}, `${row.kind} ${row.name}`), row.word ? ` · ${row.word}` : "");
    return [head, list, ...this.commands(row), ...this.deletion(row)];
  }

  commands(row) {
    if (row.count || row.word === "missing") return [];
    const where = row.kind === "Node" ? "" : ` -n ${this.store.fact("namespace")}`;
    const what = `${row.kind.toLowerCase()} ${row.name}${where}`;
    return [h("pre", { class: "kl-lines" }, `kubectl get ${what} -o yaml\nkubectl describe ${what}`)];
  }

  deletion(row) {
    if (!this.canDelete(row) || row.count) return [];
    if (!this.asking) return [button({ class: "kl-button kl-delete", onclick: () => this.ask(true) }, "Delete…")];
    const line = `kubectl delete ${row.kind.toLowerCase()} ${row.name} -n ${this.store.fact("namespace")}`;
    const yes = button({ class: "kl-button kl-really", onclick: () => this.remove(row) }, "Delete it");
    const no = button({ class: "kl-button kl-keep", onclick: () => this.ask(false) }, "Keep it");
    return [h("div", { class: "kl-question", role: "group", "aria-label": "Really delete?" }, h("p", {}, h("code", {}, line)), h("p", {}, row.consequence), no, yes)];
  }

  ask(asking) {
    this.asking = asking;
    this.showDetail();
    this.detail.querySelector(asking ? ".kl-keep" : ".kl-delete")?.focus();
  }

  remove(row) {
    this.asking = false;
    this.store.act("delete", { kind: row.kind, name: row.name });
    this.showDetail();
    this.roving.moveTo(this.boxes.get(row.id)?.element);
  }
}

/** A box with a state, a kind and a name. */
class Box {
  constructor(row, view) {
    this.view = view;
    this.icon = svg("g", { transform: "translate(9 12)" });
    this.above = svg("text", { class: "kl-above", y: 17 });
    this.name = svg("text", { class: "kl-name", y: 32 });
    this.ground = svg("rect", { rx: 7 });
    this.element = svg(
      "g",
      { class: "kl-box", role: "button", tabindex: "-1", "data-id": row.id, "data-kind": row.kind, "data-lm-suppress-shortcuts": "true", onclick: () => view.choose(this) },
      this.ground,
      this.icon,
      this.above,
      this.name,
    );
    this.element.klBox = this;
  }

  show(row) {
    const changed = this.row?.status !== row.status;
    this.row = row;
    if (changed) this.showStatus(row.status);
    this.element.style.transform = `translate(${row.x}px, ${row.y}px)`;
    setAttribute(this.ground, "width", String(row.width));
    setAttribute(this.ground, "height", String(row.height));
    for (const text of [this.above, this.name]) setAttribute(text, "x", String(row.indent));
    setText(this.above, row.above);
    setText(this.name, row.shown);
    const said = row.word || this.view.looks[row.status]?.label;
    setAttribute(this.element, "aria-label", [`${row.kind} ${row.name}`, said].filter(Boolean).join(", "));
  }

  showStatus(status) {
    const look = this.view.looks[status];
    this.element.dataset.status = status;
    this.element.style.setProperty("--kl-colour", look?.colour ?? "transparent");
    this.element.style.setProperty("--kl-edge", look?.edge ?? "var(--kl-line)");
    this.icon.replaceChildren(...(look ? [sized(badge(look))] : []));
  }

  mark(chosen) {
    this.element.classList.toggle("kl-chosen", chosen);
    setAttribute(this.element, "aria-pressed", String(chosen));
  }
}

/** A line with an arrow's head, and a word where there is room for it. */
class Line {
  constructor(row, view) {
    const stroke = view.strokes[row.kind];
    this.path = strokePath({}, stroke);
    this.head = svg("path", { class: "kl-head" });
    this.word = svg("text", { class: "kl-word" }, stroke.label);
    this.element = svg("g", { class: "kl-line", "data-id": row.id, "data-kind": row.kind }, this.path, this.head, this.word);
    this.element.style.setProperty("--kl-stroke", stroke.colour);
  }

  show(row) {
    this.row = row;
    this.element.dataset.status = row.status;
    setAttribute(this.path, "d", row.path);
    setAttribute(this.head, "d", row.head);
    this.word.style.display = row.label ? "" : "none";
    if (!row.label) return;
    setAttribute(this.word, "x", String(row.label.x));
    setAttribute(this.word, "y", String(row.label.y));
  }

  mark(near) {
    this.element.classList.toggle("kl-near", Boolean(near));
  }
}

/** Within a picture, styles give a badge no size. */
function sized(picture) {
  setAll(picture, { width: 18, height: 18 });
  return picture;
}

function strokePath(attributes, stroke) {
  return svg("path", { class: "kl-stroke", "stroke-dasharray": stroke.dash || null, ...attributes });
}

export default live("object-graph", ObjectGraphView);
