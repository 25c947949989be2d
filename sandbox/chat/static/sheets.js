/** What pops up over a phone: sheets of choices, passing words, and words that wait for an OK. */

import { h, icon } from "./dom.js";

const TOAST_MS = 3500;

/** Open a sheet in `host`; it closes by Escape, by touching elsewhere, or once a choice is made. Returns how to close it. */
export function openSheet(host, label, contents, { isMenu = false, opener = null } = {}) {
  const sheet = h("div", { class: isMenu ? "sheet is-menu" : "sheet", role: "menu", "aria-label": label }, contents);
  function close() {
    sheet.remove();
    document.removeEventListener("pointerdown", outside, true);
    document.removeEventListener("keydown", keys, true);
    opener?.setAttribute("aria-expanded", "false");
  }
  function outside(event) {
    if (!sheet.contains(event.target) && !opener?.contains(event.target)) close();
  }
  function keys(event) {
    if (event.key === "Escape") {
      close();
      opener?.focus();
    } else if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      moveFocus(sheet, event);
    }
  }
  document.addEventListener("pointerdown", outside, true);
  document.addEventListener("keydown", keys, true);
  opener?.setAttribute("aria-expanded", "true");
  host.append(sheet);
  return close;
}

function moveFocus(sheet, event) {
  const choices = [...sheet.querySelectorAll("button")];
  const at = choices.indexOf(document.activeElement);
  const next = event.key === "ArrowDown" ? at + 1 : at - 1;
  choices.at(next % choices.length)?.focus();
  event.preventDefault();
}

export function choice(picture, label, onclick, { danger = false, testid = null } = {}) {
  return h("button", { type: "button", role: "menuitem", class: danger ? "sheet-row is-danger" : "sheet-row", "data-testid": testid, onclick }, icon(picture), h("span", {}, label));
}

export function toast(host, text) {
  host.querySelector(".toast")?.remove();
  const element = h("div", { class: "toast", role: "status", "data-testid": "toast" }, text);
  host.append(element);
  setTimeout(() => element.remove(), TOAST_MS);
}

export function alertBox(host, text) {
  const before = document.activeElement;
  const ok = h("button", { type: "button", onclick: close }, "OK");
  const veil = h("div", { class: "veil" }, h("div", { class: "alert", role: "alertdialog", "aria-modal": "true", "aria-label": "Message", "data-testid": "alert" }, h("p", {}, text), ok));
  function close() {
    veil.remove();
    before?.focus();
  }
  veil.addEventListener("keydown", (event) => { if (event.key === "Escape") close(); });
  host.append(veil);
  ok.focus();
}

/** A Mini App over the phone; it is closed by its bar, by Escape, or by the page itself. */
export function openApp(host, title, url) {
  const frame = h("iframe", { src: url, title, "data-testid": "mini-app-page", sandbox: "allow-forms allow-scripts allow-same-origin allow-popups" });
  const shut = h("button", { type: "button", class: "round", "aria-label": "Fermer", "data-testid": "close-app", onclick: close }, icon("close"));
  const app = h("div", { class: "mini-app", role: "dialog", "aria-label": title, "data-testid": "mini-app" }, h("header", { class: "bar" }, h("div", { class: "bar-title" }, h("h2", {}, title), h("p", {}, "mini-application")), shut), frame);
  function close() {
    app.remove();
    window.removeEventListener("message", told);
    document.removeEventListener("keydown", keys, true);
  }
  function told(event) {
    if (event.source !== frame.contentWindow) return;
    try {
      if (JSON.parse(event.data).eventType === "web_app_close") close();
    } catch {
      // Whatever else a page says is not for us.
    }
  }
  function keys(event) {
    if (event.key === "Escape") close();
  }
  host.querySelector(".mini-app")?.remove();
  window.addEventListener("message", told);
  document.addEventListener("keydown", keys, true);
  host.append(app);
  return close;
}
