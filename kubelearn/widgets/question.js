// Questions: commit to an answer, then compare. Predict lets the next cell run in between.

const WORDS = {
  Predict: { ask: "Choose before you go on.", noted: "Noted, and it stays. Now run the next cell and see." },
  Quiz: { ask: "Commit yourself, then compare.", noted: "Noted, and it stays." },
};

class QuestionView {
  constructor(model) {
    this.model = model;
    this.kind = model.get("kind");
    this.words = WORDS[model.get("word")];
    this.choices = model.get("options").map((words, i) => this.choice(words, i));
    this.field = this.kind === "number" || this.kind === "text" ? this.makeField() : null;
    this.commit = button({ class: "kl-button kl-commit", onclick: () => this.onCommit() }, "Commit");
    this.compare = button({ class: "kl-button kl-compare", hidden: true, onclick: () => this.reveal() }, "Compare");
    this.news = h("p", { class: "kl-news", role: "status" }, this.words.ask);
    this.root = this.makeRoot();
    keepKeys(this.root);
    this.changed = () => this.show();
    for (const name of ["given", "compared", "verdict"]) model.on(`change:${name}`, this.changed);
    this.show();
  }

  makeRoot() {
    const id = `kl-question-${Math.random().toString(36).slice(2)}`;
    const word = this.model.get("word");
    return h(
      "div",
      { class: `kl-root kl-question-root kl-${word.toLowerCase()}`, role: "group", "aria-labelledby": id },
      h("div", { class: "kl-eyebrow" }, this.kind === "several" ? `${word}: several may be right` : word),
      setProse(h("div", { class: "kl-question", id }), this.model.get("question")),
      this.field ? h("div", { class: "kl-field" }, this.field, h("span", {}, this.model.get("unit"))) : h("div", { class: `kl-choices${this.model.get("why").length ? " kl-long" : ""}` }, ...this.choices),
      h("div", { class: "kl-below-choices" }, this.commit, this.news, this.compare),
    );
  }

  choice(words, i) {
    return button(
      { class: "kl-choice", "aria-pressed": "false", onclick: () => this.choose(i) },
      h("span", { class: "kl-letter", "aria-hidden": "true" }, "abcdefghij"[i]),
      h("span", { class: "kl-said" }, setProse(h("span"), words), h("span", { class: "kl-why" })),
      h("span", { class: "kl-verdict" }),
    );
  }

  makeField() {
    return h("input", {
      class: "kl-answer",
      type: "text",
      inputmode: this.kind === "number" ? "decimal" : "text",
      "aria-label": "Your answer",
      "data-lm-suppress-shortcuts": "true",
      autocomplete: "off",
      spellcheck: "false",
      oninput: () => this.show(),
      onkeydown: (event) => this.onKey(event),
    });
  }

  onKey(event) {
    if (event.key !== "Enter") return;
    // The focus moves on to a button, which must not take this key for a click.
    event.preventDefault();
    this.onCommit();
  }

  get given() {
    return this.model.get("given") ?? null;
  }

  get chosen() {
    return this.given ?? this.choices.flatMap((choice, i) => (choice.getAttribute("aria-pressed") === "true" ? [i] : []));
  }

  /** One right option: to choose is to commit. Of several each can be taken back before. */
  choose(i) {
    if (this.given !== null) return;
    if (this.kind === "one") return this.give([i]);
    const choice = this.choices[i];
    choice.setAttribute("aria-pressed", String(choice.getAttribute("aria-pressed") !== "true"));
    this.show();
  }

  onCommit() {
    if (this.given !== null || this.commit.disabled) return;
    if (!this.field) return this.give(this.chosen);
    const text = this.field.value.trim();
    this.give(this.kind === "number" ? numberIn(text) : text);
  }

  give(answer) {
    this.model.set("given", answer);
    this.model.save_changes();
    this.show();
    if (!this.compare.hidden) this.compare.focus();
  }

  reveal() {
    this.model.set("compared", true);
    this.model.save_changes();
    this.show();
  }

  get comparable() {
    const { model } = this;
    return Boolean(model.get("right").length || model.get("solution") || model.get("explain") || model.get("why").length);
  }

  show() {
    const committed = this.given !== null;
    const revealed = committed && this.model.get("compared");
    this.root.classList.toggle("kl-committed", committed);
    this.root.classList.toggle("kl-revealed", revealed);
    this.commit.hidden = committed || this.kind === "one";
    this.commit.disabled = this.field ? !this.readable() : !this.chosen.length;
    this.compare.hidden = !committed || revealed || !this.comparable;
    if (this.field) this.showField(committed, revealed);
    else this.choices.forEach((choice, i) => this.showChoice(choice, i, committed, revealed));
    setProse(this.news, this.said(committed, revealed));
  }

  readable() {
    const text = this.field.value.trim();
    return Boolean(text) && (this.kind === "text" || !Number.isNaN(numberIn(text)));
  }

  showField(committed, revealed) {
    if (committed) this.field.value = String(this.given);
    this.field.readOnly = committed;
    const verdict = this.model.get("verdict");
    this.field.classList.toggle("kl-right", revealed && verdict === true);
    this.field.classList.toggle("kl-wrong", revealed && verdict === false);
  }

  showChoice(choice, i, committed, revealed) {
    if (!committed) return;
    const right = this.model.get("right");
    const chosen = this.given.includes(i);
    const isRight = right.includes(i);
    choice.setAttribute("aria-pressed", String(chosen));
    choice.setAttribute("aria-disabled", "true");
    if (!revealed) return;
    choice.classList.toggle("kl-right", isRight);
    choice.classList.toggle("kl-wrong", chosen && right.length > 0 && !isRight);
    setText(choice.lastChild, this.verdictOf(chosen, isRight, right));
    setProse(choice.querySelector(".kl-why"), this.model.get("why")[i] ?? "");
  }

  verdictOf(chosen, isRight, right) {
    if (!right.length) return "";
    if (isRight) return chosen ? "right" : this.kind === "one" ? "the answer" : "right too";
    return chosen ? (this.kind === "one" ? "your choice" : "not right") : "";
  }

  said(committed, revealed) {
    if (!committed && this.field?.value.trim() && !this.readable()) return "That is not a number yet.";
    if (!committed) return this.words.ask;
    if (!revealed) return this.words.noted;
    return [this.judged(), this.model.get("explain")].filter(Boolean).join(" ");
  }

  /** What the kernel says; of options the page knows as well. */
  get verdict() {
    const right = this.model.get("right");
    if (!right.length) return this.model.get("verdict");
    return right.length === this.given.length && right.every((i) => this.given.includes(i));
  }

  judged() {
    const { kind, model, verdict } = this;
    if (kind === "one") return model.get("explain") ? "" : this.given[0] === model.get("right")[0] ? "As you said." : "Not as you said.";
    if (verdict == null) return "The kernel is busy, and compares as soon as it is free.";
    const solution = `The answer is ${model.get("solution")}${model.get("unit") && ` ${model.get("unit")}`}.`;
    if (verdict) return "Right.";
    return this.field ? `Not right. ${solution}` : "Not all right.";
  }

  close() {
    for (const name of ["given", "compared", "verdict"]) this.model.off?.(`change:${name}`, this.changed);
  }
}

/** A number as people type it, with a comma too. */
function numberIn(text) {
  return text ? Number(text.replace(",", ".")) : NaN;
}

function render({ model, el }) {
  const view = new QuestionView(model);
  el.append(view.root);
  return () => view.close();
}

export default { render };
