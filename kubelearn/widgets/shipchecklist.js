// ShipChecklist: the steps from a folder to a public URL, ticked by what is seen.

const WHY = {
  folder: "All that the app is lies in one folder: its code, the Dockerfile that says how it becomes an image, and the YAML that says how it shall run.",
  image: "An image holds the app with all that it needs, so that it runs the same everywhere.",
  cluster: "Nodes are the machines that will run it. Each of them says by itself that it is ready.",
  nodes: "A container starts from an image on its own node. What is only on your machine does not count.",
  pods: "The Deployment makes pods, the scheduler finds a node for each, the kubelet there starts the containers.",
  service: "One name and one address for all pods that are ready. Its endpoints are the proof.",
  public: "A port on every node leads to the Service. The tick comes from a real request, sent as a stranger would.",
};

class ShipChecklistView {
  constructor(body, store, frame) {
    this.store = store;
    this.frame = frame;
    this.looks = store.fact("looks");
    this.open = new Map(); // what somebody has opened or closed
    const name = store.fact("name");
    frame.title.replaceChildren(h("strong", {}, `Ship ${name}`), h("span", {}, `namespace ${store.fact("namespace")}`));
    frame.root.setAttribute("aria-label", `Steps to ship ${name}`);
    this.list = h("ol", { class: "kl-steps" });
    body.append(this.list);
  }

  update(changes) {
    if (!changes.steps) return;
    const steps = Object.values(this.store.section("steps"));
    const current = steps.find((step) => step.state !== "done")?.key;
    const patch = (element, step) => this.patch(element, step, step.key === current);
    keyed(this.list, steps, (step) => step.key, (step) => patch(this.make(step), step), patch);
    const done = steps.filter((step) => step.state === "done").length;
    const words = `${done} of ${steps.length} steps done`;
    keyed(this.frame.chips, [words], (each) => each, (each) => h("span", { class: "kl-chip" }, each));
    const next = steps.find((step) => step.key === current);
    this.frame.say(next ? `${words}. ${this.looks[next.state].words}: ${next.title}. ${next.seen}` : `${words}.`);
  }

  make(step) {
    const id = `kl-step-${step.key}-${Math.random().toString(36).slice(2, 8)}`;
    const toggle = button(
      { class: "kl-step-head", "aria-controls": id, onclick: () => this.flip(step.key) },
      h("span", { class: "kl-icon" }),
      h("span", { class: "kl-step-title" }, step.title),
      h("span", { class: "kl-state" }),
      h("span", { class: "kl-seen" }),
    );
    const more = h("div", { class: "kl-more", id }, h("p", {}, WHY[step.key]), h("code", { class: "kl-command" }));
    return h("li", { class: "kl-step" }, toggle, more);
  }

  patch(element, step, isCurrent) {
    const look = this.looks[step.state];
    if (element.dataset.state !== step.state) {
      element.dataset.state = step.state;
      element.querySelector(".kl-icon").replaceChildren(badge(look));
    }
    setText(element.querySelector(".kl-state"), look.words);
    setText(element.querySelector(".kl-seen"), step.seen);
    setText(element.querySelector(".kl-command"), step.command);
    const open = this.open.get(step.key) ?? isCurrent;
    setAttribute(element.querySelector(".kl-step-head"), "aria-expanded", String(open));
    element.querySelector(".kl-more").hidden = !open;
    return element;
  }

  flip(key) {
    const toggle = this.list.klItems.find((each) => each.key === key).element.querySelector(".kl-step-head");
    this.open.set(key, toggle.getAttribute("aria-expanded") !== "true");
    this.update({ steps: true });
  }
}

export default live("ship", ShipChecklistView);
