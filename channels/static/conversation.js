// The conversation of a page with the server: each message is taken once, whatever becomes of the
// network, and each reply is shown once. Texts are handed on as text, never as markup.
"use strict";
const converse = ({ url, files, language, memory, show, tell }) => {
  const POST_SECONDS = 30;
  const SLOWEST = 15000; // milliseconds between two tries, and between two looks while somebody writes
  const IDLE = 60000; // between two looks when nobody has written for IDLE_AFTER
  const IDLE_AFTER = 120000;
  const HURRY_FOR = 90000; // how long an answer that is on its way is waited for closely
  const random = (bytes) =>
    Array.from(crypto.getRandomValues(new Uint8Array(bytes)), (each) => each.toString(16).padStart(2, "0")).join("");
  const read = (key, otherwise) => {
    try { return JSON.parse(memory.getItem(key)) ?? otherwise; } catch { return otherwise; }
  };
  const keep = (key, value) => {
    try { memory.setItem(key, JSON.stringify(value)); } catch { /* no storage: it lives as long as the page */ }
  };

  const session = read("session", "") || random(16);
  keep("session", session);
  let entries = read("entries", []); // what is on the page
  let unsent = read("unsent", []); // written, and not known to have arrived
  let owed = read("owed", []); // shown, and the server does not know it yet
  const seen = new Set(entries.map((each) => each.id).concat(owed));
  let expecting = 0; // until when an answer is on its way
  let active = Date.now();
  let sending = false;
  let wake = () => {};

  const pause = (milliseconds) =>
    new Promise((done) => {
      const timer = setTimeout(done, milliseconds);
      wake = () => { clearTimeout(timer); done(); };
    });
  let resume = () => {};
  const breathe = (milliseconds) =>
    new Promise((done) => {
      const timer = setTimeout(done, milliseconds);
      resume = () => { clearTimeout(timer); done(); };
    });

  const remember = (entry) => {
    entries = [...entries, entry].slice(-50);
    keep("entries", entries);
  };
  const enter = (entry) => {
    remember(entry);
    show(entry, true);
  };
  const keepUnsent = () => keep("unsent", unsent.filter((each) => !each.file));
  const receive = (messages) => {
    let fresh = false;
    for (const each of messages) {
      if (!owed.includes(each.id)) owed.push(each.id);
      if (seen.has(each.id)) continue;
      seen.add(each.id);
      fresh = true;
      enter(each);
    }
    keep("owed", owed);
    return fresh;
  };
  const request = async (address, options, seconds) => {
    const abort = new AbortController();
    const timer = setTimeout(() => abort.abort(), seconds * 1000);
    try { return await fetch(address, { ...options, signal: abort.signal, cache: "no-store" }); }
    finally { clearTimeout(timer); }
  };

  // One try; how many milliseconds to wait before the next, or 0 when the message is done with.
  const post = async (message, tries) => {
    let response;
    let answer;
    const slower = Math.min(SLOWEST, 1000 * 2 ** tries);
    try {
      const { file, ...told } = { session, language: language(), ...message };
      let body = JSON.stringify(told);
      const headers = file ? {} : { "Content-Type": "application/json" };
      if (file) {
        body = new FormData();
        for (const name in told) body.append(name, name === "text" ? "" : told[name]);
        body.append("file", file, told.text);
      }
      response = await request(file ? files : url, { method: "POST", headers, body }, file ? 180 : POST_SECONDS);
      if (response.ok) answer = await response.json();
    } catch {
      tell("offline");
      return slower;
    }
    if (response.status === 429) {
      tell("busy");
      return Math.max(slower, 1000 * Number(response.headers.get("Retry-After") || 0));
    }
    if (response.status >= 500 || response.status === 408) {
      tell("busy");
      return slower;
    }
    if (!answer) {
      tell({ 413: "large", 415: "kind" }[response.status] || "failed");
      return 0;
    }
    if (message.file) remember({ ...message, file: undefined, mine: true });
    receive(answer.messages);
    expecting = answer.pending ? Date.now() + HURRY_FOR : 0;
    tell(answer.limited ? "limited" : answer.pending ? "wait" : "");
    return 0;
  };

  // The same id each time: a repeated message is taken once.
  const send = async () => {
    if (sending) return;
    sending = true;
    for (let tries = 0; unsent.length; ) {
      if (!tries) tell("wait");
      const wait = await post(unsent[0], tries);
      if (wait) {
        tries += 1;
        await breathe(wait);
      } else {
        tries = 0;
        unsent = unsent.slice(1);
        keepUnsent();
      }
    }
    sending = false;
    wake();
  };

  const look = async () => {
    const shown = owed.slice(0, 40);
    const query = new URLSearchParams({ shown: shown.join(","), wait: expecting ? "5" : "" });
    const response = await request(`${url}?${query}`, { headers: { "X-Patou-Session": session } }, POST_SECONDS);
    if (!response.ok) return false;
    owed = owed.filter((each) => !shown.includes(each));
    keep("owed", owed);
    if (receive((await response.json()).messages)) {
      expecting = 0;
      if (!sending) tell("");
    }
    return true;
  };

  const listen = async () => {
    for (;;) {
      let fine = true;
      if (document.visibilityState === "visible" && !sending) fine = await look().catch(() => false);
      if (expecting && Date.now() > expecting) {
        expecting = 0;
        tell("late");
      }
      const rest = Date.now() - active > IDLE_AFTER ? IDLE : SLOWEST;
      await pause(!fine ? SLOWEST : expecting ? 500 : owed.length ? 1000 : rest);
    }
  };

  addEventListener("online", () => { resume(); wake(); });
  document.addEventListener("visibilitychange", () => { resume(); wake(); });

  for (const entry of entries) show(entry, false);
  send();
  listen();
  return (text, payload, file) => {
    active = Date.now();
    const message = { id: random(12), text };
    if (payload) message.payload = payload;
    if (file) message.file = file;
    // No storage holds a file.
    (file ? show : enter)({ id: message.id, mine: true, text }, true);
    unsent = [...unsent, message];
    keepUnsent();
    send();
  };
};

