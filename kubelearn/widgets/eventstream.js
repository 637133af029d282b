// EventStream: a list of events in a frame of its own.

class EventStreamView {
  constructor(body, store, frame) {
    this.store = store;
    this.frame = frame;
    this.list = new EventList(store);
    body.append(this.list.root, h("p", { class: "kl-more" }, h("code", {}, `$ ${store.fact("command")}`)));
    const [cluster, namespace, about] = ["cluster", "namespace", "about"].map((name) => store.fact(name));
    const where = namespace ? `namespace ${namespace}` : `cluster ${cluster}`;
    frame.title.replaceChildren(h("strong", {}, about ? `Events about ${about}` : "Events"), h("span", {}, `${where}, newest first`));
    frame.root.setAttribute("aria-label", `Events of ${about || where}`);
  }

  update(changes) {
    this.list.update(changes);
    if (changes.events) this.count();
  }

  tick() {
    this.list.tick();
  }

  count() {
    const counts = {};
    for (const { type } of Object.values(this.store.section("events"))) counts[type] = (counts[type] ?? 0) + 1;
    const looks = this.store.fact("types");
    const patch = (chip, type) => {
      setText(chip.lastChild, String(counts[type] ?? 0));
      return chip;
    };
    const make = (type) => h("span", { class: "kl-chip" }, badge(looks[type]), type, h("b", {}));
    keyed(this.frame.chips, Object.keys(looks), (type) => type, (type) => patch(make(type), type), patch);
    this.frame.say(`${counts.Warning ?? 0} warnings, ${counts.Normal ?? 0} normal events`);
  }
}

export default live("events", EventStreamView);
