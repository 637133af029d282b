// The map of a cluster: nodes as boxes, their pods as tiles; where one may act, a click on a pod
// deletes it.

const ROOMY = 18; // up to so many pods each tile has two lines, up to the next one a single line
const COSY = 60;
const CONFIRM_FOR = 4_000;
const HINT = {
  true: "Click a pod to delete it, or a node to cordon or stop it. Each click appears below as a kubectl line and as the request that was sent.",
  false: "Point at a pod to read about it.",
};

class ClusterMapView {
  constructor(body, store, frame) {
    this.body = body;
    this.store = store;
    this.frame = frame;
    this.phases = store.fact("phases");
    this.canAct = store.fact("actions");
    this.cards = new Map();
    this.tiles = new Map();
    this.counts = new Map();
    this.lane = new Card("Waiting for a node", "kl-lane");
    this.grid = h("div", { class: "kl-nodes" });
    this.empty = h("p", { class: "kl-empty", hidden: true });
    this.detail = h("div", { class: "kl-detail" }, HINT[this.canAct]);
    body.append(this.lane.root, this.empty, this.grid, this.detail);
    this.showTitle();
    this.roving = new Roving(body, ".kl-pod", (element) => element.klTile.remove());
    for (const type of ["pointerover", "focusin"])
      body.addEventListener(type, (event) => this.describe(event));
    body.addEventListener("pointerleave", () => this.detail.replaceChildren(HINT[this.canAct]));
  }

  update(changes) {
    const pods = Object.entries(changes.pods ?? {});
    this.roving.keepFocus(() => {
      for (const [name, row] of Object.entries(changes.nodes ?? {})) this.updateNode(name, row);
      for (const [key, row] of pods) this.updatePod(key, row);
      if (changes.nodes) for (const tile of this.tiles.values()) this.place(tile);
      this.lane.root.hidden = !this.lane.list.childElementCount;
    });
    this.frame.calm(this.tiles.size, pods.length);
    this.showCounts();
  }

  updateNode(name, row) {
    let card = this.cards.get(name);
    if (!row) {
      card?.root.remove();
      this.cards.delete(name);
      return;
    }
    if (!card) {
      card = new NodeCard(name, this.store, this.canAct);
      const rank = nodeRank(row);
      const later = [...this.cards.values()].find((other) => nodeRank(other.row) > rank);
      this.grid.insertBefore(card.root, later?.root ?? null);
      this.cards.set(name, card);
    }
    card.show(row);
  }

  updatePod(key, row) {
    const tile = this.tiles.get(key) ?? (row && new PodTile(key, this));
    if (!tile) return;
    if (tile.row) this.count(tile.row.phase, -1);
    if (!row) {
      tile.element.remove();
      this.tiles.delete(key);
      return;
    }
    this.tiles.set(key, tile);
    this.count(row.phase, 1);
    tile.show(row);
    this.place(tile);
  }

  /** Put a tile where it belongs; the oldest pods come first. */
  place(tile) {
    const home = this.cards.get(tile.row.node)?.list ?? this.lane.list;
    if (tile.element.parentNode === home) return;
    let before = null;
    for (let other = home.lastElementChild; other; other = other.previousElementSibling) {
      if (other.klTile.rank < tile.rank) break;
      before = other;
    }
    home.insertBefore(tile.element, before);
  }

  count(phase, change) {
    this.counts.set(phase, (this.counts.get(phase) ?? 0) + change);
  }

  showTitle() {
    const cluster = this.store.fact("cluster");
    const names = this.store.fact("namespaces");
    const where = names.length ? `namespace ${names.join(", ")}` : "all namespaces";
    this.frame.title.replaceChildren(h("strong", {}, cluster), h("span", {}, where));
    this.frame.root.setAttribute("aria-label", `Map of cluster ${cluster}, ${where}`);
  }

