// The chat page: what is typed or pressed goes out, what comes back stands below it.
"use strict";
(() => {
  const words = document.body.dataset;
  const log = document.getElementById("log");
  const note = document.getElementById("note");
  const form = document.getElementById("form");
  const input = document.getElementById("text");
  const close = document.getElementById("close");
  const framed = document.documentElement.classList.contains("framed") && parent !== window;
  // A tab's own: on a shared phone the conversation ends with it. Without storage it ends with the page.
  let memory = null;
  try { memory = window.sessionStorage; } catch { /* shut in a frame, or private */ }

  const show = (entry) => {
    if (entry.mine) closeChoices(log);
    const item = entryElement(entry, words, (label, payload) => {
      // Not into the text: on a telephone that would open its keyboard at every touch.
      log.focus({ preventScroll: true });
      say(label, payload);
    });
    if (entry.slip) {
      const link = document.createElement("a");
      link.href = `/status/${entry.slip.digits}?lang=${document.documentElement.lang}`;
      link.textContent = words.status;
      if (framed) Object.assign(link, { target: "_blank", rel: "noopener" });
      item.querySelector(".slip").append(link);
    }
    log.append(item);
    reveal(item);
  };

  const say = converse({
    url: `/channels/${words.channel}/messages`,
    files: `/channels/${words.channel}/files`,
    language: () => document.documentElement.lang,
    memory,
    show,
    tell: (state) => { note.textContent = state && words[state]; },
  });

  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const text = input.value.trim();
    input.focus();
    if (!text) return;
    input.value = "";
    say(text, "");
  });
  // Sharp enough, sent in a tenth of the time, and without its place.
  const smaller = async (file) => {
    try {
      const image = await createImageBitmap(file);
      const scale = Math.min(1, 2000 / Math.max(image.width, image.height));
      const canvas = document.createElement("canvas");
      Object.assign(canvas, { width: image.width * scale, height: image.height * scale });
      canvas.getContext("2d").drawImage(image, 0, 0, canvas.width, canvas.height);
      const blob = await new Promise((done) => canvas.toBlob(done, "image/jpeg", .85));
      return blob.size < file.size ? blob : file;
    } catch { return file; } // no picture
  };
  const picker = document.getElementById("file");
  form.classList.add("scripted"); // what is chosen goes at once
  picker.addEventListener("change", async () => {
    const [file] = picker.files;
    if (!file) return;
    const sent = await smaller(file);
    picker.value = "";
    say(file.name, "", sent);
  });
  input.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && !event.shiftKey && !event.isComposing) {
      event.preventDefault();
      form.requestSubmit ? form.requestSubmit() : document.getElementById("send").click();
    }
  });

  // In a frame: the page around it is told to close, and nothing else.
  if (framed) {
    const shut = () => parent.postMessage("patou:close", "*");
    close.hidden = false;
    close.addEventListener("click", shut);
    addEventListener("keydown", (event) => { if (event.key === "Escape") shut(); });
    addEventListener("message", (event) => { if (event.source === parent && event.data === "patou:open") input.focus(); });
  }
})();
