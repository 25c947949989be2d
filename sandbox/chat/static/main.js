/** The page: which phones are on the table, on which channel, and what has not been read on them. */

import { CHANNELS, channelOf, TELEGRAM } from "./channels.js";
import { h, icon } from "./dom.js";
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
    this.tables = new Map(CHANNELS.map((channel) => [channel, new Map()]));
    this.channel = CHANNELS.find(({ name }) => name === remembered("channel", "")) ?? TELEGRAM;
    this.shown = [];
    this.counts = remembered("unread", {});
    this.table = document.getElementById("phones");
    this.switcher = document.getElementById("switcher");
    this.tabs = document.getElementById("channels");
  }

  async boot() {
    const after = {};
    await Promise.all(CHANNELS.map(async (channel) => { after[channel.name] = await this.#setUp(channel); }));
    // A smaller number than last time means another store: what was unread and seen there is gone.
    if (after.telegram < remembered("change", 0)) {
      this.counts = {};
      remember("groups", []);
    }
    remember("change", after.telegram);
    this.shown = remembered("shown", []).filter((id) => this.phones.has(id));
    await Promise.all(this.#everyPhone().map((phone) => phone.boot()));
    this.layOut();
    addEventListener("resize", () => this.layOut());
    addEventListener("focus", () => this.#readWhatIsOpen());
    addEventListener("visibilitychange", () => this.#readWhatIsOpen());
    follow(after, (news) => this.#spread(news), (isOnline) => this.#goneOnline(isOnline));
  }

  /** The phones of the channel that is shown. */
  get phones() {
    return this.tables.get(this.channel);
  }

  /** Show the same people on another channel. */
  switchTo(channel) {
    this.channel = channel;
    remember("channel", channel.name);
    this.layOut();
  }

  /** Follow a link to the assistant on whichever channel it leads to, on the same person's phone. */
  async follow(person, url) {
    const channel = channelOf(url);
    if (channel !== this.channel) this.switchTo(channel);
    await this.phones.get(person.id).follow(url);
  }

  knowsGroup(personId) {
    return remembered("groups", []).includes(personId);
  }

  rememberGroup(personId) {
    remember("groups", [...remembered("groups", []), personId]);
  }

  async #setUp(channel) {
    const { people, change } = await channel.people();
    if (channel === TELEGRAM) this.people = people;
    for (const person of people) this.tables.get(channel).set(person.id, new Phone(person, channel, this));
    return change;
  }

  #everyPhone() {
    return [...this.tables.values()].flatMap((phones) => [...phones.values()]);
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
    document.body.dataset.channel = this.channel.name;
    this.#readWhatIsOpen();
    this.#drawSwitcher(inOrder);
    this.#drawTabs();
  }

  /** Bring a member's phone to the table; the one chosen longest ago makes room. */
  choose(personId) {
    this.shown = [personId, ...this.shown.filter((id) => id !== personId)];
    remember("shown", this.shown);
    this.layOut();
  }

  async #reloadPeople() {
    await Promise.all(CHANNELS.map((channel) => this.#reloadOn(channel)));
    this.layOut();
  }

  async #reloadOn(channel) {
    const { people } = await channel.people();
    if (channel === TELEGRAM) this.people = people;
    for (const person of people) {
      const phone = this.tables.get(channel).get(person.id);
      if (phone) phone.become(person);
      else await this.#welcome(person, channel);
    }
  }

  toneOf(personId) {
    return Math.max(this.people.findIndex((person) => person.id === personId), 0) % 5;
  }

  unread(phone, chatId) {
    return this.counts[keyOf(phone, chatId)] ?? 0;
  }

  arrived(phone, chatId) {
    const isSeen = phone.open === chatId && phone.element.isConnected && (document.hasFocus() || innerWidth >= ONE_PHONE_BELOW_PX);
    if (isSeen) phone.look();
    else this.#count(phone, chatId, this.unread(phone, chatId) + 1);
  }

  read(phone, chatId) {
    if (!phone.element.isConnected) return;
    phone.look();
    if (this.unread(phone, chatId)) this.#count(phone, chatId, 0);
  }

  #count(phone, chatId, count) {
    this.counts[keyOf(phone, chatId)] = count;
    remember("unread", this.counts);
    phone.updateBadges();
    this.#drawSwitcher([...this.#onTable()]);
    this.#drawTabs();
  }

  #onTable() {
    return this.people.map((person) => person.id).filter((id) => this.phones.get(id).element.isConnected);
  }

  #readWhatIsOpen() {
    for (const id of this.#onTable()) {
      const phone = this.phones.get(id);
      if (phone.open !== null) this.read(phone, phone.open);
    }
  }

  async #welcome(person, channel) {
    const phone = new Phone(person, channel, this);
    this.tables.get(channel).set(person.id, phone);
    await phone.boot();
  }

  #spread(change) {
    const channel = CHANNELS.find(({ name }) => name === change.channel);
    if (channel === TELEGRAM) remember("change", change.change);
    if (WIDE_CHANGES.has(change.kind)) this.#refreshSoon();
    else for (const phone of this.tables.get(channel).values()) phone.take(change);
  }

  /** A bot that starts up changes its commands and descriptions in one go: one look at them is enough. */
  #refreshSoon() {
    clearTimeout(this.refreshing);
    this.refreshing = setTimeout(async () => {
      await this.#reloadPeople();
      for (const phone of this.#everyPhone()) phone.refresh();
    }, REFRESH_PAUSE_MS);
  }

  #goneOnline(isOnline) {
    for (const phone of this.#everyPhone()) phone.goneOffline(!isOnline);
  }

  /** How much is unread on a channel, in all or for one person. */
  #unreadOn(channel, personId = null) {
    const start = personId ? `${channel.name}:${personId}:` : `${channel.name}:`;
    return Object.entries(this.counts).filter(([key]) => key.startsWith(start)).reduce((sum, [, count]) => sum + count, 0);
  }

  #drawTabs() {
    this.tabs.replaceChildren(...CHANNELS.map((channel) => {
      const unread = channel === this.channel ? 0 : this.#unreadOn(channel);
      return h(
        "button",
        { type: "button", class: `tab for-${channel.name}`, "aria-pressed": String(channel === this.channel), "data-testid": "channel", "data-channel": channel.name, onclick: () => this.switchTo(channel) },
        icon(channel.name),
        h("span", {}, channel.title),
        unread > 0 && h("span", { class: "badge", "aria-label": `${unread} non lus` }, String(unread)),
      );
    }));
  }

  #drawSwitcher(onTable) {
    this.switcher.replaceChildren(...this.people.map((person) => {
      const unread = this.#unreadOn(this.channel, person.id);
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

const keyOf = (phone, chatId) => `${phone.channel.name}:${phone.person.id}:${chatId}`;

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
