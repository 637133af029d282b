// ProgressBar: one line that moves; the steps that are done unfold.

const SILENT = 8_000; // the kernel tells the time twice a second while it works
const ENDS = { done: "done", failed: "failed", stopped: "stopped" };
const MARKS = { running: "▸", done: "✔", failed: "✘", stopped: "■" };

class ProgressView {
  constructor(model) {
    this.model = model;
    this.mark = h("span", { class: "kl-mark", "aria-hidden": "true" });
    this.fill = h("div", { class: "kl-fill" });
    this.bar = h("div", { class: "kl-bar", role: "progressbar", "aria-label": model.get("title"), "aria-valuemin": "0" }, this.fill);
    this.words = h("span", { class: "kl-words" });
    this.time = h("span", { class: "kl-elapsed" });
    this.next = h("div", { class: "kl-next" });
    this.list = h("ol", { class: "kl-steps" });
    this.count = h("summary", {});
    this.steps = h("details", { class: "kl-done", hidden: true }, this.count, this.list);
    this.spoken = h("div", { class: "kl-spoken", role: "status" });
    this.root = h(
      "div",
      { class: "kl-root kl-progress", role: "group", "aria-label": model.get("title") },
      h("div", { class: "kl-top" }, this.mark, h("strong", {}, model.get("title")), this.words, this.time),
      this.bar,
      this.next,
      this.steps,
      this.spoken,
    );
    keepKeys(this.root);
    this.heard();
    model.on("change:told", this.heard);
    this.timer = setInterval(() => this.check(), TICK);
  }

  heard = () => {
    this.at = Date.now();
    this.show(this.model.get("told"));
  };

  show({ state, words, next, total, elapsed, steps }) {
    const running = state === "running";
    this.root.dataset.state = state;
    setText(this.mark, MARKS[state]);
    setText(this.words, running ? words : ENDS[state] + (state === "done" || !words ? "" : ` at: ${words}`));
    setText(this.time, `${elapsed} s`);
    setText(this.next, next ? `next: ${next}` : "");
    this.next.hidden = !running || !next;
    this.showBar(running, state === "done" ? 1 : total && Math.min(steps.length / total, 1), total, steps.length);
    setAttribute(this.bar, "aria-valuetext", this.words.textContent || "at work");
    this.showSteps(steps);
    if (!running) setText(this.spoken, `${this.model.get("title")}: ${this.words.textContent}`);
  }

  /** Without a number of steps nobody can say how far it is: then the bar only moves. */
  showBar(running, share, total, done) {
    this.root.classList.toggle("kl-unknown", running && !total);
    this.fill.style.width = running && !total ? "" : `${Math.round(share * 100)}%`;
    if (!total && running) return;
    setAttribute(this.bar, "aria-valuemax", String(total || 1));
    setAttribute(this.bar, "aria-valuenow", String(total ? Math.min(done, total) : share));
  }

  showSteps(steps) {
    this.steps.hidden = !steps.length;
    setText(this.count, `${steps.length} ${steps.length === 1 ? "step" : "steps"} done`);
    keyed(this.list, steps.map((step, i) => ({ i, ...step })), (step) => step.i, ({ name, result }) =>
      h("li", {}, h("span", { "aria-hidden": "true" }, "✔ "), h("span", { class: "kl-step" }, name), h("span", { class: "kl-result" }, result)),
    );
  }

  /** A kernel that says nothing any more cannot be told from one that works; so this is said. */
  check() {
    const lost = this.model.get("told").state === "running" && Date.now() - this.at > SILENT;
    this.root.classList.toggle("kl-lost", lost);
    if (lost) setText(this.words, "no sign of life from the kernel; if it was restarted, run this cell again");
  }

  close() {
    clearInterval(this.timer);
    this.model.off?.("change:told", this.heard);
  }
}

function render({ model, el }) {
  const view = new ProgressView(model);
  el.append(view.root);
  return () => {
    view.close();
    el.replaceChildren(); // JupyterLab holds on to what was cleared
  };
}

export default { render };
