/** The JSON API, as documented in docs/sandbox-telegram.md. */

const ROOT = "/chat/api";

export class Refused extends Error {}

export const people = () => call("GET", "/people");
export const chats = (person) => call("GET", `/people/${person}/chats`);
export const PAGE = 100;

/** The last messages of a chat, or those before a message. */
export const messages = (person, chat, before = null) =>
  call("GET", `/people/${person}/chats/${chat}/messages?limit=${PAGE}${before ? `&before=${before}` : ""}`);
export const act = (person, chat, name, body = {}) => call("POST", `/people/${person}/chats/${chat}/${name}`, body);
export const deed = (person, name, body = {}) => call("POST", `/people/${person}/${name}`, body);
export const group = (chat, name, body) => call("POST", `/groups/${chat}/${name}`, body);
export const fileUrl = (fileId) => `${ROOT}/files/${encodeURIComponent(fileId)}`;

async function call(method, path, body) {
  const options = { method, headers: {} };
  if (body !== undefined) {
    options.headers["Content-Type"] = "application/json";
    options.body = JSON.stringify(body);
  }
  let answer;
  try {
    answer = await fetch(ROOT + path, options);
  } catch {
    throw new Refused("Le bac à sable ne répond pas. Réessayez dans un instant.");
  }
  const content = await answer.json().catch(() => ({}));
  if (!answer.ok) throw new Refused(content.error ?? "Le bac à sable n’a pas compris.");
  return content;
}
