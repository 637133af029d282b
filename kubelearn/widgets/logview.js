// LogView: a pane of lines in a frame of its own.

class LogViewView {
  constructor(body, store, frame) {
    this.store = store;
    this.frame = frame;
    this.pane = new LogPane(store);
    body.append(this.pane.root);
    const [title, namespace] = [store.fact("title"), store.fact("namespace")];
    frame.title.replaceChildren(h("strong", {}, `Log of ${title}`), h("span", {}, `namespace ${namespace}`));
    frame.root.setAttribute("aria-label", `Log of ${title}`);
  }

  update(changes) {
    this.pane.update(changes);
    if (changes.streams) this.count();
  }

  count() {
    const streams = Object.values(this.store.section("streams"));
    const following = streams.filter(({ state }) => state === "following").length;
    this.frame.say(`${following} of ${streams.length} logs followed`);
  }
}

export default live("logs", LogViewView);
