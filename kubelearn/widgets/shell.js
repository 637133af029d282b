// Shell: a terminal, and above it where it is and what runs there.

const UNHEARD = 1_500;

class ShellView {
  constructor(body, store, frame) {
    this.store = store;
    this.frame = frame;
    this.id = Math.random().toString(36).slice(2);
    this.seen = 0;
    this.sent = 0;
    this.container = h("select", { class: "kl-select kl-container", "aria-label": "Container", "data-lm-suppress-shortcuts": "true" });
    this.command = h("input", {
      class: "kl-command-field",
      "aria-label": "Command",
      value: store.section("session").now?.command ?? "sh",
      "data-lm-suppress-shortcuts": "true",
      spellcheck: "false",
      onkeydown: (event) => this.onCommandKey(event),
    });
    this.start = button({ class: "kl-button kl-start", onclick: () => this.open() }, "Start anew");
    this.end = button({ class: "kl-button kl-end", onclick: () => store.act("close", {}) }, "End");
    this.state = h("span", { class: "kl-session" });
    this.screen = h("div", { class: "kl-screen" });
    this.busy = h("p", { class: "kl-bad kl-busy", role: "status" });
    const hint = h("p", { class: "kl-hint" }, "Tab goes to the program. Shift+Tab leaves the terminal.");
    body.append(h("div", { class: "kl-tools" }, this.container, this.command, this.start, this.end, this.state), this.screen, this.busy, hint);
    frame.title.replaceChildren(h("strong", {}, "Shell"), h("span", {}, `in pod ${store.fact("name")}, ${store.fact("namespace")}`));
    frame.root.setAttribute("aria-label", `Shell in pod ${store.fact("name")}`);
    this.makeTerminal();
  }

  makeTerminal() {
    this.terminal = new Terminal({
      fontSize: 13,
      fontFamily: "ui-monospace, 'DejaVu Sans Mono', Menlo, monospace",
      scrollback: 2000,
      minimumContrastRatio: 4.5,
      screenReaderMode: true,
    });
    this.fit = new FitAddon();
    this.terminal.loadAddon(this.fit);
    this.terminal.onData((data) => this.type(data));
    this.terminal.attachCustomKeyEventHandler((event) => this.isForTerminal(event));
    // It can measure letters only once it is on the page.
    this.watch = new ResizeObserver(() => this.resize());
    this.watch.observe(this.screen);
    this.dress = new MutationObserver(() => this.wear());
    this.dress.observe(document.body, { attributes: true });
  }

  resize() {
    if (!this.screen.isConnected || !this.screen.clientWidth) return;
    if (!this.terminal.element) {
      this.terminal.open(this.screen);
      this.wear();
    }
    this.fit.fit();
    const { cols, rows } = this.terminal;
    if (`${cols}x${rows}` === this.size) return;
    this.size = `${cols}x${rows}`;
    clearTimeout(this.resizing);
    this.resizing = setTimeout(() => this.store.act("resize", { columns: cols, rows }), 150);
  }

  /** Dark or light, as the page is. */
  wear() {
    const dark = isDark(getComputedStyle(this.frame.root).backgroundColor);
    const theme = {
      background: dark ? "#161616" : "#fbfbfb",
      foreground: dark ? "#e6e6e6" : "#1f2328",
      cursor: dark ? "#e6e6e6" : "#1f2328",
      selectionBackground: dark ? "#3a5f85" : "#b6d7f5",
    };
    this.terminal.options.theme = theme;
    this.screen.style.background = theme.background;
  }

  /** Some keys are the page's: to leave, to paste. */
  isForTerminal(event) {
    if (event.type !== "keydown") return true;
    if (event.key === "Tab" && event.shiftKey) return false;
    return !(event.key.toLowerCase() === "v" && (event.ctrlKey || event.metaKey));
  }

  /** Programs ask a terminal questions, which it answers as if somebody typed: only the terminal that
   * is used shall do so, and none shall answer what was asked long ago. */
  type(data) {
    const used = this.screen.contains(this.screen.getRootNode().activeElement);
    if (this.session.state !== "open" || !used || this.replays) return;
    this.sent += 1;
    this.at = Date.now();
    this.store.act("input", { data, view: this.id, number: this.sent });
  }

  onCommandKey(event) {
    if (event.key !== "Enter") return;
    // The terminal gets the focus, but not this key.
    event.preventDefault();
    this.open();
  }

  open() {
    this.store.act("open", { container: this.container.value, command: this.command.value });
    this.terminal.focus();
  }

  get session() {
    return this.store.section("session").now ?? { state: "new", number: 0 };
  }

  update(changes) {
    if (changes.output) this.print();
    if (changes.session || changes.pod) this.showState();
    this.tick();
  }

  print() {
    const pieces = Object.entries(this.store.section("output")).map(([key, text]) => [Number(key), text]);
    pieces.sort((a, b) => a[0] - b[0]);
    if (!pieces.length) return;
    // Something was left out: begin with the oldest that is known.
    if (pieces[0][0] > this.seen + 1 && this.seen) {
      this.terminal.reset();
      this.seen = 0;
    }
    const old = !this.seen;
    if (old) this.replays = true;
    for (const [key, text] of pieces) {
      if (key <= this.seen) continue;
      this.terminal.write(text);
      this.seen = key;
    }
    if (old) this.terminal.write("", () => (this.replays = false));
  }

  showState() {
    const { state, container, command, code, message, number } = this.session;
    const pod = this.store.section("pod").now;
    this.showContainers(pod?.containers ?? [], container);
    if (number !== this.number) {
      if (this.number !== undefined && this.seen) this.terminal.write(`\r\n\x1b[2m-- ${command}, started anew --\x1b[0m\r\n`);
      this.number = number;
    }
    const gone = pod && !pod.there ? " The pod is gone." : "";
    setText(this.state, wordsOf(state, code, message) + gone);
    setAttribute(this.state, "data-state", state);
    this.end.disabled = state !== "open";
    this.start.disabled = state === "connecting" || Boolean(gone);
    this.terminal.options.disableStdin = state !== "open";
    this.terminal.options.cursorBlink = state === "open";
    this.frame.say(this.state.textContent);
  }

  showContainers(containers, chosen) {
    const names = containers.length ? containers : [{ name: chosen || "", running: true }];
    const before = this.container.value || chosen;
    keyed(this.container, names, ({ name, running }) => `${name} ${running}`, ({ name, running }) =>
      h("option", { value: name }, name ? `${name}${running ? "" : " (does not run)"}` : "first container"),
    );
    if (names.some(({ name }) => name === before)) this.container.value = before;
  }

  /** The kernel hears nothing while a cell runs. */
  tick() {
    const heard = this.store.section("heard")[this.id] ?? 0;
    const waits = heard < this.sent && Date.now() - this.at > UNHEARD;
    setText(this.busy, waits && this.session.state === "open" ? "The kernel is busy: what you type arrives when its cell ends." : "");
  }

  close() {
    this.watch.disconnect();
    this.dress.disconnect();
    clearTimeout(this.resizing);
    this.terminal.dispose();
  }
}

function wordsOf(state, code, message) {
  if (state === "open") return "runs";
  if (state === "connecting") return "is being started";
  if (state === "new" || state === "unseen") return "not started";
  return code == null ? `ended: ${message}` : `ended with exit code ${code}`;
}

function isDark(colour) {
  const [r, g, b] = (colour.match(/[\d.]+/g) ?? [255, 255, 255]).map(Number);
  return 0.299 * r + 0.587 * g + 0.114 * b < 128;
}

export default live("shell", ShellView);
