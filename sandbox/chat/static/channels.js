/** The two channels: the same people and the same assistant, each with its own ways. */

import { call, PAGE } from "./api.js";

const page = (before) => `limit=${PAGE}${before ? `&before=${before}` : ""}`;

export const TELEGRAM = {
  name: "telegram",
  title: "Telegram",
  people: () => call("GET", "/chat/api/people"),
  chats: (person) => call("GET", `/chat/api/people/${person}/chats`),
  /** The last messages of a chat, or those before a message. */
  messages: (person, chat, before = null) => call("GET", `/chat/api/people/${person}/chats/${chat}/messages?${page(before)}`),
  act: (person, chat, name, body = {}) => call("POST", `/chat/api/people/${person}/chats/${chat}/${name}`, body),
  deed: (person, name, body = {}) => call("POST", `/chat/api/people/${person}/${name}`, body),
  group: (chat, name, body) => call("POST", `/chat/api/groups/${chat}/${name}`, body),
  fileUrl: (fileId) => `/chat/api/files/${encodeURIComponent(fileId)}`,
  canForward: true,
};

export const WHATSAPP = {
  name: "whatsapp",
  title: "WhatsApp",
  people: () => call("GET", "/whatsapp/api/people"),
  chats: (person) => call("GET", `/whatsapp/api/people/${person}/chats`),
  messages: (person, _, before = null) => call("GET", `/whatsapp/api/people/${person}/messages?${page(before)}`),
  act: (person, _, name, body = {}) => call("POST", `/whatsapp/api/people/${person}/${name}`, body),
  deed: (person, name, body = {}) => call("POST", `/whatsapp/api/people/${person}/${name}`, body),
  window: (person, open) => call("POST", "/whatsapp/api/window", { person, open }),
  fileUrl: (fileId) => `/whatsapp/api/files/${encodeURIComponent(fileId)}`,
  canForward: false,
};

export const CHANNELS = [TELEGRAM, WHATSAPP];

const LINKS = [
  [TELEGRAM, /^(https?:\/\/)?t\.me\/\w+(\?start=[\w-]*)?$/],
  [WHATSAPP, /^(https?:\/\/)?wa\.me\/\d+(\?text=\S*)?$/],
];

/** The channel on which such a link starts a conversation with the assistant; nothing for any other address. */
export const channelOf = (url) => LINKS.find(([, shape]) => shape.test(url))?.[0] ?? null;
