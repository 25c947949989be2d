/** The JSON API, as documented in docs/sandbox-telegram.md and docs/sandbox-whatsapp.md. */

export class Refused extends Error {}

export const PAGE = 100;

export async function call(method, path, body) {
  const options = { method, headers: {} };
  if (body !== undefined) {
    options.headers["Content-Type"] = "application/json";
    options.body = JSON.stringify(body);
  }
  let answer;
  try {
    answer = await fetch(path, options);
  } catch {
    throw new Refused("Le bac à sable ne répond pas. Réessayez dans un instant.");
  }
  const content = await answer.json().catch(() => ({}));
  if (!answer.ok) throw new Refused(content.error ?? "Le bac à sable n’a pas compris.");
  return content;
}
