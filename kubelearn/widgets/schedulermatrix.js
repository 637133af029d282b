// SchedulerMatrix: a column for each node; above what the scheduler looks at, below what it thought.

const FIELDS = [
  ["cpu", "CPU", "100m"],
  ["memory", "Memory", "32Mi"],
  ["selector", "Node must have", "disk=ssd"],
  ["toleration", "Tolerates", "dedicated=lesson:NoSchedule"],
];

class SchedulerMatrixView {
  constructor(body, store, frame) {
    this.store = store;
    this.frame = frame;
    this.fields = Object.fromEntries(FIELDS.map(([key, , example]) => [key, this.input(example, () => this.typed())]));
    this.taint = this.input("key=value:NoSchedule", () => this.showGrid(), store.fact("taint"));
    this.label = this.input("key=value", () => this.showGrid(), store.fact("label"));
    this.makeButtons();
    this.head = h("tr");
    this.rows = h("tbody");
    const table = h("table", { class: "kl-table kl-grid" }, h("thead", {}, this.head), this.rows);
    this.grid = h("div", { class: "kl-scroll", role: "group", "aria-label": "Nodes and plugins", tabindex: "0" }, table);
    this.roving = new Roving(table, "button", () => {});
    this.more = h("p", { class: "kl-more", hidden: true });
    this.verdict = h("p", { class: "kl-verdict", role: "status" });
    this.why = h("p", { class: "kl-detail", hidden: true });
    this.failed = h("section", { class: "kl-failed-scheduling", role: "group", "aria-label": "FailedScheduling", hidden: true });
    body.append(this.makeForm(), this.grid, this.more, this.makeTools(), this.verdict, this.failed, this.why);
    frame.title.replaceChildren(h("strong", {}, "Which node, and why?"), h("span", {}, `namespace ${store.fact("namespace")}`));
    frame.root.setAttribute("aria-label", "Nodes and what the scheduler thinks of them");
  }

  input(placeholder, typed, value = "") {
    return h("input", { class: "kl-input", placeholder, value, spellcheck: "false", size: Math.max(9, placeholder.length, value.length + 2), "data-lm-suppress-shortcuts": "true", oninput: typed });
  }

  makeButtons() {
    const act = (name) => () => this.store.act(name, {});
    this.nowhere = button({ class: "kl-button kl-nowhere", onclick: () => this.store.act("choose", { node: "" }) }, "Nowhere: no node takes it");
    this.compare = button({ class: "kl-button kl-compare", onclick: act("compare") }, "Create the pod");
    this.another = button({ class: "kl-button kl-another", onclick: act("another") }, "Another pod");
    this.remove = button({ class: "kl-button kl-remove" }, "Delete the pod");
    confirming(this.remove, () => "Click again: the pod goes", act("delete"));
  }

  makeForm() {
    const named = ([key, words]) => h("label", { class: "kl-field" }, h("span", {}, words), this.fields[key]);
    this.name = h("strong", { class: "kl-pod" });
    return h("div", { class: "kl-form", role: "group", "aria-label": "The pod" }, h("span", { class: "kl-field" }, "Pod", this.name), ...FIELDS.map(named));
  }

  makeTools() {
    const field = (words, input) => h("label", { class: "kl-field" }, h("span", {}, words), input);
    const marks = h("div", { class: "kl-form" }, field("Taint to put on nodes", this.taint), field("Label", this.label));
    return h("div", { class: "kl-below" }, buttons("The pod", [this.nowhere, this.compare, this.another, this.remove]), marks);
  }

  typed() {
    const fields = Object.fromEntries(Object.entries(this.fields).map(([key, { value }]) => [key, value]));
    this.store.act("sample", fields);
  }

  // --- what the kernel tells --------------------------------------------------------------------

  get choice() {
    return this.store.section("choice");
  }

  update(changes) {
    if (changes.pod) this.showPod();
    if (changes.nodes || changes.choice || changes.decision || changes.pod) this.showGrid();
    if (changes.choice || changes.pod) this.showButtons();
    if (changes.pod || changes.decision || changes.choice) this.showFailed();
  }

  showPod() {
    const { shown } = this.store.section("pod");
    if (!shown) return;
    setText(this.name, shown.name);
    for (const [key, field] of Object.entries(this.fields)) {
      if (this.filled !== shown.name || shown.exists) field.value = shown.sample[key];
      field.disabled = shown.exists;
    }
    this.filled = shown.name;
  }

  showButtons() {
    const { node, revealed, verdict } = this.choice;
    const exists = this.store.section("pod").shown?.exists;
    setAttribute(this.nowhere, "aria-pressed", String(node === ""));
    this.nowhere.disabled = Boolean(revealed);
    this.compare.hidden = Boolean(revealed);
    this.compare.disabled = node === undefined;
    setText(this.compare, exists ? "Compare" : "Create the pod and compare");
    this.another.hidden = !revealed;
    this.remove.hidden = !exists;
    setText(this.verdict, verdict ?? "");
    this.frame.say(verdict ?? "");
  }

