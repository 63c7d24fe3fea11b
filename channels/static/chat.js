// The chat page: sends what is typed, shows what comes back. Texts are set as text, never as markup.
"use strict";
(() => {
  const words = document.body.dataset;
  const log = document.getElementById("log");
  const note = document.getElementById("note");
  const form = document.getElementById("form");
  const input = document.getElementById("text");
  const url = `/channels/${words.channel}/messages`;
  const TRIES = 5;
  const SOON = 3000;
  const LATER = 15000;
  const QUICK_FOR = 60000;

  const random = (bytes) =>
    Array.from(crypto.getRandomValues(new Uint8Array(bytes)), (each) => each.toString(16).padStart(2, "0")).join("");
  const pause = (milliseconds) => new Promise((done) => setTimeout(done, milliseconds));

  // A tab's own: on a shared phone the conversation ends with it. Without storage it ends with the page.
  const memory = {};
  const recall = (key) => {
    try { return sessionStorage.getItem(key) ?? memory[key] ?? ""; } catch { return memory[key] ?? ""; }
  };
  const keep = (key, value) => {
    memory[key] = value;
    try { sessionStorage.setItem(key, value); } catch { /* private mode */ }
  };

  const session = recall("session") || random(16);
  keep("session", session);
  const seen = new Set();
  let history = [];
  let after = recall("after");
  let quickUntil = 0;
  let queue = Promise.resolve();

  const element = (name, className, text) => {
    const made = document.createElement(name);
    if (className) made.className = className;
    if (text) made.textContent = text;
    return made;
  };

  const show = (entry, fresh) => {
    if (entry.id) {
      if (seen.has(entry.id)) return;
      seen.add(entry.id);
    }
    const item = element("li", entry.mine ? "you" : "");
    item.append(element("span", "who", `${entry.mine ? words.you : words.service}: `));
    item.append(element("p", "", entry.text));
    if (entry.choices && entry.choices.length) item.append(offered(entry.choices, fresh));
    log.append(item);
    item.scrollIntoView({ block: "end" });
    if (fresh) {
      history = [...history, entry].slice(-50);
      keep("history", JSON.stringify(history));
    }
  };

  const offered = (choices, open) => {
    const group = element("div", "choices");
    for (const choice of choices) {
      const button = element("button", "", choice.label);
      button.type = "button";
      button.disabled = !open;
      button.addEventListener("click", () => say(choice.label, choice.payload));
      group.append(button);
    }
    return group;
  };

  const say = (text, payload) => {
    for (const button of log.querySelectorAll(".choices button")) button.disabled = true;
    show({ mine: true, text }, true);
    const message = { session, id: random(12), text, language: document.documentElement.lang };
    if (payload) message.payload = payload;
    queue = queue.then(() => deliver(message));
  };

  // The same id each time: a repeated message is taken once.
  const deliver = async (message) => {
    note.textContent = words.wait;
    for (let attempt = 1; attempt <= TRIES; attempt += 1) {
      let wait = attempt * 1000;
      try {
        const response = await fetch(url, {
          method: "POST",
          headers: { "Content-Type": "application/json" },
          body: JSON.stringify(message),
        });
        if (response.ok) {
          const answer = await response.json();
          for (const each of answer.messages) show(each, true);
          note.textContent = answer.pending ? words.wait : "";
          quickUntil = Date.now() + QUICK_FOR;
          return;
        }
        if (response.status !== 429 && response.status < 500) break;
        wait = Math.max(wait, 1000 * Number(response.headers.get("Retry-After") || 0));
      } catch { /* no network: try again */ }
      await pause(wait);
    }
    note.textContent = words.failed;
  };

  const fetchWaiting = async () => {
    const query = new URLSearchParams({ after });
    const response = await fetch(`${url}?${query}`, { headers: { "X-Patou-Session": session } });
    if (!response.ok) return;
    for (const each of (await response.json()).messages) {
      show(each, true);
      after = each.id;
      note.textContent = "";
    }
    keep("after", after);
  };

  const listen = async () => {
    for (;;) {
      await pause(Date.now() < quickUntil ? SOON : LATER);
      if (document.visibilityState === "visible") await fetchWaiting().catch(() => {});
    }
  };

  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const text = input.value.trim();
    if (!text) return;
    input.value = "";
    input.focus();
    say(text, "");
  });
  input.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && !event.shiftKey && !event.isComposing) {
      event.preventDefault();
      form.requestSubmit();
    }
  });

  try { history = JSON.parse(recall("history") || "[]"); } catch { history = []; }
  for (const entry of history) show(entry, false);
  listen();
})();
