// A table whose rows change: kept rows stay where they are, only their changed cells are made anew.

/** `columns` are {title, cell(row), kind}: `cell` gives text or an element, `kind` is a class. */
class Table {
  constructor(label, columns, keyOf) {
    this.columns = columns;
    this.keyOf = keyOf;
    this.body = h("tbody");
    const heads = columns.map(({ title, kind = "" }) => h("th", { scope: "col", class: kind }, title));
    const table = h("table", { class: "kl-table" }, h("thead", {}, h("tr", {}, ...heads)), this.body);
    this.root = h("div", { class: "kl-scroll", role: "group", "aria-label": label, tabindex: "0" }, table);
  }

  show(rows) {
    const patch = (line, row) => this.patch(line, row);
    keyed(this.body, rows, this.keyOf, (row) => patch(this.make(), row), patch);
  }

  make() {
    return h("tr", {}, ...this.columns.map(({ kind = "" }) => h("td", { class: kind })));
  }

  patch(line, row) {
    const told = JSON.stringify(row);
    if (line.klTold === told) return line;
    line.klTold = told;
    this.columns.forEach(({ cell }, i) => {
      const content = cell(row);
      const place = line.children[i];
      if (typeof content === "string") setText(place, content);
      else place.replaceChildren(content);
    });
    return line;
  }
}