  showFailed() {
    const { shown, event } = this.store.section("pod");
    const { counted, reason } = this.store.section("decision");
    const { revealed } = this.choice;
    const message = event || shown?.reason;
    this.failed.hidden = !(revealed && message && !shown?.node);
    if (!this.failed.hidden) {
      const lines = (counted ?? []).map((row) =>
        h("li", {}, h("b", {}, String(row.count)), ` ${row.count === 1 ? "node" : "nodes"}: ${row.reason}`, row.plugin ? h("span", {}, ` · ${row.plugin}`) : ""),
      );
      this.failed.replaceChildren(h("p", { class: "kl-group" }, "FailedScheduling"), h("p", { class: "kl-words" }, message), h("ul", {}, ...lines));
    }
    this.why.hidden = !(revealed && reason && (shown?.node || message));
    setText(this.why, reason ? `Scores are not shown: ${reason}.` : "");
  }

  // --- the grid ---------------------------------------------------------------------------------

  showGrid() {
    const all = Object.values(this.store.section("nodes")).sort((a, b) => (a.name < b.name ? -1 : 1));
    const shown = this.choice.revealed ? this.store.section("decision").shown : undefined;
    const most = this.store.fact("most");
    const nodes = pickNodes(all, most, shown);
    setText(this.more, `${all.length - nodes.length} more nodes are not shown.`);
    this.more.hidden = nodes.length === all.length;
    this.frame.calm(all.length, 0);
    this.roving.keepFocus(() => {
      const heads = [{ name: "" }, ...nodes];
      keyed(this.head, heads, (node) => node.name, (node) => this.patchHead(this.makeHead(node), node), (cell, node) => this.patchHead(cell, node));
      const rows = [...this.lookedAt(), ...thoughts(shown, this.store.fact("plugins"))];
      const patch = (line, row) => patchRow(line, row, nodes);
      keyed(this.rows, rows, (row) => row.key, (row) => patch(makeRow(row), row), patch);
    });
  }

  makeHead({ name }) {
    if (!name) return h("td");
    const choose = button({ class: "kl-button kl-choose", tabindex: "-1", onclick: () => this.store.act("choose", { node: name }) }, name);
    return h("th", { scope: "col" }, choose);
  }

  patchHead(cell, { name }) {
    const { node, revealed } = this.choice;
    const choose = cell.firstChild;
    if (!choose) return cell;
    setAttribute(choose, "aria-pressed", String(node === name));
    setAttribute(choose, "aria-disabled", String(Boolean(revealed)));
    setAttribute(choose, "aria-label", node === name ? `${name}: your choice` : `Choose ${name}`);
    return cell;
  }

  /** What can be seen of nodes before the scheduler is asked. */
  lookedAt() {
    const toggle = (node, name, on, words, text) => {
      const it = button({ class: "kl-button kl-mark", tabindex: "-1", onclick: () => this.store.act(name, { node, on: !it.klOn, text: it.klText }) });
      return Object.assign(it, { klOn: on, klText: text, klWords: words });
    };
    const taint = this.taint.value.trim();
    const label = this.label.value.trim();
    const marks = (node) => [
      ["cordon", node.cordoned, node.cordoned ? "Uncordon" : "Cordon", ""],
      ["taint", node.taints.includes(taint), node.taints.includes(taint) ? "Untaint" : "Taint", taint],
      ["label", node.labels.includes(label), node.labels.includes(label) ? "Unlabel" : "Label", label],
    ];
    return [
      { key: "state", title: "State", cell: (node) => [node.ready ? "Ready" : "not Ready", node.cordoned ? ", cordoned" : ""].join("") },
      { key: "taints", title: "Taints", cell: (node) => node.taints.join("\n") || "–" },
      { key: "labels", title: "Labels", cell: (node) => node.labels.join("\n") || "–" },
      { key: "cpu", title: "CPU requested", bar: (node) => [...node.cpu, (value) => `${+value.toFixed(2)}`] },
      { key: "memory", title: "Memory requested", bar: (node) => [...node.memory, (value) => (value < 2048 ? `${value} Mi` : `${(value / 1024).toFixed(1)} Gi`)] },
      { key: "pods", title: "Pods", bar: (node) => [...node.pods, String] },
      { key: "marks", title: "Change", marks, toggle },
    ];
  }
}

/** The chosen node and the best ones, where there are too many. */
function pickNodes(all, most, shown) {
  if (all.length <= most) return all;
  const worth = ({ name }) => (name === shown?.node ? Infinity : (shown?.sums[name] ?? -1));
  return [...all].sort((a, b) => worth(b) - worth(a)).slice(0, most);
}

