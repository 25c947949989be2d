/** The page: which phones are on the table, and what has not been read on them. */

import * as api from "./api.js";
import { h } from "./dom.js";
import { Phone } from "./phone.js";
import { follow } from "./stream.js";
import { initials } from "./words.js";

const NARROWEST_COLUMN_PX = 370;
const ONE_PHONE_BELOW_PX = 760;
const REFRESH_PAUSE_MS = 60;

/** Changes that concern more than the messages of one chat. */
const WIDE_CHANGES = new Set(["people", "chats", "bot"]);

class Home {
  constructor() {
    this.people = [];
    this.phones = new Map();
    this.shown = [];
    this.counts = remembered("unread", {});
    this.table = document.getElementById("phones");
    this.switcher = document.getElementById("switcher");
  }

  async boot() {
    const { people, change } = await api.people();
    this.people = people;
    // A smaller number than last time means another store: what was unread there is gone.
    if (change < remembered("change", 0)) this.counts = {};
    remember("change", change);
    for (const person of people) this.phones.set(person.id, new Phone(person, this));
    this.shown = remembered("shown", []).filter((id) => this.phones.has(id));
    await Promise.all([...this.phones.values()].map((phone) => phone.boot()));
    this.layOut();
    addEventListener("resize", () => this.layOut());
    addEventListener("focus", () => this.#readWhatIsOpen());
    follow(change, (news) => this.#spread(news), (isOnline) => this.#goneOnline(isOnline));
  }

  /** Put as many phones side by side as there is room for, the chosen ones first. */
  layOut() {
    const room = innerWidth < ONE_PHONE_BELOW_PX ? 1 : Math.max(2, Math.floor((innerWidth - 24) / NARROWEST_COLUMN_PX));
    const rest = this.people.map((person) => person.id).filter((id) => !this.shown.includes(id));
    const chosen = [...this.shown, ...rest].slice(0, room);
    const inOrder = this.people.map((person) => person.id).filter((id) => chosen.includes(id));
    const columns = inOrder.map((id) => this.phones.get(id).element);
    if (columns.length !== this.table.children.length || columns.some((column, index) => this.table.children[index] !== column)) {
      this.table.replaceChildren(...columns);
      for (const id of inOrder) this.phones.get(id).conversation?.scrollToEnd();
    }
    this.#readWhatIsOpen();
    this.#drawSwitcher(inOrder);
  }

  /** Bring a member's phone to the table; the one chosen longest ago makes room. */
  choose(personId) {
    this.shown = [personId, ...this.shown.filter((id) => id !== personId)];
    remember("shown", this.shown);
    this.layOut();
  }

  async #reloadPeople() {
    const { people } = await api.people();
    this.people = people;
    for (const person of people) {
      const phone = this.phones.get(person.id);
      if (phone) phone.person = person;
      else await this.#welcome(person);
    }
    this.layOut();
  }

  toneOf(personId) {
    return Math.max(this.people.findIndex((person) => person.id === personId), 0) % 5;
  }

  unread(personId, chatId) {
    return this.counts[`${personId}:${chatId}`] ?? 0;
  }

  arrived(phone, chatId) {
    if (phone.open === chatId && phone.element.isConnected && document.hasFocus()) return;
    if (phone.open === chatId && phone.element.isConnected && innerWidth >= ONE_PHONE_BELOW_PX) return;
    this.#count(phone.person.id, chatId, this.unread(phone.person.id, chatId) + 1);
  }

  read(personId, chatId) {
    const phone = this.phones.get(personId);
    if (phone.element.isConnected && this.unread(personId, chatId)) this.#count(personId, chatId, 0);
  }

  #count(personId, chatId, count) {
    this.counts[`${personId}:${chatId}`] = count;
    remember("unread", this.counts);
    this.phones.get(personId).updateBadges();
    this.#drawSwitcher([...this.#onTable()]);
  }

  #onTable() {
    return this.people.map((person) => person.id).filter((id) => this.phones.get(id).element.isConnected);
  }

  #readWhatIsOpen() {
    for (const id of this.#onTable()) {
      const { open } = this.phones.get(id);
      if (open !== null) this.read(id, open);
    }
  }

  async #welcome(person) {
    const phone = new Phone(person, this);
    this.phones.set(person.id, phone);
    await phone.boot();
  }

  #spread(change) {
    remember("change", change.change);
    if (WIDE_CHANGES.has(change.kind)) this.#refreshSoon();
    else for (const phone of this.phones.values()) phone.take(change);
  }

  /** A bot that starts up changes its commands and descriptions in one go: one look at them is enough. */
  #refreshSoon() {
    clearTimeout(this.refreshing);
    this.refreshing = setTimeout(async () => {
      await this.#reloadPeople();
      for (const phone of this.phones.values()) phone.refresh();
    }, REFRESH_PAUSE_MS);
  }

  #goneOnline(isOnline) {
    for (const phone of this.phones.values()) phone.goneOffline(!isOnline);
  }

  #drawSwitcher(onTable) {
    this.switcher.replaceChildren(...this.people.map((person) => {
      const unread = Object.entries(this.counts).filter(([key]) => key.startsWith(`${person.id}:`)).reduce((sum, [, count]) => sum + count, 0);
      return h(
        "button",
        { type: "button", class: "switch", "aria-pressed": String(onTable.includes(person.id)), "aria-label": `Téléphone de ${person.name}`, "data-testid": "switch-person", "data-person": person.id, onclick: () => this.choose(person.id) },
        h("span", { class: `avatar tone-${this.toneOf(person.id)}`, "aria-hidden": "true" }, initials(person.name)),
        h("span", { class: "switch-name", "aria-hidden": "true" }, person.first_name),
        unread > 0 && h("span", { class: "badge" }, String(unread)),
      );
    }));
  }
}

function remembered(name, otherwise) {
  try {
    return JSON.parse(localStorage.getItem(`cauri.${name}`)) ?? otherwise;
  } catch {
    return otherwise;
  }
}

function remember(name, value) {
  try {
    localStorage.setItem(`cauri.${name}`, JSON.stringify(value));
  } catch {
    // A browser that keeps nothing still shows everything.
  }
}

/** The explanation can be closed on a phone, where room is dear, and opened again. */
function introduce() {
  const intro = document.getElementById("intro");
  const help = document.getElementById("help");
  const show = (isOpen) => {
    intro.hidden = !isOpen && innerWidth < ONE_PHONE_BELOW_PX;
    help.setAttribute("aria-expanded", String(isOpen));
    remember("intro", isOpen);
  };
  help.addEventListener("click", () => show(intro.hidden));
  document.getElementById("intro-close").addEventListener("click", () => show(false));
  addEventListener("resize", () => show(remembered("intro", true)));
  show(remembered("intro", true));
}

introduce();
new Home().boot();
