// TimeMachine: a slider over all recorded moments, with the map as it was; two moments compared.

const PLAY = { fastest: 150, slowest: 1_200 };

class TimeMachineView {
  constructor(body, store, frame) {
    this.store = store;
    this.frame = frame;
    this.at = null; // the number of the moment that is shown; null: now
    this.marked = null;
    this.moments = [];
    this.shown = { nodes: {}, pods: {} };
    this.news = h("ul", { class: "kl-words-list" });
    const map = h("div", { class: "kl-map" });
    this.difference = h("section", { class: "kl-differences", role: "group", "aria-label": "Differences", hidden: true });
    body.append(this.makeControls(), this.makeSlider(), this.news, map, this.difference);
    this.map = new ClusterMapView(map, store, frame);
    frame.title.replaceChildren(h("strong", {}, "Time machine"), h("span", {}, store.fact("cluster")));
    frame.root.setAttribute("aria-label", `Time machine of cluster ${store.fact("cluster")}`);
  }

  makeControls() {
    const make = (label, title, onclick, name) =>
      button({ class: `kl-button kl-${name}`, title, onclick }, label);
    this.play = make("▶ Play", "Play from here on", () => this.toggle(), "play");
    const travel = buttons("Travel", [
      make("Start", "To the beginning", () => this.go(0), "first"),
      make("Back", "One moment back", () => this.step(-1), "back"),
      this.play,
      make("Next", "One moment on", () => this.step(1), "next"),
      make("Now", "Back to the present", () => this.goNow(), "now"),
    ]);
    this.compare = make("Compare with the mark", "What differs between the marked moment and this one", () => this.ask(), "compare");
    const mark = make("Mark this moment", "Keep this moment for a comparison", () => this.mark(), "mark");
    return h("div", { class: "kl-tools" }, travel, buttons("Compare", [mark, this.compare]));
  }

  makeSlider() {
    this.slider = h("input", {
      type: "range",
      min: 0,
      class: "kl-slider",
      "aria-label": "Moment",
      "data-lm-suppress-shortcuts": "true",
      oninput: () => {
        this.pause();
        this.go(Number(this.slider.value));
      },
    });
    this.clock = h("output", { class: "kl-clock" });
    this.pin = h("i", { class: "kl-pin", hidden: true, title: "The marked moment" });
    return h("div", { class: "kl-travel" }, h("div", { class: "kl-range" }, this.slider, this.pin), this.clock);
  }

  update(changes) {
    if (changes.moments) {
      this.moments = Object.values(this.store.section("moments")).sort((a, b) => a.number - b.number);
      this.draw();
    }
    if (changes.difference) this.showDifference();
  }

  tick() {
    this.showClock();
  }

  /** The place of the moment that is shown: one that was thinned out is part of the next. */
  index() {
    const last = this.moments.length - 1;
    if (this.at === null) return last;
    const found = this.moments.findIndex((moment) => moment.number >= this.at);
    return found < 0 ? last : found;
  }

  go(index) {
    const last = this.moments.length - 1;
    this.at = index >= last ? null : this.moments[Math.max(index, 0)].number;
    this.draw();
  }

  goNow() {
    this.pause();
    this.go(Infinity);
  }

  step(by) {
    this.pause();
    this.go(this.index() + by);
  }

  toggle() {
    if (this.playing) return this.pause();
    if (this.at === null) this.go(0);
    setText(this.play, "⏸ Pause");
    this.playing = true;
    this.playOn();
  }

  pause() {
    clearTimeout(this.timer);
    this.playing = false;
    setText(this.play, "▶ Play");
  }

  /** As it went, but a long rest is cut short. */
  playOn() {
    const index = this.index();
    const [here, next] = [this.moments[index], this.moments[index + 1]];
    if (!next) return this.pause();
    const wait = Math.min(Math.max(next.at - here.at, PLAY.fastest), PLAY.slowest);
    this.timer = setTimeout(() => {
      this.go(index + 1);
      this.playOn();
    }, wait);
  }

  draw() {
    if (!this.moments.length) return;
    const index = this.index();
    const last = this.moments.length - 1;
    setAttribute(this.slider, "max", String(last));
    this.slider.value = index;
    this.frame.root.classList.toggle("kl-past", this.at !== null);
    this.showClock();
    this.showNews(this.moments[index]);
    this.showMap(index);
    this.showMark(last);
  }

  showClock() {
    if (!this.moments.length) return;
    const index = this.index();
    const { at } = this.moments[index];
    const when = this.at === null ? "now" : `${ago(this.store.now() - at)} ago`;
    const words = `${clockTime(at)} · ${when} · ${index + 1} of ${this.moments.length}`;
    setText(this.clock, words);
    setAttribute(this.slider, "aria-valuetext", words);
  }

  showNews(moment) {
    const words = moment.words.length || this.index() ? [...moment.words] : ["The recording begins."];
    if (moment.left) words.push(`and ${moment.left} more`);
    keyed(this.news, words, (each) => each, (each) => h("li", {}, each));
  }

  /** The map as it was: only what differs from the one that is drawn is drawn anew. */
  showMap(index) {
    const then = { nodes: {}, pods: {} };
    for (const moment of this.moments.slice(0, index + 1))
      for (const section of ["nodes", "pods"]) Object.assign(then[section], moment[section]);
    const changes = {};
    for (const section of ["nodes", "pods"]) {
      const [drawn, wanted] = [this.shown[section], then[section]];
      for (const key of Object.keys({ ...drawn, ...wanted }))
        if ((drawn[key] ?? null) !== (wanted[key] ?? null)) (changes[section] ??= {})[key] = wanted[key] ?? null;
    }
    this.shown = then;
    if (changes.nodes || changes.pods) this.map.update(changes);
  }

  mark() {
    this.marked = this.moments[this.index()].number;
    this.draw();
  }

  showMark(last) {
    const index = this.moments.findIndex((moment) => moment.number >= this.marked);
    this.pin.hidden = this.marked === null || index < 0;
    this.pin.style.left = `${last ? (100 * index) / last : 0}%`;
    this.compare.disabled = this.marked === null;
  }

  ask() {
    this.store.act("compare", { from: this.marked, to: this.moments[this.index()].number });
  }

  showDifference() {
    const { shown } = this.store.section("difference");
    this.difference.hidden = !shown;
    if (!shown) return;
    const moment = (number) => clockTime(this.moments.find((each) => each.number >= number)?.at);
    const count = shown.objects.length + shown.left;
    const words = `From ${moment(shown.from)} to ${moment(shown.to)}: ${count} object${count === 1 ? "" : "s"} differ${count === 1 ? "s" : ""}.`;
    const rest = shown.left ? [h("p", {}, `${shown.left} more are not shown.`)] : [];
    this.difference.replaceChildren(h("p", { class: "kl-span" }, words), ...differences(shown.objects), ...rest);
    this.frame.say(words);
  }
}

function ago(milliseconds) {
  const seconds = Math.max(Math.round(milliseconds / 1_000), 0);
  return seconds < 100 ? `${seconds} s` : `${Math.round(seconds / 60)} min`;
}

export default live("time", TimeMachineView);