/** What the scheduler thought, once the learner has chosen. */
function thoughts(shown, plugins) {
  if (!shown) return [];
  const row = (kind) => ({ plugin, cells }) => ({ key: `${kind} ${plugin}`, title: plugin, hint: plugins[plugin] ?? "", kind, cell: (node) => cells[node.name] ?? "" });
  const rows = [{ key: "filters", group: "Filters: may it go there?" }, ...shown.filters.map(row("filter"))];
  const passes = (node) => (shown.left.includes(node.name) ? [] : "");
  if (!shown.filters.length) rows.push({ key: "none", title: "all plugins", hint: "no refusal is told", kind: "filter", cell: passes });
  if (shown.scores.length) {
    rows.push({ key: "scores", group: "Scores: which is best? (0 to 100, times the plugin's weight)" }, ...shown.scores.map(row("score")));
    rows.push({ key: "sum", title: "Sum", kind: "sum", cell: (node) => shown.sums[node.name] ?? "" });
  } else if (shown.left.length === 1) rows.push({ key: "scores", group: "Scores: only one node was left, so none were needed" });
  rows.push({ key: "chosen", title: "Chosen", kind: "chosen", cell: (node) => (node.name === shown.node ? "here" : "") });
  return rows;
}

function makeRow(row) {
  if (row.group) return h("tr", { class: "kl-part" }, h("th", { scope: "rowgroup" }, row.group));
  const hint = row.hint ? [h("span", { class: "kl-hint" }, row.hint)] : [];
  return h("tr", { "data-kind": row.kind }, h("th", { scope: "row" }, row.title, ...hint));
}

function patchRow(line, row, nodes) {
  if (row.group) {
    setText(line.firstChild, row.group);
    setAttribute(line.firstChild, "colspan", String(nodes.length + 1));
    return line;
  }
  const patch = (cell, node) => patchCell(cell, row, node);
  keyedCells(line, nodes, (node) => patch(h("td"), node), patch);
  return line;
}

/** Like `keyed`, behind the row's own head. */
function keyedCells(line, nodes, make, patch) {
  const old = new Map((line.klNodes ?? []).map((each) => [each.key, each]));
  line.klNodes = nodes.map((node) => {
    const known = old.get(node.name);
    old.delete(node.name);
    if (known) patch(known.element, node);
    return known ?? { key: node.name, element: make(node) };
  });
  for (const { element } of old.values()) element.remove();
  let place = line.firstChild.nextSibling;
  for (const { element } of line.klNodes) {
    if (element === place) place = place.nextSibling;
    else line.insertBefore(element, place);
  }
}

function patchCell(cell, row, node) {
  if (row.marks) return patchMarks(cell, row, node);
  const told = JSON.stringify(row.bar ? row.bar(node) : row.cell(node));
  if (cell.klTold === told) return cell;
  cell.klTold = told;
  if (row.bar) cell.replaceChildren(...bar(...row.bar(node)));
  else if (row.kind === "filter") cell.replaceChildren(...verdictOf(row.cell(node)));
  else if (row.kind === "score") cell.replaceChildren(...points(row.cell(node)));
  else setText(cell, String(row.cell(node)));
  return cell;
}

function patchMarks(cell, row, node) {
  row.marks(node).forEach(([name, on, words, text], i) => {
    const it = cell.children[i] ?? cell.appendChild(row.toggle(node.name, name, on, words, text));
    Object.assign(it, { klOn: on, klText: text });
    setText(it, words);
    setAttribute(it, "aria-label", `${words} ${node.name}${text ? `: ${text}` : ""}`);
  });
  return cell;
}

function bar(used, room, words) {
  const share = room ? Math.min(100, (used / room) * 100) : 0;
  const inner = h("span", { class: "kl-fill", style: `width: ${share}%` });
  return [h("span", { class: "kl-of" }, `${words(used)} of ${words(room)}`), h("span", { class: "kl-bar", "aria-hidden": "true" }, inner)];
}

/** A tick where it let the pod through, else the reasons; of nodes that another one refused, it is not told. */
function verdictOf(reasons) {
  if (reasons === "") return [h("span", { class: "kl-unasked", title: "not told: another plugin refused this node" }, "–")];
  if (!reasons.length) return [h("span", { class: "kl-good" }, "✓ passes")];
  return [h("span", { class: "kl-bad" }, `✕ ${reasons.join(", ")}`)];
}

function points(value) {
  if (value === "") return [];
  const inner = h("span", { class: "kl-fill", style: `width: ${Math.min(100, value / 3)}%` });
  return [h("span", { class: "kl-of" }, String(value)), h("span", { class: "kl-bar", "aria-hidden": "true" }, inner)];
}

export default live("matrix", SchedulerMatrixView);
