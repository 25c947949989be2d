/** What the page itself says, in French. */

const COUNTRIES = {
  "+226": "Burkina Faso", "+221": "Sénégal", "+229": "Bénin", "+225": "Côte d’Ivoire",
  "+223": "Mali", "+227": "Niger", "+228": "Togo", "+245": "Guinée-Bissau",
};

export const country = (phone) => COUNTRIES[phone.slice(0, 4)] ?? "";

/** +22670123456 → +226 70 12 34 56 and +221771234567 → +221 77 123 45 67, without a place to break. */
export function phoneNumber(phone) {
  const digits = phone.replace(/\D/g, "");
  const code = `+${digits.slice(0, 3)}`;
  if (!(code in COUNTRIES)) return phone;
  const rest = digits.slice(3);
  const groups = rest.length % 2 ? [rest.slice(0, 2), rest.slice(2, 5), ...pairs(rest.slice(5))] : pairs(rest);
  return [code, ...groups].join("\u00a0");
}

const pairs = (digits) => digits.match(/../g) ?? [];

export const initials = (name) => name.split(/\s+/).slice(0, 2).map((part) => part[0] ?? "").join("").toUpperCase();

const CLOCK = new Intl.DateTimeFormat("fr-FR", { hour: "2-digit", minute: "2-digit" });
const DAY = new Intl.DateTimeFormat("fr-FR", { weekday: "long", day: "numeric", month: "long" });

export const clock = (seconds) => CLOCK.format(seconds * 1000);

export function day(seconds) {
  const date = new Date(seconds * 1000);
  const today = new Date();
  const yesterday = new Date(today.getFullYear(), today.getMonth(), today.getDate() - 1);
  if (date.toDateString() === today.toDateString()) return "Aujourd’hui";
  if (date.toDateString() === yesterday.toDateString()) return "Hier";
  return DAY.format(date);
}

const SIZES = ["o", "Ko", "Mo"];

export function size(bytes) {
  const step = Math.min(Math.floor(Math.log2(Math.max(bytes, 1)) / 10), SIZES.length - 1);
  return `${Math.ceil(bytes / 1024 ** step)}\u00a0${SIZES[step]}`;
}

/** The sentence of a service message, or nothing when the message is an ordinary one. */
export function service(message) {
  const who = message.from.name;
  const names = (message.new_chat_members ?? []).map((user) => user.first_name).join(", ");
  if (message.group_chat_created) return `${who} a créé le groupe`;
  if (names) return `${who} a ajouté ${names}`;
  if (message.left_chat_member) return leaving(message);
  if (message.migrate_to_chat_id) return "Ce groupe est devenu un supergroupe";
  if (message.migrate_from_chat_id) return "Le groupe est devenu un supergroupe";
  if (message.reaction) return message.reaction.emoji ? `${who} a réagi par ${message.reaction.emoji}` : `${who} a retiré sa réaction`;
  if (message.pinned_message) return `${who} a épinglé un message`;
  return null;
}

function leaving(message) {
  if (message.left_chat_member.id === message.from.id) return `${message.from.name} a quitté le groupe`;
  return `${message.from.name} a retiré ${message.left_chat_member.first_name}`;
}

/** One line that stands for a message in a list. */
export function summary(message) {
  if (!message || message.deleted) return "";
  const sentence = service(message);
  if (sentence) return sentence;
  if (message.photo) return `🖼️ ${message.text || "Photo"}`;
  if (message.document) return `📄 ${message.document.file_name}`;
  if (message.contact) return `👤 ${message.contact.first_name}`;
  if (message.sticker) return `${message.sticker.emoji} Autocollant`;
  if (message.voice) return "🎤 Message vocal";
  if (message.location) return `📍 ${message.location.name ?? "Position"}`;
  return message.text;
}
