// YamlEditor: a text area with line numbers, colours and marked lines. The text area does what text
// areas do well (selection, undo, input methods, screen readers); the colours lie behind it.

const INDENT = "  ";
const COMMENT = /(?:^|\s)#.*$/;
const BETWEEN = /^---.*$/;
const KEY = /^(\s*(?:- )*)([\w./-]+|"[^"]*")(?=:(?:\s|$))/;

class YamlEditor {
  /** `changed(text)` hears of every change, `submit()` of Ctrl+Enter. */
  constructor(label, text, { changed, submit }) {
    this.changed = changed;
    this.submit = submit;
    const help = `kl-help-${Math.random().toString(36).slice(2)}`;
    this.gutter = h("div", { class: "kl-gutter", "aria-hidden": "true" });
    this.paint = h("div", { class: "kl-paint", "aria-hidden": "true" });
    this.area = h("textarea", {
      class: "kl-text",
      "aria-label": label,
      "aria-describedby": help,
      "data-lm-suppress-shortcuts": "true",
      spellcheck: "false",
      autocapitalize: "off",
      autocomplete: "off",
      wrap: "off",
      oninput: () => this.onInput(),
      onkeydown: (event) => this.onKey(event),
    });
    const code = h("div", { class: "kl-code-area" }, this.paint, this.area);
    const hint = h("p", { class: "kl-hint", id: help }, "Tab indents; Escape and then Tab leaves the editor. Ctrl+Enter applies.");
    this.root = h("div", {}, h("div", { class: "kl-editor" }, this.gutter, code), hint);
    this.wrong = new Map();
    this.set(text);
  }

  get text() {
    return this.area.value;
  }

  /** Show another text; nobody typed it. */
  set(text) {
    if (this.area.value !== text) this.area.value = text;
    this.draw();
  }

  /** Insert as if it were typed, so that it can be undone. */
  insert(text) {
    this.area.focus();
    if (!document.execCommand("insertText", false, text)) {
      this.area.setRangeText(text, this.area.selectionStart, this.area.selectionEnd, "end");
      this.onInput();
    }
  }

  /** Mark lines; `problems` have a line and a message. */
  mark(problems) {
    this.wrong = new Map();
    for (const { line, message } of problems) {
      if (line) this.wrong.set(line, [this.wrong.get(line), message].filter(Boolean).join("\n"));
    }
    setAttribute(this.area, "aria-invalid", String(this.wrong.size > 0));
    this.draw();
  }

  /** Put the cursor at the end of a line. */
  go(line) {
    const lines = this.text.split("\n");
    const end = lines.slice(0, line).join("\n").length;
    this.area.focus();
    this.area.setSelectionRange(end, end);
    this.gutter.children[line - 1]?.scrollIntoView({ block: "nearest" });
  }

  onInput() {
    this.draw();
    this.changed(this.text);
  }

  draw() {
    const lines = this.text.split("\n");
    this.area.rows = lines.length;
    this.area.style.minWidth = `${Math.max(...lines.map((line) => line.length)) + 2}ch`;
    this.gutter.replaceChildren(...lines.map((_, i) => this.number(i + 1)));
    this.paint.replaceChildren(...lines.map((line, i) => this.painted(line, i + 1)));
  }

  number(line) {
    const message = this.wrong.get(line);
    return h("div", { class: message ? "kl-wrong" : "", title: message }, `${message ? "✘ " : ""}${line}`);
  }

  painted(line, number) {
    return h("div", { class: this.wrong.has(number) ? "kl-wrong" : "" }, ...coloured(line), "\n");
  }

  onKey(event) {
    if (event.key === "Tab" && !this.leaving && !event.ctrlKey && !event.altKey) {
      event.preventDefault();
      this.indent(event.shiftKey);
    } else if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
      event.preventDefault();
      this.submit();
    } else if (event.key === "Enter" && !event.shiftKey) {
      event.preventDefault();
      this.insert(`\n${this.nextIndent()}`);
    }
    this.leaving = event.key === "Escape" || (this.leaving && event.key === "Shift");
  }

  nextIndent() {
    const line = this.text.slice(0, this.area.selectionStart).split("\n").at(-1);
    const own = line.match(/^\s*/)[0];
    return /:\s*$/.test(line) ? own + INDENT + (/^\s*- /.test(line) ? INDENT : "") : own;
  }

  /** Move the selected lines, or insert spaces where the cursor is. */
  indent(back) {
    const { selectionStart: from, selectionEnd: to } = this.area;
    if (from === to && !back) return this.insert(INDENT);
    const start = this.text.lastIndexOf("\n", from - 1) + 1;
    const lines = this.text.slice(start, to).split("\n");
    const moved = lines.map((line) => (back ? line.replace(/^ {1,2}/, "") : INDENT + line)).join("\n");
    this.area.setSelectionRange(start, to);
    this.insert(moved);
    const end = start + moved.length;
    this.area.setSelectionRange(lines.length > 1 ? start : end, end);
  }
}

/** A line as pieces: its key, its comment, and the rest. */
function coloured(line) {
  const pieces = [];
  let rest = line;
  const comment = rest.match(COMMENT);
  if (comment) rest = rest.slice(0, comment.index);
  if (BETWEEN.test(rest)) pieces.push(h("span", { class: "kl-y-mark" }, rest));
  else {
    const key = rest.match(KEY);
    if (key) {
      pieces.push(key[1], h("span", { class: "kl-y-key" }, key[2]));
      rest = rest.slice(key[0].length);
    }
    pieces.push(rest);
  }
  if (comment) pieces.push(h("span", { class: "kl-y-comment" }, line.slice(comment.index)));
  return pieces;
}