  showCounts() {
    const present = Object.keys(this.phases).filter((phase) => this.counts.get(phase));
    const number = (phase) => String(this.counts.get(phase));
    keyed(
      this.frame.chips,
      present,
      (phase) => phase,
      (phase) => makeChip(this.phases[phase], number(phase)),
      (chip, phase) => setText(chip.querySelector("b"), number(phase)),
    );
    const pods = this.tiles.size;
    const density = pods <= ROOMY ? "roomy" : pods <= COSY ? "cosy" : "dense";
    if (this.body.dataset.density !== density) this.body.dataset.density = density;
    this.empty.hidden = this.cards.size > 0;
    const asking = this.frame.root.dataset.state === "connecting";
    setText(this.empty, asking ? "Asking the cluster…" : "This cluster has no nodes yet.");
    const words = present.map((phase) => `${number(phase)} ${this.phases[phase].label}`);
    this.frame.say(words.length ? `Pods: ${words.join(", ")}` : "No pods");
  }

  /** Below the picture: everything about the pod under the pointer, or with the focus. */
  describe(event) {
    const tile = event.target.closest?.(".kl-pod")?.klTile;
    if (tile?.armed) return;
    this.detail.replaceChildren(...(tile ? tile.story() : [HINT[this.canAct]]));
  }
}

/** A box with a title and pods in it. */
class Card {
  constructor(name, kind) {
    this.title = h("div", { class: "kl-card-title" }, h("strong", { title: name }, name));
    this.head = h("div", { class: "kl-card-head" }, this.title);
    this.list = h("div", { class: "kl-pods", role: "group", "aria-label": `Pods: ${name}` });
    this.root = h("section", { class: `kl-card ${kind}`, role: "group", "aria-label": name }, this.head, this.list);
  }
}

class NodeCard extends Card {
  constructor(name, store, canAct) {
    super(name, "kl-node");
    this.store = store;
    this.role = h("span", { class: "kl-role" });
    this.marks = h("span", { class: "kl-marks" });
    this.title.append(h("span", { class: "kl-below-title" }, this.role, this.marks));
    if (canAct) this.addMenu(name);
  }

  addMenu(name) {
    this.menu = h("div", { class: "kl-menu", hidden: true });
    this.toggle = button(
      {
        class: "kl-more",
        "aria-expanded": "false",
        "aria-label": `Actions for node ${name}`,
        title: "Cordon or stop this node",
      },
      "⋯",
    );
    this.head.append(this.toggle);
    this.head.after(this.menu);
    this.head.addEventListener("click", () => this.open(this.menu.hidden));
    this.root.addEventListener("keydown", (event) => {
      if (event.key !== "Escape" || this.menu.hidden) return;
      this.open(false);
      this.toggle.focus();
    });
  }

  open(open) {
    this.menu.hidden = !open;
    setAttribute(this.toggle, "aria-expanded", String(open));
    if (open) this.menu.querySelector("button:not([disabled])")?.focus();
  }

  show(row) {
    this.row = row;
    setText(this.role, row.role);
    const marks = [
      row.stopped && ["stopped", "The machine is switched off."],
      row.ready !== "True" && ["NotReady", row.reason || "No heartbeat."],
      row.cordoned && ["cordoned", "No new pods come here."],
    ].filter(Boolean);
    keyed(
      this.marks,
      marks,
      ([mark]) => mark,
      ([mark, why]) => h("span", { class: `kl-mark kl-mark-${mark}`, title: why }, mark),
    );
    this.root.classList.toggle("kl-down", row.ready !== "True" || Boolean(row.stopped));
    this.root.classList.toggle("kl-cordoned", row.cordoned);
    this.list.dataset.empty = row.reserved ? "kept free for the control plane" : "no pods";
    if (this.menu) this.showMenu(row);
  }

  showMenu(row) {
    const off = row.stopped || row.ready !== "True";
    const items = [
      row.cordoned
        ? ["uncordon", "Uncordon", "Let new pods come again"]
        : ["cordon", "Cordon", "Let no new pods come here"],
      off
        ? ["start", "Start", "Switch the machine on"]
        : ["stop", "Stop", "Switch the machine off, with all that runs on it"],
    ];
    keyed(this.menu, items, ([action]) => action, (item) => this.makeItem(item));
  }

