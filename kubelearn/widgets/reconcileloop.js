// ReconcileLoop: a card for each control loop: what is wanted beside what there is, and its queue.

const HEADS = ["", "spec", "status", "counted now"];

class ReconcileLoopView {
  constructor(body, store, frame) {
    this.store = store;
    this.frame = frame;
    this.cards = new Map(store.fact("loops").map((loop) => [loop.name, new LoopCard(store, loop)]));
    const list = h("div", { class: "kl-loops" }, ...[...this.cards.values()].map((card) => card.root));
    this.reason = h("p", { class: "kl-detail", hidden: true });
    this.sent = new Table("Requests of the loops", SENT, (row) => row.id);
    this.none = h("p", { class: "kl-empty" }, "Nothing was sent since this picture opened.");
    body.append(this.makeTools(), list, this.reason, h("p", { class: "kl-group" }, "What the loops sent to the API server"), this.sent.root, this.none);
    const { name, kind, namespace } = store.section("facts");
    frame.title.replaceChildren(h("strong", {}, name), h("span", {}, `${kind} in namespace ${namespace}`));
    frame.root.setAttribute("aria-label", `Control loops of ${kind} ${name}`);
    this.showSent();
  }

  makeTools() {
    const scale = (by, words) => button({ class: `kl-button kl-scale${by > 0 ? "-up" : "-down"}`, onclick: () => this.store.act("scale", { by }) }, words);
    const kill = confirming(button({ class: "kl-button kl-kill" }, "Delete a pod"), () => "Click again: it is deleted", () => this.store.act("kill", {}));
    const scaling = this.store.fact("scalable") ? [scale(1, "Want one more"), scale(-1, "Want one less")] : [];
    return h("div", { class: "kl-tools" }, buttons("Change something", [...scaling, kill]));
  }

  update(changes) {
    if (changes.cards) for (const [name, card] of this.cards) card.showObjects(this.store.section("cards")[name] ?? []);
    if (changes.queues || changes.inside || changes.steps) this.showQueues();
    if (changes.sent || changes.inside) this.showSent();
    if (changes.cards || changes.queues) this.showState();
  }

  showQueues() {
    const { reason } = this.store.section("inside");
    const [step] = Object.entries(this.store.section("steps"));
    for (const [name, card] of this.cards) card.showQueue(this.store.section("queues")[name], step?.[1].loop === name ? step : undefined);
    setText(this.reason, reason ? `Queues, pauses and steps are not shown: ${reason}.` : "");
    this.reason.hidden = !reason;
  }

  showSent() {
    const rows = Object.entries(this.store.section("sent")).map(([id, row]) => ({ id, ...row }));
    this.sent.show(rows.sort((a, b) => b.at - a.at));
    this.sent.root.hidden = !rows.length;
    const { audit } = this.store.section("inside");
    this.none.hidden = rows.length > 0;
    setText(this.none, audit ? `What they send is not shown: ${audit}.` : "Nothing was sent since this picture opened.");
  }

  showState() {
    const rows = Object.values(this.store.section("cards")).flatMap((cards) => cards.flatMap((card) => card.rows));
    const open = rows.filter((row) => !row.agrees).length;
    const paused = Object.values(this.store.section("queues")).filter((queue) => queue.paused).length;
    const words = [rows.length ? (open ? `${open} ${open === 1 ? "thing differs" : "things differ"}` : "all as wanted") : "it is not there"];
    if (paused) words.push(`${paused} paused`);
    keyed(this.frame.chips, words, (each) => each, (each) => h("span", { class: "kl-chip" }, each));
    this.frame.say(words.join(", "));
  }
}

const SENT = [
  { title: "Time", cell: (row) => clockTime(row.at), kind: "kl-faint kl-narrow" },
  { title: "Step", cell: (row) => (row.step ? String(row.step) : "–"), kind: "kl-right kl-narrow" },
  { title: "Loop", cell: (row) => row.loop, kind: "kl-narrow" },
  { title: "What", cell: (row) => (row.words ? `${row.deed}: ${row.words}` : row.deed) },
  { title: "Code", cell: (row) => h("b", { class: row.code < 400 ? "kl-good" : "kl-bad", title: row.request }, String(row.code)), kind: "kl-right kl-narrow" },
];

