// InsideOut: what the machine sees beside what the container sees, with a switch for each namespace.

class InsideOutView {
  constructor(body, store, frame) {
    this.store = store;
    this.frame = frame;
    this.looks = store.fact("looks");
    const name = store.fact("name");
    frame.title.replaceChildren(h("strong", {}, name), h("span", {}, "a container made by hand"));
    frame.root.setAttribute("aria-label", `Container ${name} from both sides`);
    this.again = button({ class: "kl-button kl-again", onclick: () => store.act("start", {}) }, "Start again");
    this.state = h("p", { class: "kl-state" });
    this.rows = h("div", { class: "kl-rows" });
    const head = h(
      "div",
      { class: "kl-columns-head", "aria-hidden": "true" },
      h("span", {}, "namespace"),
      h("span", {}, "the machine sees"),
      h("span"),
      h("span", {}, "the container sees"),
    );
    body.append(h("div", { class: "kl-state-line" }, this.state, this.again), head, this.rows);
  }

  update(changes) {
    if (changes.namespaces) this.showRows();
    if (changes.container) this.showState();
  }

  showState() {
    const { pid } = this.store.section("container");
    setText(this.state, pid ? `Its first process is number ${pid} of this machine.` : "It does not run.");
    this.again.hidden = Boolean(pid);
    this.rows.classList.toggle("kl-ended", !pid);
  }

  showRows() {
    const known = this.store.section("namespaces");
    const rows = this.store.fact("kinds").map((kind) => known[kind]).filter(Boolean);
    const patch = (element, row) => this.patch(element, row);
    keyed(this.rows, rows, (row) => row.kind, (row) => this.make(row), patch);
    const own = rows.filter((row) => row.state === "own").map((row) => row.kind);
    const chips = [[this.looks.own, `${own.length} of its own`], [this.looks.shared, `${rows.length - own.length} the machine's`]];
    keyed(this.frame.chips, chips, ([, words]) => words, ([look, words]) => h("span", { class: "kl-chip" }, sign(look), words));
    this.frame.say(`Namespaces of its own: ${own.join(", ") || "none"}`);
  }

  make(row) {
    const label = `kl-ns-${row.kind}-${this.store.page}-${Math.random().toString(36).slice(2, 7)}`;
    const toggle = button(
      { class: "kl-switch", role: "switch", "aria-labelledby": label, onclick: () => this.flip(row.kind) },
      h("span", { class: "kl-knob", "aria-hidden": "true" }),
    );
    const element = h(
      "div",
      { class: "kl-row", role: "group", "aria-labelledby": label },
      h("div", { class: "kl-kind" }, toggle, h("div", {}, h("b", { id: label }, row.kind), h("small", {}, row.isolates), h("small", { class: "kl-why" }))),
      h("div", { class: "kl-side kl-host" }),
      h("div", { class: "kl-sign" }),
      h("div", { class: "kl-side kl-inside" }),
    );
    this.patch(element, row);
    return element;
  }

  patch(element, row) {
    const toggle = element.querySelector(".kl-switch");
    const look = this.looks[row.state];
    if (element.dataset.state !== row.state) {
      element.dataset.state = row.state;
      element.style.setProperty("--kl-colour", look.colour);
      element.querySelector(".kl-sign").replaceChildren(sign(look), h("span", { class: "kl-spoken" }, look.words));
    }
    setAttribute(toggle, "aria-checked", String(row.state === "own"));
    toggle.disabled = row.state === "refused";
    setAttribute(toggle, "title", row.refused || `Start it anew ${row.state === "own" ? "without" : "with"} a ${row.kind} namespace of its own`);
    this.showSide(element.querySelector(".kl-host"), row.host, row.host_id, "machine");
    const inside = row.inside.length ? row.inside : ["nothing: it does not run"];
    this.showSide(element.querySelector(".kl-inside"), inside, row.inside_id, "container");
    const why = element.querySelector(".kl-why");
    setText(why, row.refused && `not here: ${row.refused}`);
    why.hidden = !row.refused;
  }

  showSide(side, lines, id, who) {
    const shown = [...lines.map((words, i) => [`${i} ${words}`, words, ""]), ...(id ? [[`id ${id}`, `namespace ${id}`, "kl-id"]] : [])];
    keyed(side, shown, ([key]) => key, ([, words, kind]) => h("div", { class: kind, title: kind && `ls -l /proc/PID/ns, of the ${who}` }, words));
  }

  flip(kind) {
    const row = this.store.section("namespaces")[kind];
    this.store.act("switch", { kind, on: row.state !== "own" });
  }
}

function sign(look) {
  const mark = svg("svg", { class: "kl-badge", viewBox: "0 0 18 18", "aria-hidden": "true" });
  const strokes = look.sign === "=" ? "M5 7h8M5 11h8" : "M5 7h8M5 11h8M11.5 4l-5 10";
  mark.append(svg("circle", { cx: 9, cy: 9, r: 8.4, fill: look.colour }), svg("path", { d: strokes }));
  return mark;
}

export default live("insideout", InsideOutView);
