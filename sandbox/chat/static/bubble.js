/** One message as a bubble, with its buttons. */

import { h, icon, ticks } from "./dom.js";
import { channelOf, WHATSAPP } from "./channels.js";
import { drawText, link } from "./entities.js";
import { replies } from "./replies.js";
import { clock, phoneNumber, service, size } from "./words.js";

const WAVE = [5, 9, 14, 20, 12, 7, 16, 24, 18, 10, 6, 13, 21, 15, 8, 11, 17, 9, 5];

/**
 * Draw a message as `scene.me` sees it. `scene` also says whether this is a group, whether the message starts a run of
 * the same author, which button waits, and what touching things does (`on`).
 */
export function drawMessage(message, scene) {
  const sentence = service(message);
  if (sentence) return h("p", { class: "service", ...marks(message, "service") }, sentence);
  const mine = message.from.id === scene.me && !message.from.anonymous;
  const bare = Boolean(message.sticker);
  const classes = ["message", mine && "is-mine", scene.startsRun && "starts-run", message.inline_keyboard.length && "has-keyboard"];
  return h(
    "article",
    { class: classes.filter(Boolean).join(" "), "aria-label": `${message.from.name}, ${clock(message.date)}`, ...marks(message, author(message, mine)) },
    h("div", { class: bare ? "bubble is-bare" : "bubble" }, contents(message, scene, mine), tools(message, scene)),
    scene.channel !== WHATSAPP && keyboard(message, scene),
  );
}

const author = (message, mine) => (mine ? "me" : message.from.is_bot ? "bot" : "other");

const marks = (message, from) => ({ "data-testid": "message", "data-message-id": message.message_id, "data-from": from });

function contents(message, scene, mine) {
  return [
    scene.isGroup && scene.startsRun && !mine && h("span", { class: `author tone-text-${scene.tone(message.from)}` }, message.from.name),
    message.forward_origin && h("span", { class: "forwarded" }, `Transféré de ${origin(message.forward_origin)}`),
    message.reply_to && quote(message.reply_to, scene),
    message.photo && photo(message, scene),
    message.document && file(message.document, scene),
    message.contact && contact(message.contact),
    message.voice && voice(message.voice),
    message.sticker && h("div", { class: "sticker", role: "img", "aria-label": `Autocollant ${message.sticker.emoji}` }, message.sticker.emoji),
    message.location && place(message.location),
    message.unsupported && h("em", { class: "unsupported" }, "Un message que l’assistant ne peut pas lire"),
    message.header && h("strong", { class: "head-words" }, message.header),
    message.text && h("div", { class: "words", "data-testid": "words" }, drawText(message.text, message.entities, scene.on)),
    message.footer && h("small", { class: "foot-words" }, message.footer),
    meta(message, mine),
    scene.channel === WHATSAPP && replies(message, scene),
  ];
}

function meta(message, mine) {
  return h(
    "span",
    { class: "meta" },
    message.edited && h("span", { class: "edited", "data-testid": "edited" }, "modifié"),
    h("time", { datetime: new Date(message.date * 1000).toISOString() }, clock(message.date)),
    mine && ticks(message),
  );
}

function origin(forwarded) {
  const from = forwarded.sender_user ?? forwarded.sender_chat ?? {};
  return [from.first_name, from.last_name].filter(Boolean).join(" ") || from.title || forwarded.sender_user_name;
}

function quote(answered, scene) {
  return h(
    "button",
    { type: "button", class: "quote", onclick: () => scene.on.show(answered.message_id) },
    h("span", {}, answered.name),
    h("span", {}, answered.text || "Message"),
  );
}

function photo(message, scene) {
  const { file_id: id, width, height } = message.photo.at(-1);
  return h("img", { class: "photo", src: scene.fileUrl(id), width, height, alt: message.text || "Photo", loading: "lazy" });
}

function file(document, scene) {
  return h(
    "a",
    { class: "document", href: scene.fileUrl(document.file_id), download: document.file_name },
    h("span", { class: "document-icon" }, icon("file")),
    h("span", {}, h("b", {}, document.file_name), h("small", {}, size(document.file_size))),
  );
}

function contact(card) {
  const name = [card.first_name, card.last_name].filter(Boolean).join(" ");
  return h(
    "div",
    { class: "contact", "data-testid": "contact" },
    h("span", { class: "document-icon" }, icon("person")),
    h("span", {}, h("b", {}, name), h("small", {}, phoneNumber(card.phone_number))),
  );
}

function voice(note) {
  return h(
    "div",
    { class: "voice", role: "img", "aria-label": `Message vocal de ${note.duration} secondes` },
    h("span", { class: "document-icon" }, icon("voice")),
    h("span", {}, h("span", { class: "wave" }, WAVE.map((height) => bar(height))), h("small", {}, `0:0${note.duration}`)),
  );
}

function place(location) {
  const where = location.name ?? `${location.latitude}, ${location.longitude}`;
  return h("div", { class: "contact" }, h("span", { class: "document-icon" }, icon("place")), h("b", {}, where));
}

function bar(height) {
  const line = h("i");
  line.style.height = `${height}px`;
  return line;
}

function keyboard(message, scene) {
  if (!message.inline_keyboard.length) return null;
  return h(
    "div",
    { class: "inline-keyboard", role: "group", "aria-label": "Choix" },
    message.inline_keyboard.map((row, rowIndex) =>
      h("div", { class: "inline-row" }, row.map((button, column) => inlineButton(message, button, rowIndex, column, scene))),
    ),
  );
}

function inlineButton(message, button, row, column, scene) {
  const properties = { class: "inline-button", "data-testid": "inline-button", "data-row": row, "data-column": column };
  if (button.url) return link(button.url, [h("span", {}, button.text), !channelOf(button.url) && corner("↗")], scene.on, properties);
  const waits = scene.waits(message.message_id, row, column);
  return h(
    "button",
    {
      type: "button",
      ...properties,
      class: waits ? "inline-button is-waiting" : "inline-button",
      "aria-busy": waits && "true",
      onclick: () => scene.on.tap(message, row, column, button),
    },
    h("span", {}, button.text),
    button.copy_text && corner("⧉"),
    button.web_app && corner("▣"),
  );
}

const corner = (sign) => h("span", { class: "corner", "aria-hidden": "true" }, sign);

function tools(message, scene) {
  return h(
    "div",
    { class: "tools" },
    h("button", { type: "button", class: "round", title: "Répondre", "aria-label": "Répondre", onclick: () => scene.on.reply(message) }, icon("reply")),
    scene.channel.canForward && h("button", { type: "button", class: "round", title: "Transférer", "aria-label": "Transférer", onclick: () => scene.on.forward(message) }, icon("forward")),
  );
}
