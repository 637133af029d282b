// Predict: choose once, run the next cell, then compare.

function render({ model, el }) {
  const options = model.get("options");
  const answer = model.get("answer");
  const explain = model.get("explain");
  const canCompare = answer !== null || Boolean(explain);
  const choices = options.map((words, i) =>
    button(
      { class: "kl-choice", "aria-pressed": "false", onclick: () => choose(i) },
      h("span", { class: "kl-letter", "aria-hidden": "true" }, "abcdefghij"[i]),
      h("span", {}, words),
      h("span", { class: "kl-verdict" }),
    ),
  );
  const compare = button({ class: "kl-button", hidden: true, onclick: reveal }, "Compare");
  const news = h("p", { class: "kl-news", role: "status" }, "Choose before you go on.");
  const id = `kl-question-${Math.random().toString(36).slice(2)}`;
  const root = h(
    "div",
    { class: "kl-root kl-predict", role: "group", "aria-labelledby": id },
    h("div", { class: "kl-eyebrow" }, "Predict"),
    h("div", { class: "kl-question", id }, model.get("question")),
    h("div", { class: "kl-choices" }, ...choices),
    h("div", { class: "kl-below-choices" }, news, compare),
  );
  keepKeys(root);
  el.append(root);
  show();
  model.on("change:chosen", show);

  function choose(i) {
    if (model.get("chosen") !== null) return;
    model.set("chosen", i);
    model.save_changes();
    show();
    compare.focus();
  }

  function show() {
    const chosen = model.get("chosen");
    root.classList.toggle("kl-committed", chosen !== null);
    if (chosen === null) return;
    choices.forEach((choice, i) => {
      choice.setAttribute("aria-pressed", String(i === chosen));
      choice.setAttribute("aria-disabled", "true");
    });
    compare.hidden = !canCompare || root.classList.contains("kl-revealed");
    if (!root.classList.contains("kl-revealed"))
      setText(news, "Noted, and it stays. Now run the next cell and see.");
  }

  function reveal() {
    root.classList.add("kl-revealed");
    compare.hidden = true;
    const chosen = model.get("chosen");
    choices.forEach((choice, i) => {
      if (i === answer) {
        choice.classList.add("kl-right");
        setText(choice.lastChild, i === chosen ? "right" : "the answer");
      } else if (answer !== null && i === chosen) {
        choice.classList.add("kl-wrong");
        setText(choice.lastChild, "your choice");
      }
    });
    setText(news, explain || (chosen === answer ? "As you said." : "Not as you said."));
  }
}

export default { render };
