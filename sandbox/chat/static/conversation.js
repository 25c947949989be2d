/** The messages of one chat, kept in order, drawn again only where something changed. */

import { PAGE } from "./api.js";
import { drawMessage } from "./bubble.js";
import { WHATSAPP } from "./channels.js";
import { h, icon } from "./dom.js";
import { day } from "./words.js";

const NEAR_BOTTOM_PX = 80;
const TAP_LASTS_MS = 15000;

export class Conversation {
  /** `phone` is whose screen this is; `chat` the chat as the API shows it. */
  constructor(phone, chat) {
    this.phone = phone;
    this.chat = chat;
    this.messages = new Map();
    this.waiting = new Map();
    this.inner = h("div", { class: "conversation-inner" });
    this.scroller = h(
      "div",
      { class: "conversation", role: "log", "aria-label": "Messages", "aria-live": "polite", tabindex: "0", "data-testid": "conversation", onclick: (event) => this.#showTools(event) },
      this.inner,
    );
    this.toBottom = h("button", { type: "button", class: "round to-bottom", "aria-label": "Aller au dernier message", hidden: true, onclick: () => this.scrollToEnd(true) }, icon("down"));
    this.element = h("div", { class: "conversation-frame" }, this.scroller, this.toBottom);
    this.scroller.addEventListener("scroll", () => { this.toBottom.hidden = this.#isAtEnd(); }, { passive: true });
    this.#stayAtEnd();
  }

  fill(messages) {
    this.#keep(messages);
    this.#drawAll();
    this.scrollToEnd();
  }

  /** Whoever reads the end goes on doing so when the keyboard opens, or when a picture takes its place late. */
  #stayAtEnd() {
    const observer = new ResizeObserver(() => { if (this.wasAtEnd !== false || this.isFollowing) this.scrollToEnd(); });
    observer.observe(this.scroller);
    observer.observe(this.inner);
    this.scroller.addEventListener("scroll", () => {
      this.wasAtEnd = this.#isAtEnd();
      if (this.wasAtEnd) this.isFollowing = false;
    }, { passive: true });
    for (const name of ["wheel", "touchmove"]) this.scroller.addEventListener(name, () => { this.isFollowing = false; }, { passive: true });
  }

  /** Put older messages above, without moving what is being read. */
  async #fillEarlier() {
    const { messages } = await this.phone.channel.messages(this.phone.person.id, this.chat.id, Math.min(...this.messages.keys()));
    const fromEnd = this.scroller.scrollHeight - this.scroller.scrollTop;
    this.#keep(messages);
    this.#drawAll();
    this.scroller.scrollTop = this.scroller.scrollHeight - fromEnd;
  }

  #keep(messages) {
    this.hasEarlier = messages.length === PAGE;
    for (const message of messages) {
      // What the stream brought while we were asking is newer than the answer.
      if (!this.messages.has(message.message_id)) this.messages.set(message.message_id, message);
    }
  }

  /** Put a new, edited or deleted message where it belongs. */
  put(message) {
    const known = this.messages.get(message.message_id);
    const follow = this.#isAtEnd() || (!known && message.from?.id === this.phone.person.id);
    if (message.deleted) this.messages.delete(message.message_id);
    else this.messages.set(message.message_id, message);
    this.#forgetTaps(message, known);
    const hadFocus = this.#find(message.message_id)?.contains(document.activeElement);
    this.#drawAll();
    const drawn = this.#find(message.message_id);
    if (hadFocus && !drawn?.contains(document.activeElement)) (drawn?.querySelector(".inline-button") ?? this.scroller).focus({ preventScroll: true });
    if (drawn && !known) drawn.classList.add("is-new");
    if (drawn && known && isChanged(known, message)) drawn.classList.add("is-changed");
    if (follow) {
      this.isFollowing = true;
      this.scrollToEnd(true);
    }
  }

  /** The bot answered a tap: its button no longer waits. */
  answered(messageId) {
    this.waiting.delete(messageId);
    this.#redraw(messageId);
  }

  scrollToEnd(smooth = false) {
    this.scroller.scrollTo({ top: this.scroller.scrollHeight, behavior: smooth ? "smooth" : "instant" });
  }

  get isEmpty() {
    return this.messages.size === 0;
  }

  tapped(messageId, row, column) {
    this.waiting.set(messageId, `${row}:${column}`);
    this.#redraw(messageId);
    setTimeout(() => this.answered(messageId), TAP_LASTS_MS);
  }