/** One loop: its objects, its queue, and the buttons that hold it and let it go. */
class LoopCard {
  constructor(store, { name, about }) {
    this.store = store;
    this.name = name;
    this.state = h("span", { class: "kl-state" });
    this.objects = h("div", { class: "kl-objects" });
    this.pause = button({ class: "kl-button kl-pause", onclick: () => store.act(this.paused ? "resume" : "pause", { loop: name }) }, "Pause");
    this.step = button({ class: "kl-button kl-step", onclick: () => store.act("step", { loop: name }) }, "Step");
    this.queue = h("ul", { class: "kl-queue", "aria-label": `Queue of ${name}` });
    this.did = h("p", { class: "kl-did", role: "status" });
    this.inner = h("div", { class: "kl-inner" }, buttons(`Hold ${name}`, [this.pause, this.step]), h("p", { class: "kl-group" }, "Queue"), this.queue, this.did);
    const head = h("div", { class: "kl-loop-head" }, h("strong", {}, name), this.state);
    this.root = h("section", { class: "kl-loop", role: "group", "aria-label": name }, head, h("p", { class: "kl-about" }, about), this.objects, this.inner);
  }

  showObjects(cards) {
    keyed(this.objects, cards, (card) => card.title.replace(/^\d+ /, ""), (card) => patchObject(makeObject(), card), patchObject);
    this.differs = cards.some((card) => card.rows.some((row) => !row.agrees));
    this.root.classList.toggle("kl-differs", this.differs);
  }

  showQueue(queue, step) {
    this.inner.hidden = !queue;
    setText(this.state, queue ? (queue.paused ? "paused" : "running") : "");
    if (!queue) return;
    this.paused = queue.paused;
    this.root.classList.toggle("kl-paused", queue.paused);
    setText(this.pause, queue.paused ? "Resume" : "Pause");
    this.step.disabled = !queue.paused || !queue.waiting.length;
    const items = [
      ...queue.working.map((key) => ({ key, how: "at work" })),
      ...queue.waiting.map((key) => ({ key, how: "waits" })),
      ...Object.entries(queue.later).map(([key, seconds]) => ({ key, how: `again in ${seconds} s` })),
    ];
    if (queue.more) items.push({ key: `and ${queue.more} more`, how: "" });
    if (!items.length) items.push({ key: "empty", how: "" });
    keyed(this.queue, items, (item) => item.key, (item) => this.patchKey(this.makeKey(item), item), (line, item) => this.patchKey(line, item));
    this.showStep(step);
  }

  makeKey({ key, how }) {
    if (!how) return h("li", { class: "kl-none" }, key);
    const words = h("span", { class: "kl-how" });
    const act = button({ class: "kl-button kl-key", title: "Let it work on this one", onclick: () => this.store.act("step", { loop: this.name, key }) }, key);
    return h("li", {}, act, words);
  }

  patchKey(line, { how }) {
    if (!how) return line;
    const [act, words] = line.children;
    act.disabled = !this.paused || how !== "waits";
    setText(words, how);
    return line;
  }

  showStep(step) {
    const [number, { key, problem } = {}] = step ?? [];
    setText(this.did, step ? `Step ${number}: ${key}${problem ? `. It failed: ${problem}` : ""}` : "");
    this.did.classList.toggle("kl-bad", Boolean(problem));
  }
}

function makeObject() {
  const heads = HEADS.map((head) => h("th", { scope: "col" }, head || h("span", { class: "kl-unseen" }, "what")));
  const body = h("tbody");
  const caption = h("caption");
  const root = h("table", { class: "kl-table kl-counts" }, caption, h("thead", {}, h("tr", {}, ...heads)), body);
  root.klParts = { caption, body };
  return root;
}

function patchObject(root, card) {
  const { caption, body } = root.klParts;
  setText(caption, card.title);
  keyed(body, card.rows, (row) => row.what, (row) => patchCounts(makeCounts(), row), patchCounts);
  return root;
}

function makeCounts() {
  return h("tr", {}, h("th", { scope: "row" }), h("td"), h("td"), h("td"));
}

function patchCounts(line, row) {
  const mark = row.agrees ? "✓" : "≠";
  const told = [`${mark} ${row.what}`, row.desired, row.observed, row.live];
  told.forEach((value, i) => setText(line.children[i], value === null ? "–" : String(value)));
  setAttribute(line, "data-agrees", String(row.agrees));
  [row.observed, row.live].forEach((value, i) => line.children[i + 2].classList.toggle("kl-off", value !== null && value !== row.desired));
  return line;
}

export default live("reconcile", ReconcileLoopView);
