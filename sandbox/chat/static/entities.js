/** Entities drawn as elements: a short list of known kinds, everything else stays text. */

import { channelOf } from "./channels.js";
import { h } from "./dom.js";

const PLAIN = { bold: "strong", italic: "em", underline: "u", strikethrough: "s", code: "code", pre: "pre", blockquote: "blockquote", expandable_blockquote: "blockquote" };

const REFERENCE = /(?<![\w-])([A-Z](?:-[0-9A-Z]{4}){2,4})(?![\w-])/;

/**
 * Draw a text. Offsets count UTF-16 units, as JavaScript's own strings do.
 * `on.command(text)` and `on.link(url)` say what happens to a command or a link to the bot that is touched.
 */
export function drawText(text, entities, on) {
  const fragment = document.createDocumentFragment();
  fragment.append(...between(text, 0, text.length, sorted(entities), on));
  return fragment;
}

const sorted = (entities) => [...entities].sort((a, b) => a.offset - b.offset || b.length - a.length);

function between(text, begin, end, entities, on) {
  const drawn = [];
  let at = begin;
  let rest = entities.filter((entity) => entity.offset >= begin && entity.offset < end);
  while (rest.length) {
    const [entity, ...others] = rest;
    const stop = Math.min(entity.offset + entity.length, end);
    if (entity.offset > at) drawn.push(text.slice(at, entity.offset));
    const inner = others.filter((other) => other.offset < stop);
    drawn.push(wrap(entity, text.slice(entity.offset, stop), between(text, entity.offset, stop, inner, on), on));
    at = stop;
    rest = others.filter((other) => other.offset >= stop);
  }
  if (at < end) drawn.push(text.slice(at, end));
  return drawn.flatMap((piece) => (typeof piece === "string" ? unbroken(piece) : piece));
}

/** A reference such as D-7KQ2-MX4P-9T3W stays on one line: cut at its dashes it cannot be read aloud. */
function unbroken(text) {
  return text.split(REFERENCE).map((piece, index) => (index % 2 ? h("span", { class: "unbroken" }, piece) : piece)).filter(Boolean);
}

function wrap(entity, covered, children, on) {
  if (PLAIN[entity.type]) return h(PLAIN[entity.type], {}, children);
  if (entity.type === "spoiler") return spoiler(children);
  if (entity.type === "bot_command") {
    return h("button", { type: "button", class: "link", onclick: () => on.command(covered) }, children);
  }
  if (entity.type === "url" || entity.type === "text_link") return link(entity.url ?? covered, children, on);
  return h("span", {}, children);
}

function spoiler(children) {
  const element = h("button", { type: "button", class: "spoiler", "aria-label": "Texte masqué", onclick: () => element.classList.add("is-open") }, children);
  return element;
}

/** Only web addresses become links; one to the assistant acts inside the page. */
export function link(url, children, on, properties = {}) {
  if (channelOf(url)) {
    return h("a", { href: url, ...properties, onclick: (event) => { event.preventDefault(); on.link(url); } }, children);
  }
  const address = /^https?:\/\//.test(url) ? url : `https://${url}`;
  return h("a", { href: address, target: "_blank", rel: "noopener", ...properties }, children);
}
