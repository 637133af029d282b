// PacketTrace: each address of a Service, the endpoints behind it, and packets that follow the rules.

class PacketTraceView {
  constructor(body, store, frame) {
    this.store = store;
    this.frame = frame;
    this.tally = {}; // how many packets went to each endpoint of each address
    this.list = h("div", { class: "kl-entries" });
    this.empty = h("p", { class: "kl-empty" });
    this.said = h("p", { class: "kl-detail" }, HINT);
    this.rules = h("pre", { class: "kl-rules", tabindex: "0", role: "group", "aria-label": "Rules" });
    this.mode = h("summary", {}, "Rules");
    this.raw = h("details", { class: "kl-raw" }, this.mode, this.rules);
    body.append(this.list, this.empty, this.said, this.raw);
    const [service, namespace] = [store.fact("service"), store.fact("namespace")];
    frame.title.replaceChildren(h("strong", {}, service), h("span", {}, `Service in namespace ${namespace}`));
    frame.root.setAttribute("aria-label", `Ways to the pods of Service ${service}`);
  }

  update(changes) {
    if (changes.entries) this.showEntries();
    if (!changes.path) return;
    const { node, mode, rules, reason } = this.store.section("path");
    setText(this.empty, reason ?? "This Service has no address.");
    this.raw.hidden = !rules;
    setText(this.rules, rules ?? "");
    setText(this.mode, `The rules themselves: ${mode}, on node ${node}`);
    const chips = node ? [`from ${node}`, mode] : [];
    keyed(this.frame.chips, chips, (each) => each, (each) => h("span", { class: "kl-chip" }, each));
  }

  showEntries() {
    const entries = Object.entries(this.store.section("entries")).sort(byKind);
    const patch = (item, [key, row]) => this.patch(item, key, row);
    keyed(this.list, entries, ([key]) => key, ([key, row]) => patch(this.make(key), [key, row]), patch);
    this.empty.hidden = entries.length > 0;
    const words = entries.map(([, row]) => `${row.address} leads to ${row.targets.length} endpoints`);
    this.frame.say(words.join(", "));
  }

  make(key) {
    const parts = {
      address: h("strong"),
      kind: h("span", { class: "kl-kind" }),
      targets: h("ul", { class: "kl-targets" }),
      none: h("p", { class: "kl-bad", hidden: true }, "No endpoint: a connection is refused."),
    };
    const send = (count, label) => button({ class: `kl-button kl-send-${count}`, onclick: () => this.send(key, count) }, label);
    const tools = buttons("Packets", [send(1, "Follow a packet"), send(100, "Follow 100")]);
    const from = h("div", { class: "kl-from" }, parts.address, parts.kind, tools);
    const item = h("section", { class: "kl-entry", role: "group" }, from, h("div", { class: "kl-to" }, parts.targets, parts.none));
    item.klParts = parts;
    return item;
  }

  patch(item, key, row) {
    const { address, kind, targets, none } = item.klParts;
    setAttribute(item, "aria-label", `${row.kind} ${row.address}`);
    setText(address, row.address);
    const stays = row.affinity ? `a client stays for ${row.affinity} s` : "";
    setText(kind, [row.kind, row.protocol, row.port, stays].filter(Boolean).join(" · "));
    const counts = this.tally[key] ?? {};
    const most = Math.max(1, ...Object.values(counts));
    const show = (line, target) => showTarget(line, target, { count: counts[target.address], most });
    keyed(targets, row.targets, (target) => target.address, (target) => show(makeTarget(), target), show);
    none.hidden = row.targets.length > 0;
    for (const each of item.querySelectorAll("button")) each.disabled = !row.targets.length;
    return item;
  }

  /** Let packets take the rules one after another, as the node does; none is really sent. */
  send(key, count) {
    const { targets } = this.store.section("entries")[key];
    const counts = (this.tally[key] ??= {});
    let taken;
    for (let i = 0; i < count; i += 1) {
      taken = choose(targets, Math.random());
      counts[taken.address] = (counts[taken.address] ?? 0) + 1;
    }
    this.showEntries();
    const all = Object.values(counts).reduce((total, each) => total + each, 0);
    const words = count === 1 ? `It went to ${taken.address} by: ${taken.rule}` : `${all} packets so far: by chance, not in turn.`;
    setText(this.said, words);
    this.frame.say(words);
    const chosen = count === 1 ? taken.address : null;
    for (const line of this.list.querySelectorAll(".kl-target")) line.classList.toggle("kl-taken", line.klAddress === chosen);
  }
}

const HINT = "A packet here takes the node's rules as they are, with their chances; none is really sent.";

/** The target in whose share of 1 a number lies. */
function choose(targets, number) {
  let rest = number;
  return targets.find((target) => (rest -= target.chance) < 0) ?? targets.at(-1);
}

function makeTarget() {
  const parts = {
    bar: h("i"),
    chance: h("b"),
    address: h("code"),
    pod: h("span", { class: "kl-pod-name" }),
    count: h("span", { class: "kl-count" }),
    heap: h("i", { class: "kl-heap" }),
  };
  const share = h("span", { class: "kl-share" }, parts.bar, parts.chance);
  const line = h("li", { class: "kl-target" }, share, parts.address, parts.pod, h("span", { class: "kl-tally" }, parts.heap, parts.count));
  line.klParts = parts;
  return line;
}

function showTarget(line, target, { count = 0, most }) {
  const { bar, chance, address, pod, count: told, heap } = line.klParts;
  line.klAddress = target.address;
  setAttribute(line, "title", target.rule);
  bar.style.width = `${target.chance * 60}%`;
  setText(chance, `${Math.round(target.chance * 100)} %`);
  setText(address, target.address);
  setText(pod, target.pod);
  heap.style.width = `${(count / most) * 60}px`;
  setText(told, count ? `${count} packet${count === 1 ? "" : "s"}` : "");
  return line;
}

function byKind([, a], [, b]) {
  const rank = (row) => `${row.kind === "ClusterIP" ? 0 : 1} ${row.kind} ${row.address}`;
  return rank(a) < rank(b) ? -1 : 1;
}

export default live("packets", PacketTraceView);
