/** What the ⋮ button offers: in a private chat, in a group, to an ordinary member or to an administrator. */

import { TELEGRAM, WHATSAPP } from "./channels.js";

const PRESENT = ["member", "administrator"];
const LEADS = ["creator", "administrator"];

/** The choices for a phone's owner in a chat: `{ picture, label, deed, danger }`. */
export function menuOf(phone, chat) {
  return chat.type === "private" ? privateMenu(phone, chat) : groupMenu(phone, chat);
}

function privateMenu(phone, chat) {
  const deed = (name, body) => () => phone.channel.deed(phone.person.id, name, body);
  if (chat.blocked) return [{ picture: "block", label: "Débloquer Cauri", deed: deed("unblock") }];
  const block = { picture: "block", label: "Bloquer Cauri", deed: deed("block"), danger: true };
  return phone.channel === WHATSAPP ? [...whatsappMenu(phone, chat, deed), block] : [block];
}

/** What takes a day, or a username, on a real phone. */
function whatsappMenu(phone, chat, deed) {
  const choices = [];
  if (chat.window_open) choices.push({ picture: "clock", label: "Laisser passer 24\u00a0heures", deed: () => WHATSAPP.window(phone.person.id, false) });
  const hidden = chat.ids === "user_id_only";
  choices.push({ picture: "mask", label: hidden ? "Montrer mon numéro" : "Cacher mon numéro", deed: deed("ids", { ids: hidden ? "both" : "user_id_only" }) });
  return choices;
}

function groupMenu(phone, chat) {
  const standing = chat.members.find((member) => member.id === phone.person.id)?.status;
  return LEADS.includes(standing) ? [...leading(phone, chat), ...admitting(phone, chat)] : admitting(phone, chat);
}

function leading(phone, chat) {
  const by = phone.person.id;
  const choices = [
    { picture: "mask", label: phone.anonymous ? "Écrire sous mon nom" : "Écrire au nom du groupe", deed: async () => { phone.anonymous = !phone.anonymous; } },
  ];
  if (chat.bot_status === "member") choices.push({ picture: "grow", label: "Nommer Cauri administrateur", deed: () => TELEGRAM.group(chat.id, "bot", { by, status: "administrator" }) });
  if (chat.type === "group") choices.push({ picture: "people", label: "Transformer en supergroupe", deed: () => TELEGRAM.group(chat.id, "migrate", { by }) });
  return choices;
}

function admitting(phone, chat) {
  const by = phone.person.id;
  if (PRESENT.includes(chat.bot_status)) {
    return [{ picture: "block", label: "Retirer Cauri du groupe", deed: () => TELEGRAM.group(chat.id, "bot", { by, status: "kicked" }), danger: true }];
  }
  return [{ picture: "people", label: "Ajouter Cauri au groupe", deed: () => TELEGRAM.group(chat.id, "bot", { by, status: "member" }) }];
}
