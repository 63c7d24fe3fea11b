// Shows the chat on a page of another site: a button, and a dialog with a frame. Reads nothing of that page.
"use strict";
(() => {
  const script = document.currentScript;
  const origin = new URL(script.src).origin;
  const all = "$words";
  const known = Object.keys(all);
  const near = (each = "") => known.find((name) => [each, each.split("-")[0]].some((one) => one.toLowerCase() === name.toLowerCase()));
  const wanted = near(script.dataset.lang) || near(document.documentElement.lang) || known[0];
  const words = all[wanted];
  // Set one by one, as scripts may under a policy that forbids inline styles.
  const style = (element, rules) => Object.assign(element.style, rules);
  const made = (name, attributes, rules) => {
    const element = document.createElement(name);
    for (const key of Object.keys(attributes)) element.setAttribute(key, attributes[key]);
    style(element, rules);
    return element;
  };

  const button = made("button", { type: "button", lang: wanted, "aria-expanded": "false", "aria-haspopup": "dialog" }, {
    position: "fixed", right: "16px", bottom: "16px", zIndex: "2147483646", minHeight: "48px", padding: "8px 20px",
    font: "600 17px/1.5 'Noto Sans Lao', system-ui, sans-serif", color: "#fff", background: "#14508c",
    border: "2px solid #fff", borderRadius: "24px", boxShadow: "0 2px 8px rgba(0,0,0,.4)", cursor: "pointer",
  });
  button.textContent = words.open;
  const dialog = made("div", { role: "dialog", "aria-label": words.open, lang: wanted }, {
    position: "fixed", right: "0", bottom: "0", zIndex: "2147483647", width: "min(100vw, 400px)",
    height: "min(100vh, 640px)", background: "#f6f7f9", border: "1px solid #6b7682",
    boxShadow: "0 2px 16px rgba(0,0,0,.4)", boxSizing: "border-box", display: "none",
  });
  let frame = null;

  const set = (open) => {
    style(dialog, { display: open ? "block" : "none" });
    style(button, { visibility: open ? "hidden" : "visible" });
    button.setAttribute("aria-expanded", String(open));
    if (!open) return button.focus();
    if (!frame) {
      frame = made("iframe", { title: words.open, src: `${origin}$path?embed=1&lang=${wanted}` }, {
        width: "100%", height: "100%", border: "0",
      });
      frame.addEventListener("load", enter);
      dialog.append(frame);
    } else enter();
  };
  const enter = () => {
    frame.focus();
    frame.contentWindow.postMessage("patou:open", origin);
  };

  button.addEventListener("click", () => set(true));
  dialog.addEventListener("keydown", (event) => { if (event.key === "Escape") set(false); });
  addEventListener("message", (event) => {
    if (frame && event.source === frame.contentWindow && event.origin === origin && event.data === "patou:close") set(false);
  });
  const place = () => document.body.append(button, dialog);
  document.body ? place() : addEventListener("DOMContentLoaded", place);
})();
