// Draws one text as its channel shows it: bubble, pictures, buttons or a list, and what the carrier knows of its way.

import { saidAt, written } from "./clock.js";

export const $ = (selector, within = document) => within.querySelector(selector);
export const pretty = (number) => number.replace(/^\+1(\d{3})(\d{3})(\d{4})$/, "+1 $1 $2 $3");
const plural = (count, word) => `${count} ${word}${count === 1 ? "" : "s"}`;

export function element(tag, className, text = "") {
  const made = document.createElement(tag);
  made.className = className;
  made.textContent = text;
  return made;
}

const CLOCK = "M8 2.5a5 5 0 1 0 .01 0M8 5v3l2 1.2";
const PIN = "M8 14.5s-4.5-4.2-4.5-7.5a4.5 4.5 0 0 1 9 0c0 3.3-4.5 7.5-4.5 7.5M8 5.5a1.5 1.5 0 1 0 .01 0";
const TICK = "M3 8.5l3.2 3L13 4.5";
const TICKS = "M1 8.5l3.2 3L11 4.5M8 10.2l1.3 1.3L16 4.5";

export function drawBubble(message) {
  const bubble = element("div", "bubble");
  for (const { url, type } of message.media) bubble.append(drawMedia(url, type));
  if (message.place !== null) {
    const place = element("span", "place", message.place || "A place");
    place.prepend(drawLine(PIN, "A place"));
    bubble.append(place);
  }
  bubble.append(element("span", "words"));
  return bubble;
}

function drawMedia(url, type) {
  if (type.startsWith("audio/")) {
    const player = document.createElement("audio");
    player.controls = true;
    player.preload = "none";
    player.src = url;
    player.setAttribute("aria-label", "A voice note");
    return player;
  }
  if (!type.startsWith("image/")) return element("span", "place", `A file (${type})`);
  const photo = new Image();
  photo.src = url;
  photo.alt = "A photo";
  return photo;
}

/** What can be tapped under a text: buttons and chips, or one button that opens a list. They stay as long as it does. */
export function drawButtons(message, tap) {
  if (!message.buttons.length) return null;
  const row = element("div", "buttons");
  const each = message.buttons.map(({ title, kind, more }, index) => {
    const button = element("button", kind, title);
    button.type = "button";
    if (more) button.append(element("small", "", more));
    button.disabled = kind === "url" || kind === "phone";
    button.addEventListener("click", () => tap(index));
    return button;
  });
  if (!message.list) {
    row.append(...each);
    return row;
  }
  const list = document.createElement("details");
  list.append(element("summary", "", message.list), ...each);
  row.append(list);
  return row;
}

export function drawMeta(message) {
  const time = element("span", "", written(saidAt(message.at), { hour: "numeric", minute: "2-digit" }));
  const size = message.channel
    ? element("span", "", message.channel === "whatsapp" ? (message.template ? "template" : "WhatsApp") : "RCS")
    : element("span", message.segments > 1 ? "many" : "", plural(message.segments, "segment"));
  const parts = [time, dot(), size];
  if (message.error || ["failed", "undelivered", "canceled"].includes(message.status)) {
    const said = message.mine ? "not taken by the assistant" : message.status;
    const why = `${said}${message.error ? ` (${message.error})` : ""}${message.why ? `: ${message.why}` : ""}`;
    return [...parts, dot(), element("span", "failed", why)];
  }
  const read = message.status === "read";
  const there = message.mine ? message.answered : message.status === "delivered" || read;
  const path = there ? TICKS : message.mine || message.status === "sent" ? TICK : CLOCK;
  const tick = drawLine(path, message.mine ? (there ? "taken by the assistant" : "sent") : message.status);
  tick.classList.toggle("there", there);
  tick.classList.toggle("read", read);
  parts.push(tick);
  if (message.refused) {
    const why = `an answer was refused (${message.refused})${message.refused_why ? `: ${message.refused_why}` : ""}`;
    parts.push(element("span", "failed", why));
  }
  return parts;
}

const dot = () => element("span", "", "·");

export function drawLine(path, says) {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  svg.setAttribute("viewBox", "0 0 17 16");
  svg.setAttribute("role", "img");
  svg.setAttribute("aria-label", says);
  const line = svg.appendChild(document.createElementNS(svg.namespaceURI, "path"));
  line.setAttribute("d", path);
  const name = svg.appendChild(document.createElementNS(svg.namespaceURI, "title"));
  name.textContent = says;
  return svg;
}
