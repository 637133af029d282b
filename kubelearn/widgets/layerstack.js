// LayerStack: the base at the bottom; mark what the next build will do again, then compare.

function render({ model, el }) {
  const looks = model.get("looks");
  const ask = model.get("ask");
  const name = model.get("name");
  const stack = h("ol", { class: "kl-stack", reversed: true });
  const news = h("p", { class: "kl-news", role: "status" });
  const root = h(
    "div",
    { class: "kl-root kl-layers", role: "group", "aria-label": `Layers of image ${name}` },
    h("header", { class: "kl-head" }, h("div", { class: "kl-title" }, h("strong", {}, name), h("span", {}, "top layer first"))),
    stack,
    news,
  );
  keepKeys(root);
  el.append(root);
  const rows = model.get("rows");
  const layers = new Map(rows.map((row) => [row.number, layer(row)]));
  stack.append(...[...layers.values()].reverse());
  show();
  model.on("change:marked", show);
  model.on("change:outcome", show);

  function layer(row) {
    const look = looks[row.state];
    const flat = row.size < 0;
    const block = h(
      "div",
      { class: `kl-block${flat ? " kl-flat" : ""}`, style: `--kl-colour:${look.colour};--kl-edge:${look.edge}` },
      h("code", {}, row.text),
      h("span", { class: "kl-size" }, row.shown),
    );
    const words = [badge(look), h("span", {}, look.words)];
    const state = h("div", { class: "kl-state" }, h("div", { class: "kl-words" }, ...words), h("small", {}, row.why));
    const again = h("div", { class: "kl-again", role: "note", hidden: true });
    const mark = ask && button(
      { class: "kl-button kl-mark", "aria-pressed": "false", "aria-label": `Step ${row.number} will be done again`, onclick: () => toggle(row.number) },
      "again?",
    );
    return h("li", { class: "kl-layer", value: row.number }, ...(ask ? [mark] : []), block, state, again);
  }

  function toggle(number) {
    if (model.get("outcome").length) return;
    const marked = model.get("marked");
    const next = marked.includes(number) ? marked.filter((each) => each !== number) : [...marked, number];
    model.set("marked", next);
    model.save_changes();
    show();
  }

  function show() {
    const marked = new Set(model.get("marked"));
    const outcome = model.get("outcome");
    for (const [number, element] of layers) {
      const mark = element.querySelector(".kl-mark");
      if (mark) {
        setAttribute(mark, "aria-pressed", String(marked.has(number)));
        if (outcome.length) setAttribute(mark, "aria-disabled", "true");
      }
      const now = outcome.find((row) => row.number === number);
      if (now) showOutcome(element, now, marked.has(number));
    }
    setText(news, words(marked, outcome));
    news.hidden = !news.textContent;
  }

  function showOutcome(element, now, guessed) {
    const again = element.querySelector(".kl-again");
    const right = (now.state === "done") === guessed;
    const verdict = ask ? h("b", { class: right ? "kl-good" : "kl-bad" }, right ? "✓ as you said" : "✗ not as you said") : "";
    again.replaceChildren(badge(looks[now.state]), h("span", {}, `then ${looks[now.state].words}`), verdict, h("small", {}, now.why));
    again.hidden = false;
  }

  function words(marked, outcome) {
    if (!ask) return "";
    if (!outcome.length) return `Mark what the next build has to do again: ${marked.size} marked.`;
    const right = outcome.filter((row) => (row.state === "done") === marked.has(row.number)).length;
    return `${right} of ${outcome.length} as you said.`;
  }
}

export default { render };
