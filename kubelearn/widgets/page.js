// What stands for Jupyter on a page of its own: a model whose messages go to our little server.

import widget from "/widget.js";

// The token has done its work: nobody shall read it in the address bar or in a bookmark.
history.replaceState(null, "", "/");

const RETRY = 1_500;
const state = await (await fetch("/state")).json();
const changed = {};
const listeners = {};
let page = "";
let views = null; // the last message that says how many views there are

const post = (data) => fetch("/message", { method: "POST", body: JSON.stringify(data) }).catch(() => {});
const send = (content) => {
  if (content.type === "views") views = content;
  post({ method: "custom", content: content.type === "views" ? { ...content, page } : content });
};

const model = {
  get: (name) => state[name],
  set: (name, value) => {
    state[name] = changed[name] = value;
    listeners[`change:${name}`]?.();
  },
  save_changes: () => post({ method: "update", state: changed }),
  send,
  on: (name, callback) => {
    listeners[name] = callback;
  },
};

/** Each connection is a page of its own: the server counts its views until it breaks. */
function connect() {
  page = crypto.randomUUID();
  const events = new EventSource(`/events?page=${page}`);
  events.onopen = () => {
    if (views) send({ ...views, rev: -1 });
  };
  events.onmessage = (event) => {
    const data = JSON.parse(event.data);
    if (data.method === "custom") listeners["msg:custom"]?.(data.content);
    for (const [name, value] of Object.entries(data.method === "update" ? data.state : {})) {
      state[name] = value;
      listeners[`change:${name}`]?.();
    }
  };
  events.onerror = () => {
    events.close();
    setTimeout(connect, RETRY);
  };
}

await widget.initialize?.({ model });
connect();
widget.render({ model, el: document.getElementById("here") });