// The element for an entry; `choose(label, payload)` is called for a pressed choice.
const entryElement = (entry, words, choose) => {
  const element = (name, className, text) => {
    const made = document.createElement(name);
    if (className) made.className = className;
    if (text) {
      made.textContent = text;
      // Whatever the page is in: letters other than Latin are the country's own.
      if (/[\u0370-\u1fff]/.test(text)) made.lang = words.first;
    }
    return made;
  };
  const item = element("div", entry.mine ? "entry you" : "entry");
  item.append(element("span", "unseen", `${entry.mine ? words.you : words.service}: `), element("p", "", entry.text));
  if (entry.address) item.append(element("p", "", entry.address));
  // Not on a public screen.
  if (words.map && (entry.map || entry.file)) {
    const links = element("p", "links");
    for (const [href, text] of [[entry.file, words.file], [entry.map, words.map], [entry.geo, entry.at]]) {
      if (!href) continue;
      links.append(Object.assign(element("a", "", text), { href, target: "_blank", rel: "noopener noreferrer" }));
    }
    item.append(links);
  }
  if (entry.slip) {
    const slip = element("div", "slip");
    const list = document.createElement("dl");
    for (const [name, value] of [[words.number, entry.slip.reference], [words.pin, entry.slip.pin]]) {
      const pair = document.createElement("div");
      pair.append(element("dt", "", name), element("dd", "", value));
      list.append(pair);
    }
    slip.append(list, element("p", "", words.keep));
    item.append(slip);
  }
  if (entry.choices && entry.choices.length) {
    const group = element("div", "choices");
    for (const choice of entry.choices) {
      const button = element("button", "", choice.label);
      button.type = "button";
      button.addEventListener("click", () => choose(choice.label, choice.payload));
      group.append(button);
    }
    item.append(group);
  }
  return item;
};

// Long ones are read from their beginning.
const reveal = (item) => {
  item.scrollIntoView({ block: item.offsetHeight > innerHeight / 2 ? "start" : "end" });
};

const closeChoices = (log) => {
  for (const button of log.querySelectorAll(".choices button")) button.disabled = true;
};
