// ClusterMap: nodes as boxes, their pods as tiles; a click on a pod deletes it.

const ROOMY = 18; // up to so many pods each tile has two lines, up to the next one a single line
const COSY = 60;
const CONFIRM_FOR = 4_000;
const HINT = {
  true: "Click a pod to delete it, or a node to cordon or stop it. Each click appears below as a kubectl line and as the request that was sent.",
  false: "Point at a pod to read about it.",
};

function mountMap(body, store, frame) {
  const phases = store.fact("phases");
  const canAct = store.fact("actions");
  const cards = new Map();
  const tiles = new Map();
  const counts = new Map();

  const lane = makeCard("Waiting for a node", "kl-lane");
  const grid = h("div", { class: "kl-nodes" });
  const empty = h("p", { class: "kl-empty", hidden: true });
  const detail = h("div", { class: "kl-detail" }, HINT[canAct]);
  body.append(lane.root, empty, grid, detail);
  showTitle();

  body.addEventListener("keydown", moveFocus);
  for (const type of ["pointerover", "focusin"]) body.addEventListener(type, describe);
  body.addEventListener("pointerleave", () => detail.replaceChildren(HINT[canAct]));

  return function update(changes) {
    const focused = tileWithFocus();
    const after = focused && neighbour(focused);
    for (const [name, row] of Object.entries(changes.nodes ?? {})) updateNode(name, row);
    const pods = Object.entries(changes.pods ?? {});
    for (const [key, row] of pods) updatePod(key, row);
    if (changes.nodes) for (const tile of tiles.values()) place(tile);
    frame.calm(tiles.size, pods.length);
    showCounts();
    restoreFocus(focused, after);
  };

  // --- nodes --------------------------------------------------------------------------------

  function updateNode(name, row) {
    let card = cards.get(name);
    if (!row) {
      card?.root.remove();
      cards.delete(name);
      return;
    }
    if (!card) {
      card = makeNode(name);
      cards.set(name, card);
      const rank = nodeRank(row);
      const later = [...cards.values()].find((other) => other.row && nodeRank(other.row) > rank);
      grid.insertBefore(card.root, later?.root ?? null);
    }
    card.row = row;
    showNode(card);
  }

  function makeNode(name) {
    const card = makeCard(name, "kl-node");
    card.role = h("span", { class: "kl-role" });
    card.marks = h("span", { class: "kl-marks" });
    card.title.append(h("span", { class: "kl-below-title" }, card.role, card.marks));
    if (canAct) {
      card.menu = h("div", { class: "kl-menu", hidden: true });
      card.toggle = button(
        {
          class: "kl-more",
          "aria-expanded": "false",
          "aria-label": `Actions for node ${name}`,
          title: "Cordon or stop this node",
          onclick: () => openMenu(card, card.menu.hidden),
        },
        "⋯",
      );
      card.head.append(card.toggle);
      card.head.after(card.menu);
      card.head.addEventListener("click", (event) => {
        if (!event.target.closest("button")) openMenu(card, card.menu.hidden);
      });
      card.root.addEventListener("keydown", (event) => {
        if (event.key === "Escape" && !card.menu.hidden) {
          openMenu(card, false);
          card.toggle.focus();
        }
      });
    }
    return card;
  }

  function makeCard(name, kind) {
    const title = h("div", { class: "kl-card-title" }, h("strong", { title: name }, name));
    const head = h("div", { class: "kl-card-head" }, title);
    const list = h("div", { class: "kl-pods", role: "group", "aria-label": `Pods: ${name}` });
    const root = h("section", { class: `kl-card ${kind}`, role: "group", "aria-label": name }, head, list);
    return { root, head, title, list };
  }

  function showNode(card) {
    const { row } = card;
    setText(card.role, row.role);
    const marks = [];
    if (row.stopped) marks.push(["stopped", "The machine is switched off."]);
    if (row.ready !== "True") marks.push(["NotReady", row.reason || "No heartbeat."]);
    if (row.cordoned) marks.push(["cordoned", "No new pods come here."]);
    keyed(
      card.marks,
      marks,
      ([mark]) => mark,
      ([mark, why]) => h("span", { class: `kl-mark kl-mark-${mark}`, title: why }, mark),
    );
    card.root.classList.toggle("kl-down", row.ready !== "True" || Boolean(row.stopped));
    card.root.classList.toggle("kl-cordoned", row.cordoned);
    card.list.dataset.empty = row.reserved ? "kept free for the control plane" : "no pods";
    if (card.menu) showMenu(card);
  }

  function openMenu(card, open) {
    card.menu.hidden = !open;
    setAttribute(card.toggle, "aria-expanded", String(open));
    if (open) card.menu.querySelector("button:not([disabled])")?.focus();
  }

  function showMenu(card) {
    const { row } = card;
    const off = row.stopped || row.ready !== "True";
    const items = [
      row.cordoned ? ["uncordon", "Uncordon", "Let new pods come again"] : ["cordon", "Cordon", "Let no new pods come here"],
      off ? ["start", "Start", "Switch the machine on"] : ["stop", "Stop", "Switch the machine off, with all that runs on it"],
    ];
    const keepsMaster = row.role === "control plane" && !off;
    keyed(
      card.menu,
      items,
      ([action]) => action,
      ([action, label, title]) => {
        const locked = action === "stop" && keepsMaster;
        return button(
          {
            class: `kl-button kl-do-${action}`,
            title: locked ? "The control plane runs here: without it nothing could be shown" : title,
            disabled: locked,
            onclick: () => {
              store.act(action, { name: row.name });
              openMenu(card, false);
              card.toggle.focus();
            },
          },
          label,
        );
      },
    );
  }

  function nodeRank(row) {
    const number = row.name.replace(/\d+/g, (digits) => digits.padStart(8, "0"));
    return `${row.role === "worker" ? 1 : 0} ${number}`;
  }

  // --- pods ---------------------------------------------------------------------------------

  function updatePod(key, row) {
    const tile = tiles.get(key) ?? (row && makeTile(key));
    if (!tile) return;
    if (tile.row) count(tile.row.phase, -1);
    if (!row) {
      tile.element.remove();
      tiles.delete(key);
      return;
    }
    count(row.phase, 1);
    const changed = tile.row?.phase !== row.phase;
    tile.row = row;
    if (changed) showPhase(tile);
    setText(tile.name, row.head);
    const more = row.phase === "Failed" ? row.word : row.tag;
    setText(tile.below, [row.tail, more].filter(Boolean).join(" · ") || row.namespace);
    setText(tile.short, row.tail || row.head);
    setAttribute(tile.element, "aria-label", `Pod ${row.name}, ${wordsFor(row)}`);
    tile.element.title = hoverText(row);
    place(tile);
  }

  function makeTile(key) {
    const tile = {
      key,
      icon: h("span", { class: "kl-icon" }),
      name: h("span", { class: "kl-name" }),
      below: h("span", { class: "kl-below" }),
      short: h("span", { class: "kl-short" }),
    };
    tile.element = button(
      { class: "kl-pod", tabindex: "-1", "data-key": key, onclick: () => remove(tile) },
      tile.icon,
      h("span", { class: "kl-words" }, tile.name, tile.below, tile.short),
    );
    tile.element.klTile = tile;
    tiles.set(key, tile);
    return tile;
  }

  function showPhase(tile) {
    const look = phases[tile.row.phase];
    tile.element.dataset.phase = tile.row.phase;
    tile.element.style.setProperty("--kl-colour", look.colour);
    tile.element.style.setProperty("--kl-edge", look.edge);
    tile.element.classList.remove("kl-asked", "kl-armed");
    tile.icon.replaceChildren(badge(look));
    // Starts the ring that marks a change anew.
    tile.icon.style.animationName = "none";
    requestAnimationFrame(() => (tile.icon.style.animationName = ""));
  }

  /** Put a tile where it belongs; the oldest pods come first. */
  function place(tile) {
    const home = cards.get(tile.row.node)?.list ?? lane.list;
    const { element } = tile;
    if (element.parentNode === home && tile.sorted === tile.row.created) return;
    tile.sorted = tile.row.created;
    let before = null;
    for (let other = home.lastElementChild; other; other = other.previousElementSibling) {
      if (other === element) continue;
      if (!isBefore(tile, other.klTile)) break;
      before = other;
    }
    home.insertBefore(element, before);
  }

  function isBefore(one, other) {
    const a = one.row.created + one.key;
    return a < other.row.created + other.key;
  }

  function remove(tile) {
    const { row, element } = tile;
    if (!canAct || row.phase === "Terminating") return;
    if (!row.owner && !element.classList.contains("kl-armed")) {
      element.classList.add("kl-armed");
      setText(detail, `${row.name} has no controller that would bring it back. Click again to delete it.`);
      setTimeout(() => element.classList.remove("kl-armed"), CONFIRM_FOR);
      return;
    }
    element.classList.remove("kl-armed");
    element.classList.add("kl-asked");
    store.act("delete", { name: row.name, namespace: row.namespace });
  }

  function wordsFor(row) {
    const { label } = phases[row.phase];
    return row.word === row.phase || row.word === label ? label : `${label} (${row.word})`;
  }

  function hoverText(row) {
    const state = `${row.name}: ${wordsFor(row)}`;
    if (!canAct || row.phase === "Terminating") return state;
    return `${state}\nClick: kubectl delete pod ${row.name} -n ${row.namespace}`;
  }

  // --- what is around -----------------------------------------------------------------------

  function showTitle() {
    const names = store.fact("namespaces");
    const where = names.length ? `namespace ${names.join(", ")}` : "all namespaces";
    frame.title.replaceChildren(h("strong", {}, store.fact("cluster")), h("span", {}, where));
    frame.root.setAttribute("aria-label", `Map of cluster ${store.fact("cluster")}, ${where}`);
  }

  function count(phase, change) {
    counts.set(phase, (counts.get(phase) ?? 0) + change);
  }

  function showCounts() {
    const present = Object.keys(phases).filter((phase) => counts.get(phase));
    keyed(
      frame.chips,
      present,
      (phase) => phase,
      (phase) => {
        const look = phases[phase];
        const chip = h("span", { class: "kl-chip", title: look.meaning }, badge(look), h("b"), ` ${look.label}`);
        setText(chip.querySelector("b"), String(counts.get(phase)));
        return chip;
      },
      (chip, phase) => setText(chip.querySelector("b"), String(counts.get(phase))),
    );
    lane.root.hidden = !lane.list.childElementCount;
    const roomy = tiles.size <= ROOMY ? "roomy" : tiles.size <= COSY ? "cosy" : "dense";
    if (body.dataset.density !== roomy) body.dataset.density = roomy;
    empty.hidden = cards.size > 0;
    setText(empty, frame.root.dataset.state === "connecting" ? "Asking the cluster…" : "This cluster has no nodes yet.");
    if (!tileWithTabStop()) setTabStop(body.querySelector(".kl-pod"));
    const words = present.map((phase) => `${counts.get(phase)} ${phases[phase].label}`);
    frame.say(words.length ? `Pods: ${words.join(", ")}` : "No pods");
  }

  function describe(event) {
    const row = event.target.closest?.(".kl-pod")?.klTile?.row;
    if (event.target.closest?.(".kl-armed")) return;
    if (!row) {
      detail.replaceChildren(HINT[canAct]);
      return;
    }
    const facts = [
      wordsFor(row),
      `containers ready ${row.ready}`,
      row.ip,
      row.image,
      plural(row.restarts, "restart"),
      row.owner ? `owned by ${row.owner}` : "no owner",
    ];
    detail.replaceChildren(h("b", {}, row.name), ` ${facts.filter(Boolean).join(" · ")}`);
  }

  // --- keyboard -----------------------------------------------------------------------------

  function tileWithFocus() {
    const active = body.getRootNode().activeElement;
    return body.contains(active) ? active.closest(".kl-pod") : null;
  }

  function tileWithTabStop() {
    return body.querySelector('.kl-pod[tabindex="0"]');
  }

  function setTabStop(element) {
    tileWithTabStop()?.setAttribute("tabindex", "-1");
    element?.setAttribute("tabindex", "0");
  }

  function neighbour(element) {
    const all = [...body.querySelectorAll(".kl-pod")];
    const at = all.indexOf(element);
    return all[at + 1] ?? all[at - 1];
  }

  /** The pod with the focus may have moved or gone: stay with it, else go to the next one. */
  function restoreFocus(focused, after) {
    if (!focused || focused === tileWithFocus()) return;
    const target = focused.isConnected ? focused : after?.isConnected ? after : body.querySelector(".kl-pod");
    setTabStop(target);
    target?.focus();
  }

  function moveFocus(event) {
    const from = event.target.closest?.(".kl-pod");
    if (!from) return;
    if (event.key === "Delete" || event.key === "Backspace") {
      event.preventDefault();
      remove(from.klTile);
      return;
    }
    const target = targetOf(event.key, from);
    if (target === undefined) return;
    event.preventDefault();
    if (!target) return;
    setTabStop(target);
    target.focus();
  }

  function targetOf(key, from) {
    const all = [...body.querySelectorAll(".kl-pod")];
    if (key === "Home") return all[0];
    if (key === "End") return all[all.length - 1];
    const step = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }[key];
    return step && (nearest(all, from, step) ?? null);
  }

  /** The pod that lies next in a direction; going straight counts more than being close. */
  function nearest(all, from, [dx, dy]) {
    const here = from.getBoundingClientRect();
    let best;
    let least = Infinity;
    for (const other of all) {
      const there = other.getBoundingClientRect();
      const x = there.x - here.x;
      const y = there.y - here.y;
      const ahead = x * dx + y * dy;
      if (ahead <= 1) continue;
      const distance = ahead + 3 * Math.abs(x * dy + y * dx);
      if (distance < least) [best, least] = [other, distance];
    }
    return best;
  }
}

export default live("map", mountMap);
