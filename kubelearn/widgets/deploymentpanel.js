// DeploymentPanel: controls, the ReplicaSets over time, and who answers.

const WAIT_AFTER_SLIDE = 250; // the slider sends when it has rested so long
const TIMELINE = { width: 560, height: 208, left: 22, bottom: 20, top: 6, shortest: 30 };
const LOG_LINES = 8;

function mountPanel(body, store, frame) {
  const phases = store.fact("phases");
  const name = store.fact("name");
  const controls = makeControls();
  const lines = h("div", { class: "kl-sets" });
  const rollout = h("p", { class: "kl-rollout", role: "status" });
  const timeline = makeTimeline();
  const traffic = makeTraffic();
  body.append(
    h("div", { class: "kl-columns" }, h("div", {}, controls.root, lines, rollout), timeline.root),
    traffic.root,
  );
  frame.title.replaceChildren(h("strong", {}, name), h("span", {}, `Deployment in namespace ${store.fact("namespace")}`));
  frame.root.setAttribute("aria-label", `Deployment ${name}`);
  const clock = setInterval(() => (body.isConnected ? timeline.draw() : clearInterval(clock)), 1_000);

  return function update(changes) {
    const row = store.section("deployment")[name];
    if (changes.deployment) controls.show(row);
    if (changes.sets || changes.pods) showSets();
    if (changes.sets || changes.history) timeline.draw();
    if (changes.traffic || changes.requests) traffic.show(changes);
    setText(rollout, row?.rollout ?? `There is no Deployment ${name} in this namespace yet.`);
    const ready = row ? `${row.ready} of ${row.replicas} ready` : "";
    keyed(frame.chips, ready ? [ready] : [], (words) => words, (words) => h("span", { class: "kl-chip" }, words));
    frame.say(`Deployment ${name}: ${ready || "does not exist"}`);
  };

  // --- controls -----------------------------------------------------------------------------

  function makeControls() {
    const maximum = store.fact("maximum");
    const number = h("output", { class: "kl-number" }, "–");
    const slider = h("input", {
      type: "range", min: 0, max: maximum, step: 1, class: "kl-slider", "aria-label": "Replicas",
      "data-lm-suppress-shortcuts": "true", oninput: slide,
    });
    const marks = h("div", { class: "kl-ticks", "aria-hidden": "true" });
    for (let i = 0; i <= maximum; i += 1) marks.append(h("span", {}, i % 5 && maximum > 10 ? "" : String(i)));
    const versions = store.fact("images").map(({ image, tag }) =>
      button({ class: "kl-button kl-version", title: `kubectl set image … ${image}`, onclick: () => store.act("image", { image }) }, tag || image),
    );
    const kill = button({ class: "kl-button kl-kill", title: "kubectl delete pod, for one of them by chance", onclick: () => store.act("kill", {}) }, "Kill a pod");
    const undo = button({ class: "kl-button kl-undo", title: "kubectl rollout undo: back to the revision before", onclick: () => store.act("undo", {}) }, "Undo rollout");
    const root = h(
      "div",
      { class: "kl-controls" },
      h("div", { class: "kl-field" }, h("span", { class: "kl-label" }, "Replicas"), h("div", { class: "kl-range" }, slider, marks), number),
      versions.length ? h("div", { class: "kl-field" }, h("span", { class: "kl-label" }, "Version"), h("div", { class: "kl-buttons", role: "group", "aria-label": "Version" }, ...versions)) : "",
      h("div", { class: "kl-field" }, h("span", { class: "kl-label" }, "Act"), h("div", { class: "kl-buttons" }, kill, undo)),
    );
    let timer;
    let sliding = false;

    function slide() {
      sliding = true;
      setText(number, slider.value);
      clearTimeout(timer);
      timer = setTimeout(() => {
        sliding = false;
        store.act("scale", { replicas: Number(slider.value) });
      }, WAIT_AFTER_SLIDE);
    }

    function show(row) {
      for (const control of [slider, kill, undo, ...versions]) control.disabled = !row;
      if (!row) return;
      if (!sliding) {
        slider.max = Math.max(maximum, row.replicas);
        slider.value = row.replicas;
        setText(number, String(row.replicas));
      }
      store.fact("images").forEach(({ image }, i) => setAttribute(versions[i], "aria-pressed", String(image === row.image)));
    }

    return { root, show };
  }

  // --- ReplicaSets and their pods -----------------------------------------------------------

  function colours() {
    const byAge = Object.values(store.section("sets")).sort((a, b) => order(a.created + a.name, b.created + b.name));
    const palette = store.fact("colours");
    return new Map(byAge.map((row, i) => [row.name, palette[i % palette.length]]));
  }

  function showSets() {
    const rows = Object.values(store.section("sets")).sort((a, b) => b.revision - a.revision);
    const colour = colours();
    const pods = Object.values(store.section("pods")).sort((a, b) => order(a.created + a.name, b.created + b.name));
    keyed(
      lines,
      rows,
      (row) => row.name,
      (row) => patchSet(makeSet(row), row),
      patchSet,
    );

    function makeSet(row) {
      return h(
        "div",
        { class: "kl-set", title: `${row.name}\n${row.image}` },
        h("i", {}),
        h("b", {}, row.tag || row.image),
        h("span", { class: "kl-revision" }),
        h("span", { class: "kl-marks" }),
        h("span", { class: "kl-count" }),
      );
    }

    function patchSet(element, row) {
      const [stripe, , revision, marks, count] = element.children;
      stripe.style.background = colour.get(row.name);
      setText(revision, `revision ${row.revision}`);
      setText(count, `${row.ready} of ${row.desired} ready`);
      element.classList.toggle("kl-idle", row.desired === 0);
      const mine = pods.filter((pod) => pod.owner === `ReplicaSet/${row.name}`);
      keyed(marks, mine, (pod) => `${pod.name} ${pod.phase}`, (pod) => {
        const mark = h("span", { class: "kl-mark-pod", role: "img", title: `${pod.name}: ${pod.word}`, "aria-label": `${pod.name}: ${pod.word}` });
        mark.append(badge(phases[pod.phase]));
        return mark;
      });
      return element;
    }
  }

  // --- the picture over time ----------------------------------------------------------------

  function makeTimeline() {
    const { width, height, left, bottom } = TIMELINE;
    const drawing = svg("svg", { viewBox: `0 0 ${width} ${height}`, class: "kl-timeline", role: "img", "aria-label": "Pods of each ReplicaSet over the last minutes" });
    const legend = h(
      "p",
      { class: "kl-legend" },
      h("i", { class: "kl-full" }), "ready", h("i", { class: "kl-wished" }), "desired, not ready yet",
    );
    const root = h("figure", { class: "kl-figure" }, drawing, legend);

    /** Bands, one for each ReplicaSet, oldest at the bottom; solid for ready pods, pale for wished ones. */
    function draw() {
      const now = store.now();
      const steps = Object.values(store.section("history")).sort((a, b) => a.at - b.at);
      const known = (now - (steps[0]?.at ?? now)) / 1_000;
      const seconds = Math.min(Math.max(known, TIMELINE.shortest), store.fact("seconds"));
      const start = now - seconds * 1_000;
      const total = (sets) => Object.values(sets).reduce((sum, [wished, ready]) => sum + Math.max(wished, ready), 0);
      const most = Math.max(4, ...steps.map((step) => total(step.sets)));
      const x = (at) => left + (Math.max(at, start) - start) / (now - start) * (width - left);
      const y = (count) => height - bottom - (count / most) * (height - bottom - TIMELINE.top);
      const parts = [...grid(most, y, seconds)];
      for (const [name, colour] of colours()) {
        const pieces = { ready: "", wished: "" };
        steps.forEach((step, i) => {
          const from = x(step.at);
          const to = x(steps[i + 1]?.at ?? now);
          if (to <= from || !step.sets[name]) return;
          const [wished, ready] = step.sets[name];
          const base = below(step.sets, name);
          if (ready) pieces.ready += block(from, to, y(base), y(base + ready));
          if (wished > ready) pieces.wished += block(from, to, y(base + ready), y(base + wished));
        });
        parts.push(svg("path", { d: pieces.wished, fill: colour, class: "kl-wished" }));
        parts.push(svg("path", { d: pieces.ready, fill: colour }));
      }
      drawing.replaceChildren(...parts);
    }

    function below(sets, name) {
      let base = 0;
      for (const other of colours().keys()) {
        if (other === name) break;
        if (sets[other]) base += Math.max(...sets[other]);
      }
      return base;
    }

    function block(from, to, low, high) {
      return `M${from.toFixed(1)} ${low.toFixed(1)}V${high.toFixed(1)}H${to.toFixed(1)}V${low.toFixed(1)}Z`;
    }

    function* grid(most, y, seconds) {
      const step = most > 12 ? 5 : most > 6 ? 2 : 1;
      for (let count = 0; count <= most; count += step) {
        yield svg("line", { x1: left, x2: width, y1: y(count), y2: y(count), class: "kl-rule" });
        yield label(String(count), left - 6, y(count) + 4, "end");
      }
      const ago = seconds < 100 ? `${Math.round(seconds / 10) * 10} s` : `${Math.round(seconds / 60)} min`;
      yield label(`${ago} ago`, left, height - 4, "start");
      yield label("now", width, height - 4, "end");
    }

    function label(words, x, y, anchor) {
      return svg("text", { x, y, "text-anchor": anchor }, words);
    }

    return { root, draw };
  }

  // --- who answers --------------------------------------------------------------------------

  function makeTraffic() {
    const toggle = button({ class: "kl-button kl-requests", onclick: () => store.act("requests", { on: !store.section("traffic").on }) }, "Start requests");
    const tally = h("span", { class: "kl-tally" });
    const strip = h("div", { class: "kl-strip", role: "img" });
    const log = h("ol", { class: "kl-log", "aria-label": "Latest requests", tabindex: "0" });
    const root = h(
      "section",
      { class: "kl-traffic", role: "group", "aria-label": "Requests" },
      h("div", { class: "kl-traffic-head" }, toggle, h("code", {}, `GET ${store.fact("service")}`), tally),
      strip,
      log,
    );

    function show() {
      const { on, ok = 0, failed = 0 } = store.section("traffic");
      setText(toggle, on ? "Stop requests" : "Start requests");
      root.classList.toggle("kl-running", Boolean(on));
      keyed(tally, ok + failed ? [`${ok} ${failed}`] : [], (key) => key, () =>
        h("span", {}, h("b", { class: "kl-good" }, String(ok)), " answered, ", h("b", { class: failed ? "kl-bad" : "" }, String(failed)), " failed"),
      );
      strip.setAttribute("aria-label", `${ok} requests answered, ${failed} failed`);
      const requests = Object.entries(store.section("requests")).sort((a, b) => a[0] - b[0]);
      const colour = colours();
      keyed(strip, requests, ([key]) => key, ([, entry]) => makeBar(entry, colour));
      keyed(log, requests.slice(-LOG_LINES).reverse(), ([key]) => key, ([, entry]) => makeLine(entry, colour));
      strip.hidden = log.hidden = !requests.length;
    }

    function makeBar(entry, colour) {
      const bar = h("i", { class: entry.failed ? "kl-error" : "", title: `${entry.code || "no answer"} ${entry.text}` });
      if (!entry.failed) bar.style.background = colour.get(entry.owner?.replace("ReplicaSet/", "")) ?? "";
      return bar;
    }

    function makeLine(entry, colour) {
      const dot = h("i", {});
      if (!entry.failed) dot.style.background = colour.get(entry.owner?.replace("ReplicaSet/", "")) ?? "";
      return h(
        "li",
        { class: entry.failed ? "kl-failed" : "" },
        h("time", {}, clockTime(entry.at)), dot,
        h("b", {}, entry.code ? String(entry.code) : "–"), h("span", {}, entry.text), h("small", {}, `${entry.ms} ms`),
      );
    }

    return { root, show };
  }

  function order(a, b) {
    return a < b ? -1 : a > b ? 1 : 0;
  }
}

export default live("panel", mountPanel);
