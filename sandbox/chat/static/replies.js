/** WhatsApp's buttons, which belong to the bubble: replies, the button that opens a list, links. */

import { h, icon } from "./dom.js";
import { link } from "./entities.js";

export function replies(message, scene) {
  if (!message.inline_keyboard.length) return null;
  const buttons = message.list ? [listButton(message, scene)] : message.inline_keyboard.map(([button], row) => reply(message, button, row, scene));
  return h("div", { class: "replies", role: "group", "aria-label": "Choix" }, buttons);
}

function reply(message, button, row, scene) {
  const properties = { class: "reply", "data-testid": "inline-button", "data-row": row, "data-column": 0 };
  if (button.url) return link(button.url, [icon("link"), h("span", {}, button.text)], scene.on, properties);
  return h(
    "button",
    { type: "button", ...properties, disabled: scene.waits(message.message_id, row, 0), onclick: () => scene.on.tap(message, row, 0, button) },
    icon("reply"),
    h("span", {}, button.text),
  );
}

function listButton(message, scene) {
  const button = h("button", { type: "button", class: "reply", "data-testid": "list-button", "aria-haspopup": "menu", onclick: () => scene.on.list(message, button) }, icon("list"), h("span", {}, message.list.button));
  return button;
}

/** What the sheet of a list shows: its sections, and a row for each choice. `choose(row, button)` is told which. */
export function listRows(message, choose) {
  const buttons = message.inline_keyboard.map(([button]) => button);
  let at = 0;
  return message.list.sections.map((section) => [
    section.title && h("h3", {}, section.title),
    section.rows.map(() => {
      const row = at;
      at += 1;
      return listRow(buttons[row], () => choose(row, buttons[row]));
    }),
  ]);
}

function listRow(button, onclick) {
  return h(
    "button",
    { type: "button", role: "menuitem", class: "list-row", "data-testid": "list-row", onclick },
    h("span", { class: "list-words" }, h("span", {}, button.text), button.description && h("small", {}, button.description)),
    h("i", { class: "list-mark", "aria-hidden": "true" }),
  );
}