  #forgetTaps(message, known) {
    if (known && isChanged(known, message)) this.waiting.delete(message.message_id);
  }

  #drawAll() {
    const drawn = new Map([...this.inner.children].map((element) => [element.dataset.key, element]));
    const wanted = this.isEmpty ? [this.#welcome()] : this.#elements(drawn);
    wanted.forEach((element, index) => {
      if (this.inner.children[index] !== element) this.inner.insertBefore(element, this.inner.children[index] ?? null);
    });
    while (this.inner.children.length > wanted.length) this.inner.lastElementChild.remove();
  }

  /** Elements that did not change are used again, so that focus, text selection and animations survive. */
  #elements(drawn) {
    const elements = this.hasEarlier ? [drawn.get("earlier") ?? this.#earlier()] : [];
    let previous;
    for (const message of [...this.messages.values()].sort((a, b) => a.message_id - b.message_id)) {
      const newDay = !previous || day(previous.date) !== day(message.date);
      if (newDay) elements.push(this.#day(drawn, message));
      const startsRun = newDay || previous.from.name !== message.from.name || Boolean(previous.new_chat_members);
      elements.push(this.#element(drawn, message, startsRun));
      previous = message;
    }
    return elements;
  }

  #earlier() {
    return h("button", { type: "button", class: "earlier", "data-key": "earlier", "data-testid": "earlier", onclick: () => this.#fillEarlier() }, "Messages précédents");
  }

  #day(drawn, message) {
    const key = `day ${day(message.date)}`;
    return drawn.get(key) ?? h("p", { class: "day", "data-key": key }, day(message.date));
  }

  #element(drawn, message, startsRun) {
    const version = JSON.stringify([message, startsRun, this.waiting.get(message.message_id)]);
    const old = drawn.get(`message ${message.message_id}`);
    if (old?.version === version) return old;
    const element = drawMessage(message, this.#scene(startsRun));
    element.dataset.key = `message ${message.message_id}`;
    element.version = version;
    return element;
  }

  #scene(startsRun) {
    return {
      me: this.phone.person.id,
      isGroup: this.chat.type !== "private",
      startsRun,
      channel: this.phone.channel,
      fileUrl: this.phone.channel.fileUrl,
      tone: (from) => this.phone.toneOf(from.id),
      waits: (messageId, row, column) => this.waiting.get(messageId) === `${row}:${column}`,
      on: this.phone.on,
    };
  }

  #redraw(messageId) {
    if (this.messages.has(messageId)) this.#drawAll();
  }

  #find(messageId) {
    return this.inner.querySelector(`[data-message-id="${messageId}"]`);
  }

  show(messageId) {
    const element = this.#find(messageId);
    element?.scrollIntoView({ block: "center", behavior: "smooth" });
    element?.classList.add("is-changed");
  }

  #welcome() {
    const { name, description } = this.phone.bot;
    return h(
      "div",
      { class: "welcome", "data-key": "welcome", "data-testid": "welcome" },
      h("img", { src: "/chat/static/cauri.svg", alt: "" }),
      h("h3", {}, this.chat.type === "private" ? name : this.chat.title),
      h("p", {}, this.chat.type === "private" ? description || this.#firstWords() : "Personne n’a encore écrit ici."),
      this.phone.channel === WHATSAPP && h("button", { type: "button", class: "hello", "data-testid": "say-hello", onclick: () => this.phone.say("Bonjour", null) }, "Dire bonjour"),
    );
  }

  #firstWords() {
    if (this.phone.channel === WHATSAPP) return "Le même portefeuille, sur WhatsApp. Dites bonjour, ou écrivez ce que vous voulez faire.";
    return "Touchez Démarrer pour faire connaissance.";
  }

  /** Without a mouse there is no hovering: touching a bubble shows what can be done with it. */
  #showTools(event) {
    if (event.target.closest("button, a")) return;
    const touched = event.target.closest(".message");
    for (const element of this.inner.querySelectorAll(".shows-tools")) if (element !== touched) element.classList.remove("shows-tools");
    touched?.classList.toggle("shows-tools");
  }

  #isAtEnd() {
    return this.scroller.scrollHeight - this.scroller.scrollTop - this.scroller.clientHeight < NEAR_BOTTOM_PX;
  }
}

/** Whether the message itself changed, not only its ticks. */
function isChanged(before, after) {
  const essence = ({ delivered, status, ...rest }) => JSON.stringify(rest);
  return essence(before) !== essence(after);
}
