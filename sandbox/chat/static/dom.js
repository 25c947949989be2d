/** Small helpers to build elements. Text only ever enters as text nodes. */

/**
 * Build an element: `h("button", { class: "key", onclick }, "Oui")`.
 * Properties starting with "on" are listeners; false, null and undefined leave an attribute out.
 */
export function h(tag, properties = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (value !== false && value !== null && value !== undefined) element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...children.flat(Infinity).filter((child) => child !== null && child !== undefined && child !== false));
  return element;
}

const SHAPES = {
  back: "M15 5l-7 7 7 7",
  more: "M12 5.500v.01M12 12v.01M12 18.500v.01",
  clip: "M20 11.500l-7.800 7.800a5 5 0 0 1-7-7l8.300-8.400a3.300 3.300 0 0 1 4.700 4.700l-8.300 8.300a1.700 1.700 0 0 1-2.400-2.400l7.500-7.500",
  send: "M4 12l16-7.500-5 15.500-3.500-6.500zM11.500 13.500L20 4.500",
  menu: "M4 7h16M4 12h16M4 17h10",
  keyboard: "M3 6.500h18v11H3zM7 10h.01M10.500 10h.01M14 10h.01M17.500 10h.01M8 14h8",
  close: "M6 6l12 12M18 6L6 18",
  reply: "M10 7L5 12l5 5M5 12h9a5 5 0 0 1 5 5v1",
  forward: "M14 7l5 5-5 5M19 12h-9a5 5 0 0 0-5 5v1",
  down: "M6 10l6 6 6-6",
  person: "M12 12a4 4 0 1 0 0-8 4 4 0 0 0 0 8zM4.500 20a7.500 7.500 0 0 1 15 0",
  people: "M9 11.500a3.500 3.500 0 1 0 0-7 3.500 3.500 0 0 0 0 7zM2.500 19.500a6.500 6.500 0 0 1 13 0M16 4.800a3.500 3.500 0 0 1 0 6.400M18 14a6.500 6.500 0 0 1 3.500 5.500",
  smile: "M12 21a9 9 0 1 0 0-18 9 9 0 0 0 0 18zM8.500 14.500a4.300 4.300 0 0 0 7 0M9 9.500v.01M15 9.500v.01",
  voice: "M12 15a3.500 3.500 0 0 0 3.500-3.500v-5a3.500 3.500 0 0 0-7 0v5A3.500 3.500 0 0 0 12 15zM5.500 11.500a6.500 6.500 0 0 0 13 0M12 18v3",
  photo: "M4 5h16v14H4zM4 16l5-5 4 4 2.500-2.500L20 17M15.500 9v.01",
  file: "M6 3h8l5 5v13H6zM14 3v5h5",
  block: "M12 21a9 9 0 1 0 0-18 9 9 0 0 0 0 18zM5.700 5.700l12.600 12.600",
  mask: "M3 8c3 1.500 6 1.500 9 0 3 1.500 6 1.500 9 0-.500 6-3 9-5.500 9-1.500 0-2.500-1.500-3.500-1.500S10 17 8.500 17C6 17 3.500 14 3 8zM7.500 11.500h2M14.500 11.500h2",
  clock: "M12 21a9 9 0 1 0 0-18 9 9 0 0 0 0 18zM12 7v5.500l3.500 2",
  list: "M9 6.500h11M9 12h11M9 17.500h11M4.500 6.500h.01M4.500 12h.01M4.500 17.500h.01",
  link: "M14 5h5v5M19 5l-8 8M10 6H6v12h12v-4",
  place: "M12 21c4.500-4.800 6.500-8.100 6.500-11a6.500 6.500 0 1 0-13 0c0 2.900 2 6.200 6.500 11zM12 12.500a2.500 2.500 0 1 0 0-5 2.500 2.500 0 0 0 0 5z",
  right: "M10 6l6 6-6 6",
  telegram: "M4 12l16-7.500-5 15.500-3.500-6.500zM11.500 13.500L20 4.500",
  whatsapp: "M4 20l1.300-4A8.200 8.200 0 1 1 8.400 19zM9 8.500c-.3 3.300 2.900 6.600 6.300 6.400l.7-1.700-2-1.100-1 .9c-1-.4-1.700-1.100-2.200-2.100l.9-1-1-2z",
  grow: "M12 20V5M6 11l6-6 6 6",
};

export function icon(name) {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  svg.setAttribute("viewBox", "0 0 24 24");
  svg.setAttribute("aria-hidden", "true");
  svg.append(path(SHAPES[name], 2));
  return svg;
}

/** One tick once the message is kept, two once the assistant has it, two blue ones once it marked it as read. */
export function ticks({ delivered, status }) {
  const isRead = status === "read";
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  svg.setAttribute("viewBox", "0 0 21 16");
  svg.setAttribute("role", "img");
  svg.setAttribute("aria-label", isRead ? "Lu" : delivered ? "Reçu" : "Envoyé");
  svg.setAttribute("data-testid", isRead ? "blue-ticks" : delivered ? "two-ticks" : "one-tick");
  if (delivered) svg.setAttribute("class", isRead ? "is-read" : "is-delivered");
  svg.append(path(delivered ? "M1.500 8.500l4 4 8-9M9.500 11.500l1 1 8-9" : "M4.500 8.500l4 4 8-9", 2));
  return svg;
}

function path(shape, width) {
  const line = document.createElementNS("http://www.w3.org/2000/svg", "path");
  line.setAttribute("d", shape);
  for (const [name, value] of Object.entries({ fill: "none", stroke: "currentColor", "stroke-width": width, "stroke-linecap": "round", "stroke-linejoin": "round" })) {
    line.setAttribute(name, value);
  }
  return line;
}
