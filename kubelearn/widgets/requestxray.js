// RequestXray: a form, the request in three languages, and the stages that it went through.

const TYPED_AFTER = 300; // so many ms after the last key, the kernel is told what was typed
const WITH_BODY = ["POST", "PUT", "PATCH"];
const NAMED = { account: "ServiceAccount", user: "User name" };

class RequestXrayView {
  constructor(body, store, frame) {
    this.store = store;
    this.frame = frame;
    this.picked = 0;
    this.fields = this.makeFields();
    this.problem = h("p", { class: "kl-bad", role: "status" });
    this.lines = Object.fromEntries(FORMS.map(([key, title]) => [key, block(title)]));
    this.list = h("ol", { class: "kl-stages", "aria-label": "Stages of the request" });
    this.outcome = h("p", { class: "kl-outcome", role: "status" });
    this.answer = h("pre", { class: "kl-source", tabindex: "0", role: "group", "aria-label": "The answer" });
    this.answered = h("details", { class: "kl-answer", hidden: true }, h("summary", {}, "The answer"), this.answer);
    const forms = h("div", { class: "kl-forms" }, ...Object.values(this.lines).map((each) => each.root));
    const left = h("div", { class: "kl-compose" }, this.makeForm(), this.problem, forms);
    const right = h("div", { class: "kl-way" }, this.outcome, this.answered, this.list);
    body.append(h("div", { class: "kl-columns" }, left, right));
    frame.title.replaceChildren(h("strong", {}, "One request"), h("span", {}, `cluster ${store.fact("cluster")}`));
    frame.root.setAttribute("aria-label", "One request to the API server");
  }

  // --- the form ---------------------------------------------------------------------------------

  makeFields() {
    const typed = () => this.typed();
    const { store } = this;
    const own = { "data-lm-suppress-shortcuts": "true", oninput: typed };
    const select = (label, options) =>
      h("select", { class: "kl-select", "aria-label": label, ...own }, ...options.map(([value, words]) => h("option", { value }, words)));
    return {
      kind: select("As whom", Object.entries(store.fact("identities"))),
      name: h("input", { class: "kl-input", size: 12, ...own }),
      method: select("Method", store.fact("methods").map((each) => [each, each])),
      path: h("input", { class: "kl-input kl-path", "aria-label": "Path", spellcheck: "false", ...own }),
      type: select("Kind of patch", Object.entries(store.fact("patches"))),
      text: h("textarea", { class: "kl-input kl-text", "aria-label": "Body, in YAML or JSON", spellcheck: "false", rows: 9, ...own }),
    };
  }

  makeForm() {
    const { kind, name, method, path, type, text } = this.fields;
    const pick = () => this.examples.value && this.store.act("pick", { example: this.examples.value });
    const own = h("option", { value: "" }, "your own");
    const titles = Object.entries(this.store.fact("examples")).map(([value, words]) => h("option", { value }, words));
    this.examples = h("select", { class: "kl-select kl-examples", "data-lm-suppress-shortcuts": "true", onchange: pick }, own, ...titles);
    const send = button({ class: "kl-button kl-send" }, "Send");
    const question = () => method.value === "DELETE" && "Click again: this deletes";
    confirming(send, question, () => this.send());
    return h(
      "div",
      { class: "kl-form" },
      h("label", { class: "kl-field" }, h("span", {}, "Example"), this.examples),
      h("div", { class: "kl-field" }, h("span", {}, "As"), kind, name),
      h("div", { class: "kl-field" }, method, path),
      h("div", { class: "kl-field" }, type),
      text,
      send,
    );
  }

  typed() {
    this.examples.value = "";
    this.fit();
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.store.act("compose", this.form()), TYPED_AFTER);
  }

  send() {
    clearTimeout(this.timer);
    setText(this.outcome, "on its way…");
    this.store.act("ask", this.form());
  }

  form() {
    return Object.fromEntries(Object.entries(this.fields).map(([key, field]) => [key, field.value]));
  }

  /** Only the fields that mean something are shown. */
  fit() {
    const { kind, name, method, type, text } = this.fields;
    name.hidden = !NAMED[kind.value];
    setAttribute(name, "aria-label", NAMED[kind.value] ?? "Name");
    type.parentElement.hidden = method.value !== "PATCH";
    text.hidden = !WITH_BODY.includes(method.value);
  }

  // --- what the kernel tells --------------------------------------------------------------------

  update(changes) {
    if (changes.request) this.showRequest();
    if (changes.stages) this.showStages();
    if (changes.outcome || changes.stages) this.showOutcome();
  }

  showRequest() {
    const { shown } = this.store.section("request");
    if (!shown) return;
    if (shown.picked !== this.picked) {
      this.picked = shown.picked;
      for (const [key, field] of Object.entries(this.fields)) field.value = shown.form[key];
      this.examples.value = shown.example;
      this.fit();
    }
    setText(this.problem, shown.problem);
    for (const [key, { text }] of Object.entries(this.lines)) setText(text, shown[key] ?? "");
  }

  showOutcome() {
    const { shown } = this.store.section("outcome");
    const { code, summary, warning, problem, answer } = shown ?? {};
    this.answered.hidden = !answer;
    setText(this.answer, answer ?? "");
    if (!shown) setText(this.outcome, "Not sent yet. How far will it get?");
    else if (problem) this.outcome.replaceChildren(h("span", { class: "kl-bad" }, problem));
    else {
      const number = h("b", { class: code < 400 ? "kl-good" : "kl-bad" }, String(code));
      this.outcome.replaceChildren(number, summary.slice(String(code).length));
      if (warning) this.outcome.append(h("span", { class: "kl-warning" }, ` Warning: ${warning}`));
    }
  }

  showStages() {
    const rows = this.store.section("stages").shown ?? [];
    const looks = this.store.fact("states");
    const patch = (item, row) => patchStage(item, row, looks[row.state]);
    keyed(this.list, rows, (row) => row.name, (row) => patch(makeStage(), row), patch);
  }
}

const FORMS = [
  ["http", "HTTP"],
  ["kubectl", "kubectl"],
  ["python", "Python"],
];

function block(title) {
  const text = h("pre", { class: "kl-source", tabindex: "0", role: "group", "aria-label": `The request as ${title}` });
  return { root: h("div", {}, h("p", { class: "kl-group" }, title), text), text };
}

function makeStage() {
  return h("li", { class: "kl-stage" });
}

function patchStage(item, row, look) {
  const told = JSON.stringify(row);
  if (item.klTold === told) return item;
  item.klTold = told;
  setAttribute(item, "data-state", row.state);
  const title = h("p", { class: "kl-stage-title" }, row.title, h("span", { class: "kl-state" }, look.label));
  const facts = row.facts.map((words) => h("p", { class: "kl-fact" }, words));
  const how = row.how ? [h("p", { class: "kl-how" }, `known by: ${row.how}`)] : [];
  const content = h("div", { class: "kl-stage-body" }, title, ...facts, ...differences(row.differences), ...how);
  item.replaceChildren(badge(look), content);
  return item;
}

export default live("request", RequestXrayView);
