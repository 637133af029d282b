// NodeInspector: a node's containers, and its processes as a tree.

const ACTIONS = {
  kubelet: { running: ["stop-kubelet", "Stop the kubelet"], stopped: ["start-kubelet", "Start the kubelet"] },
  machine: { on: ["stop-node", "Switch the machine off"], off: ["start-node", "Switch the machine on"] },
};

class NodeInspectorView {
  constructor(body, store, frame) {
    this.store = store;
    this.frame = frame;
    this.looks = store.fact("phases");
    this.kubelet = button({ class: "kl-button kl-do-kubelet", onclick: () => this.act("kubelet") });
    this.machine = button({ class: "kl-button kl-do-machine" });
    confirming(this.machine, () => this.askBeforeOff(), () => this.act("machine"));
    this.told = h("span", { class: "kl-told" });
    this.containers = new Table("Containers", this.containerColumns(), (row) => row.id);
    this.processes = new Table("Processes", processColumns(), (row) => String(row.pid));
    body.append(
      h("div", { class: "kl-tools" }, buttons("Act", [this.kubelet, this.machine]), this.told),
      h("p", { class: "kl-group" }, "Containers, as crictl ps -a shows them"),
      this.containers.root,
      h("p", { class: "kl-group" }, "Processes, as ps shows them"),
      this.processes.root,
    );
    const node = store.fact("node");
    frame.title.replaceChildren(h("strong", {}, node), h("span", {}, "from inside"));
    frame.root.setAttribute("aria-label", `Inside of node ${node}`);
  }

  containerColumns() {
    const state = (row) => h("span", { class: "kl-chip" }, badge(this.looks[row.phase]), row.state);
    return [
      { title: "State", cell: state, kind: "kl-narrow" },
      { title: "Container", cell: (row) => row.name },
      { title: "Pod", cell: (row) => row.pod },
      { title: "Image", cell: (row) => row.image, kind: "kl-faint" },
      { title: "Attempt", cell: (row) => String(row.attempt), kind: "kl-right" },
      { title: "PID", cell: (row) => (row.pid ? String(row.pid) : "–"), kind: "kl-right" },
      { title: "Id", cell: (row) => row.id, kind: "kl-code kl-faint kl-spare" },
    ];
  }

  update(changes) {
    if (changes.node) this.showNode();
    const containers = Object.values(this.store.section("containers")).sort((a, b) => b.created - a.created);
    const tree = this.store.section("processes").tree ?? [];
    if (changes.containers) this.containers.show(containers);
    if (changes.processes) this.processes.show(tree);
    const running = containers.filter((row) => row.state === "Running").length;
    const words = [`${running} of ${containers.length} containers run`, `${tree.length} processes`];
    keyed(this.frame.chips, words, (each) => each, (each) => h("span", { class: "kl-chip" }, each));
    this.frame.say(`${this.store.fact("node")}: ${words.join(", ")}`);
  }

  showNode() {
    const { kubelet, off } = this.store.section("node");
    this.actions = {
      kubelet: ACTIONS.kubelet[kubelet === "running" ? "running" : "stopped"],
      machine: ACTIONS.machine[off ? "off" : "on"],
    };
    for (const part of ["kubelet", "machine"]) setText(this[part], this.actions[part][1]);
    this.kubelet.disabled = Boolean(off) || !kubelet;
    setText(this.told, off || (kubelet && kubelet !== "running" ? "The kubelet does not run: what runs here goes on, but nobody looks after it." : ""));
  }

  act(part) {
    this.store.act(this.actions[part][0], {});
  }

  /** Everything that runs there dies with the machine. */
  askBeforeOff() {
    return this.actions.machine[0] === "stop-node" && "Click again: all that runs there ends";
  }
}

function processColumns() {
  const command = (row) => {
    const branch = row.depth ? h("span", { class: "kl-faint", "aria-hidden": "true" }, `${"  ".repeat(row.depth - 1)}└ `) : "";
    return h("span", { class: "kl-command-line" }, branch, row.command);
  };
  return [
    { title: "PID", cell: (row) => String(row.pid), kind: "kl-right kl-narrow" },
    { title: "User", cell: (row) => row.user, kind: "kl-faint kl-narrow" },
    { title: "Command", cell: command, kind: "kl-code" },
    { title: "Container", cell: (row) => row.container || "the node itself" },
  ];
}

export default live("inside-node", NodeInspectorView);
