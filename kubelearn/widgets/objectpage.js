// One object: what it is, its pods, events and logs, and what can be done to it.

const PARTS = { about: "About", yaml: "YAML", events: "Events", logs: "Logs" };

class ObjectView {
  /** `go(place)` leads somewhere else in the dashboard. */
  constructor(store, go) {
    this.store = store;
    this.go = go;
    this.part = "about";
    this.head = h("div", { class: "kl-objecthead" });
    this.tabs = choices("Parts", mapValues(PARTS, (words) => [words, words]), "about", (part) => this.open(part));
    this.deeds = h("div", { class: "kl-tools kl-deeds" });
    this.note = h("p", { class: "kl-notice kl-refused", role: "alert", hidden: true });
    this.about = h("div");
    this.pods = new Table("Its pods", this.podColumns(), (row) => row.name);
    this.podsTitle = h("p", { class: "kl-group" }, "Pods");
    this.yaml = h("pre", { class: "kl-yaml", tabindex: "0", role: "group", "aria-label": "YAML" });
    this.events = new EventList(store);
    this.logs = new LogPane(store);
    this.edit = h("p", { class: "kl-edit" });
    this.bodies = {
      about: h("div", {}, this.about, this.podsTitle, this.pods.root),
      yaml: h("div", {}, this.yaml, this.edit),
      events: this.events.root,
      logs: this.logs.root,
    };
    this.root = h("div", { class: "kl-objectpage" }, this.head, this.note, this.deeds, this.tabs, ...Object.values(this.bodies));
    this.told = "";
  }

  podColumns() {
    const looks = this.store.fact("looks");
    const link = (row) => button({ class: "kl-about", onclick: () => this.go({ kind: "pods", name: row.name }) }, row.name);
    return [
      { title: "Name", cell: link },
      { title: "Ready", cell: (row) => row.ready, kind: "kl-narrow" },
      { title: "Status", cell: (row) => h("span", { class: "kl-chip" }, badge(looks[row.phase]), row.word), kind: "kl-narrow" },
      { title: "Restarts", cell: (row) => String(row.restarts), kind: "kl-right kl-narrow" },
      { title: "Node", cell: (row) => row.node, kind: "kl-spare" },
    ];
  }

  /** Another object is on the page. */
  renew() {
    this.choosePart("about");
  }

  choosePart(part) {
    [...this.tabs.children].forEach((tab, i) => setAttribute(tab, "aria-pressed", String(Object.keys(PARTS)[i] === part)));
    this.open(part);
  }

  open(part) {
    this.part = part;
    for (const [name, body] of Object.entries(this.bodies)) body.hidden = name !== part;
    if (part === "logs") this.store.act("logs", {});
  }

  update(changes) {
    if (changes.object || changes.place) this.show();
    if (changes.pods || changes.object) this.showPods();
    this.events.update(changes);
    this.logs.update(changes);
  }

  tick() {
    if (this.part === "events") this.events.tick();
  }

  show() {
    const object = this.store.section("object");
    const { kind, name, refused } = this.store.section("place");
    this.showHead(object, kind, name);
    setText(this.note, object.gone ? "It is gone." : refused || "");
    this.note.hidden = !this.note.textContent;
    setText(this.yaml, (object.yaml ?? []).join("\n"));
    setText(this.edit, object.edit ? `To change it: $ ${object.edit}` : "");
    this.tabs.lastChild.hidden = !object.logs;
    const told = JSON.stringify([object.facts, object.conditions, object.owners]);
    if (told !== this.told) {
      this.told = told;
      this.about.replaceChildren(...this.makeAbout(object));
    }
    this.showDeeds(object, name);
  }

  showHead(object, plural, name) {
    const look = this.store.fact("looks")[object.state];
    const parts = [h("strong", {}, name), h("span", { class: "kl-faint" }, plural)];
    if (look) parts.push(h("span", { class: "kl-chip" }, badge(look), object.word));
    this.head.replaceChildren(...parts);
  }

  makeAbout({ facts = [], conditions = [], owners = [] }) {
    const parts = [];
    if (owners.length) {
      const links = owners.map(({ kind, name }) => button({ class: "kl-about", onclick: () => this.go({ kind, name }) }, h("span", { class: "kl-kind" }, kind), ` ${name}`));
      parts.push(h("p", { class: "kl-owners" }, "Owned by ", ...links));
    }
    const pairs = facts.flatMap(([label, value]) => [h("dt", {}, label), h("dd", {}, value)]);
    parts.push(h("dl", { class: "kl-facts" }, ...pairs));
    if (conditions.length) {
      const table = new Table("Conditions", CONDITIONS, (row) => row.type);
      table.show(conditions);
      parts.push(h("p", { class: "kl-group" }, "Conditions"), table.root);
    }
    return parts;
  }

  showPods() {
    const pods = Object.values(this.store.section("pods")).sort((a, b) => (a.name < b.name ? -1 : 1));
    const alone = this.store.section("place").kind === "pods";
    this.podsTitle.hidden = this.pods.root.hidden = alone || !pods.length;
    this.pods.show(pods);
  }

  /** Buttons are made anew only where they are others, so that the focus stays. */
  showDeeds({ deeds, consequence, gone }, name) {
    const told = JSON.stringify([deeds, consequence, gone, name]);
    if (told === this.toldDeeds) return;
    this.toldDeeds = told;
    this.deeds.replaceChildren(...(deeds && !gone ? this.makeDeeds(deeds, consequence) : []));
  }

  makeDeeds(deeds, consequence) {
    const act = (name, args = {}) => this.store.act(name, args);
    const made = [];
    if (deeds.scale !== null) {
      const count = h("input", { class: "kl-input kl-count", type: "number", min: "0", max: "50", value: deeds.scale, "aria-label": "How many pods", "data-lm-suppress-shortcuts": "true" });
      made.push(h("span", { class: "kl-scaling" }, count, button({ class: "kl-button kl-scale", onclick: () => act("scale", { replicas: Number(count.value) }) }, "Scale")));
    }
    if (deeds.restart) made.push(button({ class: "kl-button kl-restart", onclick: () => act("restart") }, "Restart"));
    if (deeds.cordon !== null) made.push(button({ class: "kl-button kl-cordon", onclick: () => act("cordon", { on: deeds.cordon }) }, deeds.cordon ? "Cordon" : "Uncordon"));
    if (deeds.delete) made.push(confirming(button({ class: "kl-button kl-delete" }, "Delete"), () => `Click again to delete. ${consequence}`, () => act("delete")));
    return made;
  }
}

const CONDITIONS = [
  { title: "Condition", cell: (row) => row.type },
  { title: "Status", cell: (row) => row.status, kind: "kl-narrow" },
  { title: "Reason", cell: (row) => row.reason },
  { title: "Message", cell: (row) => row.message },
  { title: "Since", cell: (row) => clockTime(row.since), kind: "kl-faint kl-narrow kl-spare" },
];

function mapValues(object, change) {
  return Object.fromEntries(Object.entries(object).map(([key, value]) => [key, change(value)]));
}
