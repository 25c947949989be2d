/** Below the conversation: what a person writes with. */

import { TELEGRAM } from "./channels.js";
import { h, icon } from "./dom.js";
import { choice, openSheet } from "./sheets.js";

const STICKERS = ["👍", "🎉", "🙏", "❤️", "😂", "🐚", "💰", "😢"];

export class Composer {
  constructor(phone) {
    this.phone = phone;
    this.commands = [];
    this.keyboard = null;
    this.keyboardIsOpen = true;
    this.answering = null;
    this.element = h("footer", { class: "foot" });
    this.field = h("textarea", {
      rows: "1", maxlength: "4096", placeholder: "Message", "aria-label": "Votre message", "data-testid": "composer", enterkeyhint: "send",
      oninput: () => this.#typed(), onkeydown: (event) => this.#key(event),
    });
    this.send = h("button", { type: "button", class: "round send", "aria-label": "Envoyer", "data-testid": "send", disabled: true, onclick: () => this.#say() }, icon("send"));
    this.menuButton = h("button", { type: "button", class: "commands-button", "aria-label": "Commandes", "aria-haspopup": "menu", "data-testid": "commands", onclick: () => this.#openCommands("") }, icon("menu"), "Menu");
    this.keyboardButton = h("button", { type: "button", class: "round", "aria-label": "Clavier du bot", onclick: () => this.#toggleKeyboard() }, icon("keyboard"));
    this.attach = h("button", { type: "button", class: "round", "aria-label": "Joindre", "aria-haspopup": "menu", "data-testid": "attach", onclick: () => this.#openAttach() }, icon("clip"));
    this.keys = h("div", { class: "reply-keyboard", "data-testid": "reply-keyboard", role: "group", "aria-label": "Clavier du bot" });
    this.quote = h("div", { class: "answering" });
    this.row = h("div", { class: "composer" }, this.menuButton, h("div", { class: "composer-field" }, this.field, this.keyboardButton, this.attach), this.send);
  }

  /** Draw what fits the chat's state: START, unblock, or the composer. */
  draw(chat) {
    if (chat.registered === false) return this.element.replaceChildren(h("p", { class: "foot-note", "data-testid": "no-whatsapp" }, "Plus de WhatsApp ici\u00a0: quelqu’un d’autre a reçu ce numéro."));
    if (chat.type === "private" && chat.blocked) return this.element.replaceChildren(this.#wide("unblock", "Débloquer Cauri", () => this.phone.unblock()));
    if (this.phone.channel === TELEGRAM && chat.type === "private" && !chat.started) return this.element.replaceChildren(this.#wide("start", "Démarrer", () => this.phone.start(), "is-start"));
    const wasHere = this.element.contains(document.activeElement) && matchMedia("(hover: hover)").matches;
    if (this.row.parentElement !== this.element) this.element.replaceChildren(this.keys, this.quote, this.row);
    if (wasHere && !this.element.contains(document.activeElement)) this.field.focus();
    this.menuButton.hidden = this.commands.length === 0;
    this.#drawAnswering();
    this.#drawKeyboard();
    return undefined;
  }

  /** Quote a message in what is written next. */
  answer(message) {
    this.answering = message;
    this.#drawAnswering();
    this.field.focus();
  }

  restore(text) {
    if (!this.field.value) this.field.value = text;
    this.#typed();
  }

  #wide(testid, label, onclick, extra = "") {
    return h("button", { type: "button", class: `wide-button ${extra}`, "data-testid": testid, onclick }, label);
  }

  #typed() {
    this.send.disabled = !this.field.value.trim();
    this.field.style.height = "auto";
    this.field.style.height = `${this.field.scrollHeight}px`;
    this.closeCommands?.();
    if (/^\/\w*$/.test(this.field.value)) this.#openCommands(this.field.value.slice(1));
  }

  #key(event) {
    if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
    event.preventDefault();
    this.#say();
  }

  #say() {
    const text = this.field.value.trim();
    if (!text) return;
    const replyTo = this.answering?.message_id ?? null;
    this.field.value = "";
    this.answering = null;
    this.#drawAnswering();
    this.#typed();
    this.phone.say(text, replyTo);
  }

  #openCommands(beginning) {
    const shown = this.commands.filter(({ command }) => command.startsWith(beginning));
    this.closeCommands?.();
    if (!shown.length) return;
    const rows = shown.map(({ command, description }) =>
      h("button", { type: "button", role: "menuitem", class: "sheet-row", "data-testid": "command", onclick: () => this.#command(command) },
        h("span", { class: "command" }, `/${command}`), h("span", { class: "about" }, description)),
    );
    this.closeCommands = openSheet(this.element, "Commandes", rows, { opener: this.menuButton });
  }

  #command(command) {
    this.closeCommands?.();
    this.field.value = "";
    this.#typed();
    this.phone.say(`/${command}`, null);
  }

  #openAttach() {
    const close = openSheet(this.element, "Joindre", [
      choice("person", "Partager mon contact", () => { close(); this.phone.act("contact"); }, { testid: "share-own-contact" }),
      choice("people", "Partager le contact d’un autre membre…", () => { close(); this.#openContacts(); }, { testid: "share-contact" }),
      choice("photo", "Photo", () => { close(); this.phone.act("photo"); }, { testid: "send-photo" }),
      choice("voice", "Message vocal", () => { close(); this.phone.act("voice"); }, { testid: "send-voice" }),
      choice("smile", "Autocollant…", () => { close(); this.#openStickers(); }, { testid: "send-sticker" }),
    ], { opener: this.attach });
  }

  #openContacts() {
    const rows = this.phone.others().map((person) =>
      choice("person", person.name, () => { close(); this.phone.act("contact", { person: person.id }); }, { testid: "contact-of" }),
    );
    const close = openSheet(this.element, "Quel contact\u00a0?", [h("h3", {}, "Partager le contact de"), rows], { opener: this.attach });
  }

  #openStickers() {
    const buttons = STICKERS.map((emoji) =>
      h("button", { type: "button", role: "menuitem", "aria-label": `Autocollant ${emoji}`, onclick: () => { close(); this.phone.act("sticker", { emoji }); } }, emoji),
    );
    const close = openSheet(this.element, "Autocollants", h("div", { class: "stickers" }, buttons), { opener: this.attach });
  }

  #drawAnswering() {
    this.quote.hidden = !this.answering;
    if (!this.answering) return;
    this.quote.replaceChildren(
      h("div", { class: "answering-words" }, h("span", {}, `Réponse à ${this.answering.from.name}`), h("span", {}, this.answering.text || "Message")),
      h("button", { type: "button", class: "round", "aria-label": "Ne plus répondre", onclick: () => { this.answering = null; this.#drawAnswering(); } }, icon("close")),
    );
  }

  #toggleKeyboard() {
    this.keyboardIsOpen = !this.keyboardIsOpen;
    this.#drawKeyboard();
  }

  #drawKeyboard() {
    const rows = this.keyboard?.keyboard ?? [];
    this.keyboardButton.hidden = !rows.length;
    this.keys.hidden = !rows.length || !this.keyboardIsOpen;
    this.keyboardButton.setAttribute("aria-expanded", String(!this.keys.hidden));
    this.field.placeholder = this.keyboard?.input_field_placeholder ?? "Message";
    this.keys.replaceChildren(...rows.map((row) =>
      h("div", { class: "keys" }, row.map(({ text }) =>
        h("button", { type: "button", class: "key", "data-testid": "key", onclick: () => this.phone.act("press", { label: text }) }, text),
      )),
    ));
  }
}