  makeItem([action, label, title]) {
    const locked = action === "stop" && this.row.role === "control plane";
    return button(
      {
        class: `kl-button kl-do-${action}`,
        title: locked ? "The control plane runs here: without it nothing could be shown" : title,
        disabled: locked,
        onclick: () => {
          this.store.act(action, { name: this.row.name });
          this.open(false);
          this.toggle.focus();
        },
      },
      label,
    );
  }
}

class PodTile {
  constructor(key, map) {
    this.key = key;
    this.map = map;
    this.armed = false;
    this.icon = h("span", { class: "kl-icon" });
    this.name = h("span", { class: "kl-name" });
    this.below = h("span", { class: "kl-below" });
    this.short = h("span", { class: "kl-short" });
    this.element = button(
      { class: "kl-pod", tabindex: "-1", "data-key": key, onclick: () => this.remove() },
      this.icon,
      h("span", { class: "kl-words" }, this.name, this.below, this.short),
    );
    this.element.klTile = this;
  }

  show(row) {
    const changed = this.row?.phase !== row.phase;
    this.row = row;
    this.rank = row.created + this.key;
    if (changed) this.showPhase();
    const more = row.phase === "Failed" ? row.word : row.tag;
    setText(this.name, row.head);
    setText(this.below, [row.tail, more].filter(Boolean).join(" · ") || row.namespace);
    setText(this.short, row.tail || row.head);
    const act = this.canBeDeleted() ? `Click: kubectl delete pod ${row.name} -n ${row.namespace}` : "";
    setAttribute(this.element, "aria-label", `Pod ${row.name}, ${this.state()}${act && ". Press to delete it"}`);
    setAttribute(this.element, "title", `${row.name}: ${this.state()}\n${act}`.trim());
  }

  showPhase() {
    const look = this.map.phases[this.row.phase];
    this.element.dataset.phase = this.row.phase;
    this.element.style.setProperty("--kl-colour", look.colour);
    this.element.style.setProperty("--kl-edge", look.edge);
    this.element.classList.remove("kl-asked");
    this.arm(false);
    this.icon.replaceChildren(badge(look));
    // Starts the ring that marks a change anew.
    this.icon.style.animationName = "none";
    requestAnimationFrame(() => (this.icon.style.animationName = ""));
  }

  canBeDeleted() {
    return this.map.canAct && this.row.phase !== "Terminating";
  }

  /** Delete the pod; one that nobody would bring back only after a second click. */
  remove() {
    if (!this.canBeDeleted()) return;
    if (!this.row.owner && !this.armed) {
      this.arm(true);
      const words = `${this.row.name} has no controller that would bring it back. Click again to delete it.`;
      setText(this.map.detail, words);
      setTimeout(() => this.arm(false), CONFIRM_FOR);
      return;
    }
    this.arm(false);
    this.element.classList.add("kl-asked");
    this.map.store.act("delete", { name: this.row.name, namespace: this.row.namespace });
  }

  arm(armed) {
    this.armed = armed;
    this.element.classList.toggle("kl-armed", armed);
  }

  /** The state in words, with kubectl's own where that says more. */
  state() {
    const { word, phase } = this.row;
    const { label } = this.map.phases[phase];
    return word === phase || word === label ? label : `${label} (${word})`;
  }

  story() {
    const { row } = this;
    const facts = [
      this.state(),
      `containers ready ${row.ready}`,
      row.ip,
      row.image,
      `${row.restarts} restart${row.restarts === 1 ? "" : "s"}`,
      row.owner ? `owned by ${row.owner}` : "no owner",
    ];
    return [h("b", {}, row.name), ` ${facts.filter(Boolean).join(" · ")}`];
  }
}

function makeChip(look, number) {
  return h("span", { class: "kl-chip", title: look.meaning }, badge(look), h("b", {}, number), ` ${look.label}`);
}

/** Control plane first, then by name, worker2 before worker10. */
function nodeRank(row) {
  const name = row.name.replace(/\d+/g, (digits) => digits.padStart(8, "0"));
  return `${row.role === "worker" ? 1 : 0} ${name}`;
}
