/** One member's phone on one channel: the list of chats, or the chat that is open. */

import { Refused } from "./api.js";
import { TELEGRAM, WHATSAPP } from "./channels.js";
import { Composer } from "./composer.js";
import { Conversation } from "./conversation.js";
import { h, icon } from "./dom.js";
import { menuOf } from "./menus.js";
import { listRows } from "./replies.js";
import { alertBox, choice, openApp, openSheet, toast } from "./sheets.js";
import { clock, country, initials, phoneNumber, summary } from "./words.js";

const TYPING_MS = 5000;

export class Phone {
  /** `home` is the page: it knows all members and counts what is unread. */
  constructor(person, channel, home) {
    this.person = person;
    this.channel = channel;
    this.home = home;
    this.bot = { id: 0, name: "Cauri", description: "" };
    this.chats = [];
    this.open = null;
    this.conversation = null;
    this.anonymous = false;
    this.composer = new Composer(this);
    this.screen = h("section", { class: "phone", "aria-label": `Téléphone de ${person.name}`, "data-testid": "phone", "data-person": person.id, "data-channel": channel.name });
    this.element = h("div", { class: `column on-${channel.name}` }, this.#owner(), this.screen);
    this.on = {
      command: (text) => this.say(text, null),
      link: (url) => this.#try(() => this.home.follow(this.person, url)),
      list: (message, button) => this.#openList(message, button),
      tap: (message, row, column, button) => this.#tap(message, row, column, button),
      reply: (message) => this.composer.answer(message),
      forward: (message) => this.#chooseForward(message),
      show: (messageId) => this.conversation.show(messageId),
    };
  }

  /** The owner may have got another number. */
  become(person) {
    this.person = person;
    this.element.firstElementChild.replaceWith(this.#owner());
  }

  /** Load the chats and open the one with the bot. */
  async boot() {
    await this.#loadChats();
    await this.openChat(this.open ?? this.person.id);
  }

  async openChat(chatId) {
    const chat = this.chats.find((each) => each.id === chatId) ?? this.chats[0];
    if (this.open !== chat.id) this.composer.answering = null;
    this.open = chat.id;
    this.conversation = new Conversation(this, chat);
    const { messages, keyboard = null, commands = [] } = await this.channel.messages(this.person.id, chat.id);
    if (this.open !== chat.id) return;
    Object.assign(this.composer, { keyboard, commands });
    this.screen.replaceChildren(this.#chatBar(chat), this.#offline(), ...this.#groupHint(chat), this.conversation.element, this.composer.element);
    this.composer.draw(chat);
    this.conversation.fill(messages);
    this.home.read(this, chat.id);
  }

  showList() {
    this.open = null;
    this.conversation = null;
    this.screen.replaceChildren(this.#listBar(), this.#offline(), this.#list());
  }

  /** Take in a change of the stream, if it is about this phone. */
  take(change) {
    if (change.person_id && change.person_id !== this.person.id) return;
    const chat = this.chats.find((each) => each.id === change.chat_id);
    if (!chat) return;
    if (change.message) this.#takeMessage(chat, change);
    else if (change.kind === "typing" && this.open === chat.id) this.#showTyping(change);
    else if (change.kind === "callback_answer") this.#takeAnswer(change);
    else if (change.kind === "keyboard" && this.open === chat.id) this.#loadKeyboard(chat);
  }

  goneOffline(isOffline) {
    this.isOffline = isOffline;
    const notice = this.screen.querySelector(".offline");
    if (notice) notice.hidden = !isOffline;
  }

  say(text, replyTo) {
    return this.#try(
      () => this.channel.act(this.person.id, this.open, "say", { text, reply_to: replyTo, ...(this.#isGroup() && { anonymous: this.anonymous }) }),
      () => this.composer.restore(text),
    );
  }

  act(name, body = {}) {
    return this.#try(() => this.channel.act(this.person.id, this.open, name, body));
  }

  start() {
    return this.#try(() => this.channel.deed(this.person.id, "start"));
  }

  unblock() {
    return this.#try(() => this.channel.deed(this.person.id, "unblock"));
  }

  /** The conversation is before somebody's eyes: what the assistant wrote in it counts as read. */
  look() {
    const isUnread = [...(this.conversation?.messages.values() ?? [])].some((message) => message.from?.is_bot && message.status === "delivered");
    if (this.channel === WHATSAPP && isUnread && document.visibilityState === "visible") this.#try(() => this.channel.deed(this.person.id, "read"));
  }

  /** Follow a link to the assistant, here. */
  async follow(url) {
    await this.channel.deed(this.person.id, "follow", { url });
    await this.openChat(this.person.id);
  }

  others() {
    return this.home.people.filter((person) => person.id !== this.person.id);
  }

  toneOf(personId) {
    return this.home.toneOf(personId);
  }

  /** The number of unread messages in the chats that are not open. */
  updateBadges() {
    const badge = this.screen.querySelector("[data-badge]");
    const unread = this.chats.filter((chat) => chat.id !== this.open).reduce((sum, chat) => sum + this.home.unread(this, chat.id), 0);
    if (badge) {
      badge.hidden = !unread;
      badge.textContent = unread;
    }
    if (this.open === null && this.chats.length) this.showList();
  }

  async refresh() {
    await this.#loadChats();
    if (this.open === null) return this.showList();
    const chat = this.chats.find((each) => each.id === this.open);
    if (!chat) return this.openChat(this.#successor());
    this.conversation.chat = chat;
    const { commands = [] } = await this.channel.messages(this.person.id, chat.id);
    this.composer.commands = commands;
    this.screen.firstElementChild?.replaceWith(this.#chatBar(chat));
    this.composer.draw(chat);
    if (this.conversation.isEmpty) this.conversation.fill([]);
    return undefined;
  }

  /** A group that became a supergroup goes on under its new id. */
  #successor() {
    return this.chats.find((chat) => chat.type === "supergroup")?.id ?? this.person.id;
  }

  async #loadChats() {
    const { bot, chats } = await this.channel.chats(this.person.id);
    this.bot = bot;
    this.chats = chats;
  }

  async #loadKeyboard(chat) {
    const { keyboard } = await this.channel.messages(this.person.id, chat.id);
    Object.assign(this.composer, { keyboard, keyboardIsOpen: true });
    this.composer.draw(chat);
  }

  #takeMessage(chat, change) {
    const { message } = change;
    if (!message.deleted && change.kind === "message") chat.last_message = message;
    else if (!message.deleted && chat.last_message?.message_id === message.message_id) chat.last_message = message;
    if (this.open === chat.id) {
      this.conversation.put(message);
      if (message.from?.is_bot) this.#stopTyping();
    }
    if (change.kind === "message" && message.from?.id !== this.person.id) this.home.arrived(this, chat.id);
    if (this.open === null) this.showList();
  }

  #takeAnswer(change) {
    this.conversation?.answered(change.message_id);
    if (change.url) this.on.link(change.url);
    if (!change.text) return;
    if (change.show_alert) alertBox(this.screen, change.text);
    else toast(this.screen, change.text);
  }

  #showTyping(change) {
    const left = TYPING_MS - (Date.now() - change.at * 1000);
    const line = this.screen.querySelector("[data-subtitle]");
    if (!line || left <= 0) return;
    line.classList.add("is-typing");
    line.replaceChildren(`${this.bot.name} écrit`, h("span", { class: "dots", "data-testid": "typing" }, h("i"), h("i"), h("i")));
    clearTimeout(this.typingEnds);
    this.typingEnds = setTimeout(() => this.#stopTyping(), left);
  }

  #stopTyping() {
    const chat = this.chats.find((each) => each.id === this.open);
    const line = this.screen.querySelector("[data-subtitle]");
    if (!line || !chat) return;
    line.classList.remove("is-typing");
    line.replaceChildren(this.#subtitle(chat));
  }

  #tap(message, row, column, button) {
    if (button.copy_text) {
      navigator.clipboard?.writeText(button.copy_text.text);
      return toast(this.screen, "Copié");
    }
    if (button.web_app) return this.#openApp(message, row, column);
    this.conversation.tapped(message.message_id, row, column);
    return this.#try(
      () => this.channel.act(this.person.id, this.open, "tap", { message_id: message.message_id, row, column }),
      () => this.conversation.answered(message.message_id),
    );
  }

  /** A page inside the chat, which is told who opens it. */
  #openApp(message, row, column) {
    return this.#try(async () => {
      const { web_app: app } = await this.channel.act(this.person.id, this.open, "tap", { message_id: message.message_id, row, column });
      openApp(this.screen, this.bot.name, app.url);
    });
  }

  #openList(message, opener) {
    const rows = listRows(message, (row, button) => { close(); this.#tap(message, row, 0, button); });
    const close = openSheet(this.composer.element, message.list.button, [h("div", { class: "list-title" }, message.list.button), rows], { opener });
  }

  /** Who is in a group is told so, until they looked into it. */
  #groupHint(chat) {
    const group = this.chats.find((each) => each.type !== "private");
    if (this.channel !== TELEGRAM || !group || this.home.knowsGroup(this.person.id)) return [];
    if (chat.type !== "private") {
      this.home.rememberGroup(this.person.id);
      return [];
    }
    return [h(
      "button",
      { type: "button", class: "group-hint", "data-testid": "group-hint", onclick: () => this.openChat(group.id) },
      icon("people"),
      h("span", {}, "Aussi ici\u00a0: le groupe ", h("b", {}, group.title)),
      icon("right"),
    )];
  }

  #chooseForward(message) {
    const rows = this.chats.map((chat) =>
      choice(chat.type === "private" ? "person" : "people", chat.title, () => { close(); this.act("forward", { message_id: message.message_id, to: chat.id }); }),
    );
    const close = openSheet(this.composer.element, "Transférer", [h("h3", {}, "Transférer vers"), rows]);
  }

  async #try(deed, otherwise = () => {}) {
    try {
      await deed();
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      otherwise();
      toast(this.screen, error.message);
    }
  }

  #isGroup() {
    return this.chats.find((chat) => chat.id === this.open)?.type !== "private";
  }

  #owner() {
    return h(
      "div",
      { class: "owner" },
      h("span", { class: "owner-name" }, this.person.name),
      h("span", { class: "owner-number" }, number(this.person.phone)),
    );
  }

  #offline() {
    return h("p", { class: "offline", role: "status", hidden: !this.isOffline }, "Connexion perdue, nouvel essai…");
  }

  #listBar() {
    return h("header", { class: "bar" }, h("div", { class: "bar-title" }, h("h2", {}, "Discussions"), h("p", {}, this.person.name)));
  }

  #list() {
    return h("ul", { class: "chat-list", "data-testid": "chat-list" }, this.chats.map((chat) => h("li", {}, this.#listRow(chat))));
  }

  #listRow(chat) {
    const unread = this.home.unread(this, chat.id);
    const last = chat.last_message;
    return h(
      "button",
      { type: "button", class: "chat-row", "data-testid": "chat-row", "data-chat": chat.id, onclick: () => this.openChat(chat.id) },
      this.#picture(chat),
      h("span", { class: "chat-row-words" }, h("span", { class: "chat-row-title" }, chat.title), h("span", { class: "chat-row-last" }, summary(last) || "Aucun message")),
      h("span", { class: "chat-row-side" }, last && clock(last.date), unread > 0 && h("span", { class: "badge", "aria-label": `${unread} non lus` }, String(unread))),
    );
  }

  #picture(chat) {
    if (chat.type === "private") return h("span", { class: "avatar" }, h("img", { src: "/chat/static/cauri.svg", alt: "" }));
    return h("span", { class: "avatar tone-1", "aria-hidden": "true" }, initials(chat.title));
  }

  #chatBar(chat) {
    const more = h("button", { type: "button", class: "round", "aria-label": "Plus", "aria-haspopup": "menu", "data-testid": "more", onclick: () => this.#openMenu(chat, more) }, icon("more"));
    const back = h("button", { type: "button", class: "round", "aria-label": "Toutes les discussions", "data-testid": "back", onclick: () => this.showList() }, icon("back"), h("span", { class: "badge", "data-badge": "", hidden: true }));
    const bar = h(
      "header",
      { class: "bar" },
      back,
      this.#picture(chat),
      h("div", { class: "bar-title" }, h("h2", {}, chat.title), h("p", { "data-subtitle": "" }, this.#subtitle(chat))),
      more,
    );
    queueMicrotask(() => this.updateBadges());
    return bar;
  }

  #subtitle(chat) {
    if (chat.type === "private") return chat.blocked ? "bloqué" : this.#standing(chat);
    const names = chat.members.map((member) => member.name.split(" ")[0]);
    if (["member", "administrator"].includes(chat.bot_status)) names.push(this.bot.name);
    return names.join(", ");
  }

  #standing(chat) {
    return chat.started && chat.window_open === false ? "assistant · muet depuis plus de 24\u00a0heures" : "assistant";
  }

  #openMenu(chat, opener) {
    const rows = menuOf(this, chat).map(({ picture, label, deed, danger }) => choice(picture, label, () => { close(); this.#try(deed); }, { danger }));
    const close = openSheet(this.screen, "Plus", rows, { isMenu: true, opener });
  }
}

const number = (phone) => (phone ? [phoneNumber(phone), country(phone)].filter(Boolean).join(" · ") : "sans numéro");
