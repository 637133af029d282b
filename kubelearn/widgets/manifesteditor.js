// ManifestEditor: the text, what the server would make of it, and the button that lets it.

const PAUSE = 500;

class ManifestEditorView {
  constructor(body, store, frame) {
    this.store = store;
    this.frame = frame;
    this.id = Math.random().toString(36).slice(2);
    this.turn = 0;
    this.editor = new YamlEditor("Manifest", "", { changed: () => this.typed(), submit: () => this.apply(false) });
    this.told = h("p", { class: "kl-told" });
    this.problem = h("p", { class: "kl-syntax kl-bad", hidden: true });
    this.list = h("ul", { class: "kl-results", "aria-label": "What the server would do" });
    this.force = button({ class: "kl-button kl-force", hidden: true, onclick: () => this.apply(true) }, "Apply and take the fields over (--force-conflicts)");
    this.go = button({ class: "kl-button kl-apply", title: "Ctrl+Enter", onclick: () => this.apply(false) }, "Apply");
    body.append(
      this.tools(),
      this.editor.root,
      h("div", { class: "kl-tools kl-acts" }, this.go, this.force, this.told),
      this.problem,
      this.list,
    );
    frame.title.replaceChildren(h("strong", {}, "Manifest"), h("span", {}, `namespace ${store.fact("namespace")}`));
    frame.root.setAttribute("aria-label", `Manifest editor, namespace ${store.fact("namespace")}`);
  }

  tools() {
    const names = Object.keys(this.store.fact("templates"));
    this.choice = h("select", { class: "kl-select", "aria-label": "Template", "data-lm-suppress-shortcuts": "true" }, ...names.map((name) => h("option", {}, name)));
    const insert = button({ class: "kl-button kl-insert", onclick: () => this.insert() }, "Insert template");
    return h("div", { class: "kl-tools" }, this.choice, insert);
  }

  /** At the end, as a document of its own. */
  insert() {
    const text = this.store.fact("templates")[this.choice.value];
    const area = this.editor.area;
    const before = area.value.trim() ? `${area.value.endsWith("\n") ? "" : "\n"}---\n` : "";
    area.setSelectionRange(before ? area.value.length : 0, area.value.length);
    this.editor.insert(before + text);
  }

  typed() {
    this.turn += 1;
    this.waiting = true;
    this.show();
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.send("check"), PAUSE);
  }

  send(name, more = {}) {
    clearTimeout(this.timer);
    this.waiting = false;
    this.store.act(name, { text: this.editor.text, turn: this.turn, page: this.id, ...more });
  }

  apply(force) {
    if (this.go.disabled && !force) return;
    this.turn += 1;
    this.send("apply", { force });
    this.show();
  }

  update(changes) {
    if (changes.text) this.take();
    this.show();
  }

  /** Another view, or an earlier life of this one, has typed. */
  take() {
    const { now } = this.store.section("text");
    if (!now || now.page === this.id || this.waiting) return;
    this.turn = Math.max(this.turn, now.turn);
    this.editor.set(now.text);
  }

  get fresh() {
    return (this.store.section("checked").text?.turn ?? -1) >= this.turn;
  }

  rows() {
    return Object.entries(this.store.section("objects")).sort((a, b) => a[0] - b[0]).map(([key, row]) => ({ key, ...row }));
  }

  show() {
    const rows = this.rows();
    const problem = this.store.section("checked").text?.problem;
    const states = this.store.fact("states");
    this.frame.root.classList.toggle("kl-outdated", !this.fresh);
    this.editor.mark(this.fresh ? [...rows.flatMap((row) => row.problems), ...(problem ? [problem] : [])] : []);
    setText(this.problem, problem?.message ?? "");
    this.problem.hidden = !problem;
    keyed(this.list, rows, (row) => JSON.stringify(row), (row) => this.row(row, states[row.state]));
    const conflict = rows.some((row) => row.state === "conflict");
    const nothing = !rows.length || problem || rows.every((row) => ["refused", "conflict"].includes(row.state));
    this.go.disabled = !this.fresh || Boolean(nothing);
    this.force.hidden = !conflict || !this.fresh;
    this.showWords(rows, problem, states);
  }

  showWords(rows, problem, states) {
    const counts = Object.entries(states).map(([state, { label }]) => [rows.filter((row) => row.state === state).length, label]);
    const words = counts.filter(([count]) => count).map(([count, label]) => `${count} ${label}`).join(", ");
    const said = problem ? "this is no manifest yet" : words || "nothing to apply";
    setText(this.told, this.fresh ? said : "the server is asked when you pause ...");
    if (this.fresh) this.frame.say(this.told.textContent);
  }

  row({ name, namespace, state, problems, difference: lines }, look) {
    const head = h("div", { class: "kl-object" }, badge(look), h("b", {}, name), h("span", { class: "kl-faint" }, [look.label, namespace && `in ${namespace}`].filter(Boolean).join(" ")));
    const item = h("li", { "data-state": state }, head);
    if (problems.length) item.append(h("ul", { class: "kl-problems" }, ...problems.map((problem) => this.problemOf(problem))));
    if (lines.length) item.append(this.changes(name, state, lines));
    return item;
  }

  problemOf({ line, field, message }) {
    const jump = button({ class: "kl-button kl-line-link", onclick: () => this.editor.go(line) }, `line ${line}`);
    const code = field && h("code", {}, field);
    return h("li", {}, jump, " ", code, code ? ": " : "", message);
  }

  changes(name, state, lines) {
    const [made] = differences([{ title: state === "new" ? "the whole object, defaults included" : "what would change", lines }]);
    made.open = this.opened?.get(name) ?? state === "changed";
    made.addEventListener("toggle", () => (this.opened ??= new Map()).set(name, made.open));
    return made;
  }
}

export default live("manifest", ManifestEditorView);
