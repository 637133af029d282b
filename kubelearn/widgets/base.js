// What all live views share: the copy of the kernel's document, a frame that says whether it is up
// to date, the trace of actions. Joined with a widget's own file; there is no build step.

const STALE_AFTER = 10_000; // the kernel gives a sign of life every 3 s
const TICK = 1_000;
const LINGER = 2_000; // a view that is displayed again must not cost a new watch
const CALM_ABOVE = { items: 300, changes: 30 }; // more than that, animations cost too much

/** The browser's copy of a widget's document; one for each model, shared by its views. */
class Store {
  constructor(model) {
    this.model = model;
    this.document = model.get("snapshot");
    this.page = Math.random().toString(36).slice(2);
    this.views = new Set();
    this.heard = Date.now();
    this.ahead = 0; // the kernel's clock minus ours
    model.on("msg:custom", (message) => this.receive(message));
  }

  section(name) {
    return this.document.sections[name] ?? {};
  }

  fact(name) {
    return this.section("facts")[name];
  }

  now() {
    return Date.now() + this.ahead;
  }

  receive(message) {
    this.heard = Date.now();
    if (message.now) this.ahead = message.now - this.heard;
    if (message.type === "diff") this.merge(message);
    else if (message.type === "snapshot") this.replace(message);
    else if (message.type === "beat" && message.rev !== this.document.rev) this.resync();
    for (const view of this.views) view.fresh();
  }

  merge({ rev, sections }) {
    if (rev <= this.document.rev) return;
    const lost = rev !== this.document.rev + 1;
    this.document.rev = rev;
    for (const [name, changes] of Object.entries(sections)) {
      const values = (this.document.sections[name] ??= {});
      for (const [key, value] of Object.entries(changes)) {
        if (value === null) delete values[key];
        else values[key] = value;
      }
    }
    this.tell(sections);
    if (lost) this.resync();
  }

  // In place: every view and every model proxy holds this one object.
  replace({ rev, sections }) {
    const changes = {};
    for (const [name, old] of Object.entries(this.document.sections)) {
      const next = sections[name] ?? {};
      for (const key of Object.keys(old)) if (!(key in next)) (changes[name] ??= {})[key] = null;
    }
    for (const [name, next] of Object.entries(sections)) {
      const old = this.document.sections[name] ?? {};
      for (const [key, value] of Object.entries(next))
        if (JSON.stringify(old[key]) !== JSON.stringify(value)) (changes[name] ??= {})[key] = value;
    }
    this.document.rev = rev;
    this.document.sections = sections;
    this.tell(changes);
  }

  tell(changes) {
    if (Object.keys(changes).length) for (const view of this.views) view.update(changes);
  }

  resync() {
    this.send({ type: "resync" });
  }

  act(name, args) {
    this.send({ type: "action", name, arguments: args });
  }

  open(view) {
    clearTimeout(this.leaving);
    this.views.add(view);
    this.countViews();
    this.timer ??= setInterval(() => this.views.forEach((each) => each.tick()), TICK);
  }

  close(view) {
    this.views.delete(view);
    if (this.views.size) {
      this.countViews();
      return;
    }
    clearInterval(this.timer);
    this.timer = undefined;
    this.leaving = setTimeout(() => this.countViews(), LINGER);
  }

  countViews() {
    this.send({ type: "views", page: this.page, count: this.views.size, rev: this.document.rev });
  }

  send(message) {
    try {
      this.model.send(message);
    } catch {
      // No kernel: the frame says so after a while.
    }
  }
}

// anywidget hands every view another model object; the document in it is the same one.
const stores = new WeakMap();

function storeOf(model) {
  const known = stores.get(model.get("snapshot"));
  if (known) return known;
  const store = new Store(model);
  stores.set(store.document, store);
  return store;
}

/** A widget from a class `View(body, store, frame)`, which draws `update(changes)`, and whose
 * `tick()` is called once a second and `close()` at the end, if it has them. */
