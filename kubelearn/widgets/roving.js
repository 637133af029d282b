// One tab stop for many things: the arrow keys move between them, by where they lie on the screen.

class Roving {
  /** `selector` finds the things in `area`; `act(element)` is what Delete does to one. */
  constructor(area, selector, act) {
    this.area = area;
    this.selector = selector;
    this.act = act;
    area.addEventListener("keydown", (event) => this.onKey(event));
  }

  all() {
    return [...this.area.querySelectorAll(this.selector)];
  }

  /** The thing that has the focus, if one has. */
  focused() {
    const active = this.area.getRootNode().activeElement;
    return this.area.contains(active) ? active.closest(this.selector) : null;
  }

  /** Things come and go: run a change so that the focus stays with its thing, or goes to the next. */
  keepFocus(change) {
    const before = this.focused();
    const after = before && this.neighbour(before);
    change();
    if (before && before !== this.focused()) {
      const target = [before, after, this.all()[0]].find((element) => element?.isConnected);
      this.moveTo(target);
    }
    if (!this.area.querySelector(`${this.selector}[tabindex="0"]`)) this.setTabStop(this.all()[0]);
  }

  neighbour(element) {
    const all = this.all();
    const at = all.indexOf(element);
    return all[at + 1] ?? all[at - 1];
  }

  moveTo(element) {
    this.setTabStop(element);
    element?.focus();
  }

  setTabStop(element) {
    for (const old of this.area.querySelectorAll(`${this.selector}[tabindex="0"]`)) old.tabIndex = -1;
    if (element) element.tabIndex = 0;
  }

  onKey(event) {
    const from = event.target.closest?.(this.selector);
    if (!from) return;
    if (event.key === "Delete" || event.key === "Backspace") {
      event.preventDefault();
      this.act(from);
      return;
    }
    const target = this.targetOf(event.key, from);
    if (target === undefined) return;
    event.preventDefault();
    if (target) this.moveTo(target);
  }

  /** Where a key leads: an element, null where there is none, undefined for other keys. */
  targetOf(key, from) {
    if (key === "Home") return this.all()[0];
    if (key === "End") return this.all().at(-1);
    const step = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }[key];
    return step && this.nearest(from, step);
  }

  /** What lies next in a direction; going straight counts more than being close. */
  nearest(from, [dx, dy]) {
    const here = from.getBoundingClientRect();
    let best = null;
    let least = Infinity;
    for (const other of this.all()) {
      const there = other.getBoundingClientRect();
      const x = there.x - here.x;
      const y = there.y - here.y;
      const ahead = x * dx + y * dy;
      const distance = ahead + 3 * Math.abs(x * dy + y * dx);
      if (ahead > 1 && distance < least) [best, least] = [other, distance];
    }
    return best;
  }
}

