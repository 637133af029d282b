// What states differ in: marked lines, one block for each object.

const SAID = { "+": "added", "-": "removed", " ": "", "@": "lines left out" };

/** `objects` have a title and lines, each a mark (`+`, `-`, a space, or `@` for a gap) and a text. */
function differences(objects) {
  return objects.map(({ title, lines }, i) => {
    const made = lines.map(([mark, text]) => {
      const attributes = { class: "kl-line", "data-mark": mark };
      if (mark === "@") return h("div", attributes, "⋯");
      const said = SAID[mark] && h("span", { class: "kl-unseen" }, `${SAID[mark]}: `);
      return h("div", attributes, h("i", { "aria-hidden": "true" }, mark), said, h("span", {}, text));
    });
    const code = h("div", { class: "kl-lines", tabindex: "0", role: "group", "aria-label": `Changes of ${title}` }, ...made);
    return h("details", { class: "kl-difference", open: i === 0 }, h("summary", {}, title), code);
  });
}
