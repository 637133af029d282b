// Lines of logs as they come: LogView is such a pane, the Dashboard has one.

const STATES = { following: "▶", waiting: "…", ended: "■", lost: "✕" };

class LogPane {
  constructor(store) {
    this.store = store;
    this.kept = null; // what is shown while paused
    this.container = this.makeSelect("Container", () => this.choose());
    this.last = this.makeSelect("How many lines are kept", () => this.choose());
    this.previous = this.makeSwitch("Previous run", "What the container wrote before it was restarted", () => this.choose());
    this.words = h("input", {
      class: "kl-input", type: "search", placeholder: "Filter: any words", "aria-label": "Filter lines",
      "data-lm-suppress-shortcuts": "true", oninput: () => this.show(),
    });
    this.wrap = this.makeSwitch("Wrap", "Break long lines", () => this.list.classList.toggle("kl-wrap", isOn(this.wrap)));
    this.times = this.makeSwitch("Times", "Show when each line was written", () => this.list.classList.toggle("kl-times", isOn(this.times)));
    this.hold = button({ class: "kl-button kl-pause", "aria-pressed": "false", onclick: () => this.pause() }, "Pause");
    this.streams = h("ul", { class: "kl-streams", "aria-label": "Followed logs" });
    this.list = h("div", { class: "kl-log", role: "log", "aria-live": "off", "aria-label": "Lines", tabindex: "0" });
    this.empty = h("p", { class: "kl-empty" });
    this.more = h("p", { class: "kl-lognote" });
    this.command = h("p", { class: "kl-lognote" });
    this.request = h("p", { class: "kl-lognote kl-logrequest" });
    this.root = h(
      "div",
      { class: "kl-logpane" },
      h("div", { class: "kl-tools" }, this.container, this.previous, this.last, this.words, this.times, this.wrap, this.hold),
      this.streams,
      this.list,
      this.empty,
      this.more,
      this.command,
      this.request,
    );
    this.showSoon = sparing(this.root, () => this.show());
    this.show();
  }

  makeSelect(label, change) {
    return h("select", { class: "kl-select", "aria-label": label, "data-lm-suppress-shortcuts": "true", onchange: change });
  }

  makeSwitch(words, title, change) {
    const it = button({ class: "kl-button", title, "aria-pressed": "false" }, words);
    it.addEventListener("click", () => {
      setAttribute(it, "aria-pressed", String(!isOn(it)));
      change();
    });
    return it;
  }

  update(changes) {
    if (changes.feed) this.showChoice();
    if (changes.streams || changes.feed) this.showStreams();
    if (changes.lines || changes.streams) this.showSoon();
  }

  choose() {
    const choice = { container: this.container.value, previous: isOn(this.previous), last: Number(this.last.value) };
    this.store.act("choose", choice);
  }

  showChoice() {
    const feed = this.store.section("feed");
    const every = this.store.fact("every");
    const options = [["", "Default container"], ...(feed.containers ?? []).map((name) => [name, name])];
    if ((feed.containers ?? []).length > 1) options.push([every, "All containers"]);
    if (feed.container && !options.some(([key]) => key === feed.container)) options.push([feed.container, feed.container]);
    const make = ([value, words]) => h("option", { value }, words);
    keyed(this.container, options, ([key]) => key, make);
    this.container.value = feed.container ?? "";
    const lasts = [...new Set([...this.store.fact("lasts"), feed.last ?? 200])].sort((a, b) => a - b);
    keyed(this.last, lasts, (count) => count, (count) => h("option", { value: count }, `Last ${count} lines`));
    this.last.value = String(feed.last);
    setAttribute(this.previous, "aria-pressed", String(Boolean(feed.previous)));
    setText(this.command, feed.command ? `$ ${feed.command}` : "");
  }

  showStreams() {
    const streams = Object.entries(this.store.section("streams"));
    const patch = (item, [, { state, words }]) => {
      setText(item.klMark, STATES[state] ?? "");
      setText(item.klWords, words ? `${state}: ${words}` : state);
      setAttribute(item, "data-stream", state);
      return item;
    };
    keyed(this.streams, streams, ([key]) => key, (each) => patch(this.makeStream(each[1]), each), patch);
    const leftOut = this.store.section("feed").left_out;
    setText(this.more, leftOut > 0 ? `${leftOut} more are not followed: there are too many.` : "");
    this.more.hidden = !(leftOut > 0);
    const [first] = streams;
    setText(this.request, first ? first[1].request + (streams.length > 1 ? "   and so on, a request for each" : "") : "");
  }

  makeStream({ name, colour }) {
    const item = h("li", {}, this.makeDot(colour), h("b", {}, name));
    item.klMark = h("span", { "aria-hidden": "true" });
    item.klWords = h("span", { class: "kl-streamstate" });
    item.append(item.klMark, item.klWords);
    return item;
  }

  makeDot(colour) {
    const palette = this.store.fact("palette");
    const dot = h("i", { class: "kl-dot", "aria-hidden": "true" });
    dot.style.background = palette[colour % palette.length];
    return dot;
  }

  rows() {
    return Object.entries(this.store.section("lines")).map(([key, row]) => ({ key: Number(key), ...row }));
  }

  pause() {
    this.kept = this.kept ? null : this.rows();
    setAttribute(this.hold, "aria-pressed", String(Boolean(this.kept)));
    this.show();
  }

  show() {
    const all = this.rows();
    const wanted = this.words.value.trim().toLowerCase();
    const found = (this.kept ?? all)
      .filter((row) => !wanted || `${row.name} ${row.text}`.toLowerCase().includes(wanted))
      .sort((a, b) => a.key - b.key);
    const { scrollTop, clientHeight, scrollHeight } = this.list;
    const atEnd = scrollTop + clientHeight >= scrollHeight - 4;
    keyed(this.list, found, (row) => row.key, (row) => this.make(row));
    this.list.hidden = !found.length;
    this.empty.hidden = found.length > 0;
    // Who reads further up is not torn away.
    if (atEnd && !this.kept) this.list.scrollTop = this.list.scrollHeight;
    setText(this.empty, all.length ? "No line is like that." : this.whyEmpty());
    const last = this.kept?.at(-1)?.key ?? 0;
    setText(this.hold, this.kept ? `Go on (${all.filter((row) => row.key > last).length} new)` : "Pause");
  }

  whyEmpty() {
    const streams = Object.values(this.store.section("streams"));
    return streams.length ? "Nothing was written yet." : "There is no such pod yet.";
  }

  make({ at, name, colour, text, kind }) {
    const line = h("div", { class: kind ? `kl-logline kl-${kind}` : "kl-logline" });
    const palette = this.store.fact("palette");
    line.style.setProperty("--kl-colour", palette[colour % palette.length]);
    const moment = at ? at.slice(11, 23) : "";
    line.append(h("time", {}, moment), h("span", { class: "kl-podname", title: name }, name), h("span", { class: "kl-text" }, text));
    return line;
  }
}

function isOn(element) {
  return element.getAttribute("aria-pressed") === "true";
}