function live(name, View) {
  return {
    initialize({ model }) {
      storeOf(model);
    },
    render({ model, el }) {
      const store = storeOf(model);
      const frame = new Frame(name, store);
      el.append(frame.root);
      const inner = new View(frame.body, store, frame);
      const view = {
        fresh: () => frame.fresh(),
        tick() {
          frame.fresh();
          inner.tick?.();
        },
        update(changes) {
          frame.update(changes);
          inner.update(changes);
        },
      };
      view.update(store.document.sections);
      store.open(view);
      return () => {
        store.close(view);
        inner.close?.();
        // JupyterLab holds on to the elements of outputs that were cleared.
        el.replaceChildren();
      };
    },
  };
}

/** What is around every view: the connection's state, a place for news, the trace. */
class Frame {
  constructor(name, store) {
    this.store = store;
    this.title = h("div", { class: "kl-title" });
    this.chips = h("div", { class: "kl-chips" });
    this.pulse = h("span", { class: "kl-pulse" }, "connecting");
    this.notice = h("div", { class: "kl-notice", hidden: true });
    this.body = h("div", { class: "kl-body" });
    this.trace = h("ol", { class: "kl-trace", "aria-label": "What you did", tabindex: "0" });
    this.spoken = h("div", { class: "kl-spoken", role: "status" });
    this.root = h(
      "div",
      { class: `kl-root kl-${name}`, role: "group" },
      h("header", { class: "kl-head" }, this.title, this.chips, this.pulse),
      this.notice,
      this.body,
      this.trace,
      this.spoken,
    );
    this.trace.hidden = true;
    keepKeys(this.root);
  }

  update(changes) {
    if (changes.connection) this.fresh();
    if (changes.trace) this.showTrace();
  }

  /** Say whether the picture is up to date: it may be the cluster or the kernel that is silent. */
  fresh() {
    const { reason, since } = this.store.section("connection");
    const silent = Date.now() - this.store.heard;
    let state = "live";
    let words = "";
    if (silent > STALE_AFTER) {
      state = "stale";
      words =
        `No sign of life from the kernel for ${Math.round(silent / 1000)} s, so this picture may be old. ` +
        (document.documentElement.dataset.klAdvice ?? "If the kernel was restarted, run this cell again.");
    } else if (reason === "connecting") {
      state = "connecting";
    } else if (reason) {
      state = "disconnected";
      words = `Connection lost at ${clockTime(since)}, trying again: ${reason}`;
    }
    if (this.root.dataset.state !== state) this.root.dataset.state = state;
    setText(this.pulse, state);
    setText(this.notice, words);
    this.notice.hidden = !words;
  }

  showTrace() {
    const entries = Object.entries(this.store.section("trace")).sort((a, b) => b[0] - a[0]);
    this.trace.hidden = !entries.length;
    keyed(this.trace, entries, ([key]) => key, ([, entry]) => traceEntry(entry));
    this.trace.scrollTop = 0;
  }

  /** For people who listen: a summary, at most every two seconds. */
  say(words) {
    this.words = words;
    this.saying ??= setTimeout(() => {
      this.saying = undefined;
      setText(this.spoken, this.words);
    }, 2_000);
  }

  /** Animations off where there is too much to move. */
  calm(items, changes) {
    const calm = items > CALM_ABOVE.items || changes > CALM_ABOVE.changes;
    this.root.classList.toggle("kl-calm", calm);
  }
}

function traceEntry(entry) {
  const failed = entry.code === 0 || entry.code >= 400;
  const request = h("div", { class: "kl-http" }, entry.request);
  if (entry.code) {
    const code = h("b", { class: failed ? "kl-bad" : "kl-good" }, String(entry.code));
    request.append(" → ", code);
    if (entry.ms !== undefined) request.append(h("span", {}, ` ${Math.round(entry.ms)} ms`));
  }
  const item = h("li", { class: failed ? "kl-failed" : "" });
  item.append(h("time", {}, clockTime(entry.at)));
  const lines = h("div", {}, h("div", { class: "kl-command" }, entry.command), request);
  if (entry.body) lines.append(h("div", { class: "kl-sent" }, entry.body));
  if (entry.message) lines.append(h("div", { class: "kl-message" }, entry.message));
  item.append(lines);
  return item;
}

