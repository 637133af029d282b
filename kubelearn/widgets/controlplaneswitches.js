// ControlPlaneSwitches: one switch for each component.

class SwitchesView {
  constructor(body, store, frame) {
    this.store = store;
    this.frame = frame;
    this.looks = store.fact("states");
    this.groups = [
      new Group("Control plane", (row) => row.rank < 4),
      new Group("Nodes and add-ons", (row) => row.rank >= 4),
    ];
    body.append(...this.groups.map((group) => group.root));
    const cluster = store.fact("cluster");
    frame.title.replaceChildren(h("strong", {}, "Components"), h("span", {}, cluster));
    frame.root.setAttribute("aria-label", `Components of cluster ${cluster}`);
  }

  update(changes) {
    if (!changes.components) return;
    const rows = Object.values(this.store.section("components")).sort(byRank);
    for (const group of this.groups) {
      const mine = rows.filter(group.holds);
      group.root.hidden = !mine.length;
      const patch = (item, row) => this.patch(item, row);
      keyed(group.list, mine, (row) => row.name, (row) => patch(this.make(row), row), patch);
    }
    const off = rows.filter((row) => row.state !== "running");
    const words = off.length ? `${off.length} of ${rows.length} do not run` : `all ${rows.length} run`;
    keyed(this.frame.chips, [words], (each) => each, (each) => h("span", { class: "kl-chip" }, each));
    this.frame.say(`${words}${off.length ? ": " : ""}${off.map((row) => row.name).join(", ")}`);
  }

  make({ name }) {
    const parts = {
      icon: h("span", { class: "kl-icon" }),
      node: h("span", { class: "kl-node-name" }),
      purpose: h("span", { class: "kl-purpose" }),
      state: h("span", { class: "kl-state" }),
    };
    const flip = () => {
      const on = parts.flip.getAttribute("aria-checked") === "true";
      this.store.act(on ? "stop" : "start", { name });
    };
    parts.flip = button({ class: "kl-switch", role: "switch", "aria-label": name, onclick: flip }, h("i"));
    const what = h("div", { class: "kl-what" }, h("div", {}, h("strong", {}, name), " ", parts.node), parts.purpose);
    const item = h("li", { class: "kl-component" }, parts.flip, parts.icon, what, parts.state);
    item.klParts = parts;
    return item;
  }

  patch(item, row) {
    const { flip, icon, node, purpose, state } = item.klParts;
    const on = row.state !== "stopped";
    setAttribute(flip, "aria-checked", String(on));
    setAttribute(flip, "title", `cluster.internals.${on ? "stop" : "start"}("${row.name}")`);
    if (item.dataset.look !== row.look) icon.replaceChildren(badge(this.looks[row.look]));
    item.dataset.look = row.look;
    setText(node, row.name.includes("@") ? "" : row.node);
    setText(purpose, on ? row.purpose : row.without && `Without it: ${row.without}.`);
    setText(state, row.restarts ? `${row.state}, ${row.restarts} restarts` : row.state);
    return item;
  }
}

class Group {
  constructor(label, holds) {
    this.holds = holds;
    this.list = h("ul", { class: "kl-components" });
    this.root = h("section", { role: "group", "aria-label": label }, h("p", { class: "kl-group" }, label), this.list);
  }
}

function byRank(a, b) {
  return a.rank - b.rank || (a.name < b.name ? -1 : 1);
}

export default live("switches", SwitchesView);
