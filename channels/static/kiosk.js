// The kiosk: one person after another, and nothing of one is left for the next.
"use strict";
(() => {
  const words = document.body.dataset;
  const log = document.getElementById("log");
  const note = document.getElementById("note");
  const form = document.getElementById("form");
  const input = document.getElementById("text");
  const start = document.getElementById("start");
  const still = document.getElementById("still");
  const left = document.getElementById("left");
  const COUNTDOWN = 15; // seconds
  let idle = 0; // seconds since the last touch
  let begun = false;

  // Another page in the place of this one: no step back leads here, and the session is known to nobody.
  const wipe = () => {
    clearInterval(clock);
    document.body.replaceChildren();
    try { sessionStorage.clear(); localStorage.clear(); } catch { /* nothing was kept */ }
    location.replace(words.path);
  };
  const begin = () => {
    if (begun) return;
    begun = true;
    start.hidden = true;
    document.getElementById("languages").hidden = true;
    document.getElementById("finish").hidden = false;
  };
  const say = converse({
    url: `/channels/${words.channel}/messages`,
    language: () => document.documentElement.lang,
    memory: null,
    show: (entry) => {
      if (entry.file) return; // nobody takes a file from here; what it is follows in words
      if (entry.mine) closeChoices(log);
      const item = entryElement(entry, words, (label, payload) => {
        log.focus({ preventScroll: true });
        say(label, payload);
      });
      if (entry.slip) {
        const code = document.createElement("img");
        code.src = `/status/${entry.slip.digits}/qr.svg`;
        code.alt = words.scan;
        const told = document.createElement("p");
        told.textContent = words.scan;
        item.querySelector(".slip").append(told, code);
      }
      log.append(item);
      reveal(item);
    },
    tell: (state) => { note.textContent = state && words[state]; },
  });

  const stay = () => {
    idle = 0;
    if (still.open) still.close();
  };
  const clock = setInterval(() => {
    // A language chosen, or a word begun, is gone too when its person is.
    if (!begun && !input.value && !location.search) return;
    idle += 1;
    const over = idle - Number(words.seconds);
    if (over >= COUNTDOWN) return wipe();
    if (over < 0) return;
    left.textContent = String(COUNTDOWN - over);
    if (!still.open) still.showModal();
  }, 1000);

  for (const touch of ["pointerdown", "keydown", "input", "scroll"]) {
    addEventListener(touch, () => { if (!still.open) idle = 0; }, { passive: true, capture: true });
  }
  document.getElementById("on").addEventListener("click", stay);
  still.addEventListener("cancel", stay);
  document.getElementById("finish").addEventListener("click", wipe);
  for (const tile of document.querySelectorAll("#tiles button")) {
    tile.addEventListener("click", () => { begin(); say(tile.textContent, tile.dataset.payload); });
  }
  for (const link of document.querySelectorAll("#languages a")) {
    link.addEventListener("click", (event) => { event.preventDefault(); location.replace(link.href); });
  }
  const write = (event) => {
    event.preventDefault();
    const text = input.value.trim();
    if (!text) return;
    input.value = "";
    begin();
    say(text, "");
  };
  form.addEventListener("submit", write);
  input.addEventListener("keydown", (event) => { if (event.key === "Enter" && !event.shiftKey && !event.isComposing) write(event); });
  // A browser that kept the page for its Back button keeps it empty.
  addEventListener("pagehide", () => document.body.replaceChildren());
  addEventListener("pageshow", (event) => { if (event.persisted) location.replace(words.path); });
})();