// --- small helpers -------------------------------------------------------------------------------

/** An element with attributes, listeners (`onclick`) and children. */
function h(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  setAll(element, attributes);
  element.append(...children);
  return element;
}

function svg(tag, attributes = {}, ...children) {
  const element = document.createElementNS("http://www.w3.org/2000/svg", tag);
  setAll(element, attributes);
  element.append(...children);
  return element;
}

function setAll(element, attributes) {
  for (const [name, value] of Object.entries(attributes)) {
    if (typeof value === "function") element.addEventListener(name.slice(2), value);
    else if (value === true) element.setAttribute(name, "");
    else if (value !== false && value != null) element.setAttribute(name, value);
  }
}

function setText(element, words) {
  if (element.textContent !== words) element.textContent = words;
}

/** Set words as prose has them: what stands between backticks is code. */
function setProse(element, words) {
  if (element.klProse === words) return element;
  element.klProse = words;
  element.replaceChildren(...words.split("`").map((part, i) => (i % 2 ? h("code", { class: "kl-code" }, part) : part)));
  return element;
}

function setAttribute(element, name, value) {
  if (element.getAttribute(name) !== value) element.setAttribute(name, value);
}

/** Make `parent` hold one element for each item, in order. Kept elements are not moved needlessly,
 * because an element that is moved loses the keyboard focus. */
function keyed(parent, items, keyOf, make, patch) {
  const old = new Map((parent.klItems ?? []).map((each) => [each.key, each]));
  const next = items.map((item) => {
    const key = keyOf(item);
    const known = old.get(key);
    old.delete(key);
    if (known && patch) patch(known.element, item);
    return known ?? { key, element: make(item) };
  });
  for (const { element } of old.values()) element.remove();
  let place = parent.firstChild;
  for (const { element } of next) {
    if (element === place) place = place.nextSibling;
    else parent.insertBefore(element, place);
  }
  parent.klItems = next;
}

/** JupyterLab's one-letter shortcuts must not act while somebody uses the widget. */
function keepKeys(root) {
  root.addEventListener("keydown", (event) => event.stopPropagation());
}

/** A button that JupyterLab's shortcuts leave alone. */
function button(attributes, ...children) {
  return h("button", { type: "button", "data-lm-suppress-shortcuts": "true", ...attributes }, ...children);
}

/** Buttons that belong together. */
function buttons(label, content) {
  return h("div", { class: "kl-buttons", role: "group", "aria-label": label }, ...content);
}

/** Buttons of which one is pressed; `options` are pairs of a label and what it means, by key. */
function choices(label, options, chosen, choose) {
  const made = Object.entries(options).map(([key, [words, title]]) => {
    const pressed = String(key === chosen);
    const press = () => {
      for (const each of made) each.setAttribute("aria-pressed", String(each === it));
      choose(key);
    };
    const it = button({ class: "kl-button", title, "aria-pressed": pressed, onclick: press }, words);
    return it;
  });
  return buttons(label, made);
}

/** A state's glyph on its colour. */
function badge(look) {
  return svg(
    "svg",
    { class: "kl-badge", viewBox: "0 0 18 18", "aria-hidden": "true" },
    svg("circle", { cx: 9, cy: 9, r: 8.4, fill: look.colour, stroke: look.edge }),
    svg("path", { d: look.glyph, transform: "translate(1 1)" }),
  );
}

function clockTime(moment) {
  return moment ? new Date(moment).toLocaleTimeString([], { hour12: false }) : "";
}
