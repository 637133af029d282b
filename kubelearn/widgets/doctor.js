// Doctor: each check with its mark, what it means, and what to type next.

class DoctorView {
  constructor(body, store, frame) {
    this.store = store;
    this.frame = frame;
    this.again = button({ class: "kl-button kl-again", onclick: () => this.look() }, "Check again");
    this.when = h("span", { class: "kl-when" });
    this.only = choices("Which checks", { all: ["All"], open: ["What is not good"] }, "all", (key) => this.choose(key));
    this.verdict = h("p", { class: "kl-outcome" });
    this.list = h("ul", { class: "kl-checks", "aria-label": "Checks" });
    body.append(h("div", { class: "kl-tools" }, this.again, this.only, this.when), this.verdict, this.list);
    frame.title.replaceChildren(h("strong", {}, "Doctor"), h("span", {}, "this machine"));
    frame.root.setAttribute("aria-label", "Doctor: what this machine can do");
  }

  look() {
    this.asked = this.store.section("looked").at ?? 0;
    this.store.act("look", {});
    this.show();
  }

  choose(key) {
    this.open = key === "open";
    this.show();
  }

  update() {
    this.show();
  }

  rows() {
    const rows = Object.entries(this.store.section("checks")).sort((a, b) => (a[0] < b[0] ? -1 : 1));
    return rows.map(([key, row]) => ({ key, ...row }));
  }

  show() {
    const rows = this.rows();
    const looks = this.store.fact("looks");
    const at = this.store.section("looked").at;
    const waits = this.asked !== undefined && (at ?? 0) <= this.asked;
    this.again.disabled = waits;
    setText(this.when, waits ? "looking ..." : at ? `looked at ${clockTime(at)}` : "");
    const shown = rows.filter((row) => !this.open || row.state !== "good");
    keyed(this.list, shown, (row) => JSON.stringify(row), (row) => this.check(row, looks[row.state]));
    this.showChips(rows, looks);
    this.showVerdict(rows);
  }

  showChips(rows, looks) {
    const counts = Object.entries(looks).map(([state, look]) => ({ state, look, count: rows.filter((row) => row.state === state).length }));
    keyed(this.frame.chips, counts.filter(({ count }) => count), ({ state, count }) => `${state} ${count}`, ({ look, count }) =>
      h("span", { class: "kl-chip", title: look.meaning }, badge(look), h("b", {}, String(count)), look.label),
    );
  }

  showVerdict(rows) {
    if (!rows.length) return;
    const bad = rows.filter((row) => row.state === "bad").map((row) => row.name);
    const words = bad.length ? `Must be mended first: ${bad.join(", ")}.` : "This machine can run the embedded cluster.";
    setText(this.verdict, words);
    this.verdict.classList.toggle("kl-bad", bad.length > 0);
    this.frame.say(words);
  }

  check({ name, state, found, meaning, next }, look) {
    const head = h("div", { class: "kl-check-head" }, badge(look), h("b", {}, name), h("span", { class: "kl-unseen" }, `${look.label}: `), h("span", { class: "kl-found" }, found));
    const item = h("li", { class: "kl-check", "data-state": state }, head);
    if (state === "good") return item;
    if (meaning) item.append(setProse(h("p", { class: "kl-meaning" }), meaning));
    if (next) item.append(h("div", { class: "kl-next-step" }, h("code", {}, lineOf(next)), copyButton(next)));
    return item;
  }
}

/** A line to type, or a page to read. */
function lineOf(next) {
  return next.startsWith("https://") ? h("a", { href: next, target: "_blank", rel: "noopener" }, next) : next;
}

/** Copies a line; where the page may not, the line can still be marked and copied by hand. */
function copyButton(text) {
  const it = button({ class: "kl-button kl-copy", "aria-label": `Copy: ${text}`, onclick: () => copy() }, "Copy");
  const copy = async () => {
    try {
      await navigator.clipboard.writeText(text);
      setText(it, "Copied");
    } catch {
      setText(it, "Copy by hand");
    }
  };
  return it;
}

export default live("doctor", DoctorView);
