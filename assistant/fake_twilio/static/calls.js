// Shows a call on its phone: it rings, is answered by somebody or a machine, speaks, and hears the keys pressed.

import { $, element, pretty } from "./drawing.js";
import { post } from "./wire.js";

const KEYS = [..."123456789*0#"];
const NAMES = { "*": "star", "#": "hash" };
const RINGING = [["answer", "Answer"], ["machine", "Let the machine answer"], ["busy", "Decline"]];

/** Draw a call on its phone, or take it away once it has ended. */
export function drawCall(phone, call) {
  const card = $(".call", phone.section);
  const ended = !["ringing", "in-progress"].includes(call.status);
  // Another call may have begun meanwhile: an old one's end does not take it away.
  if (ended && card.dataset.sid !== call.sid) return;
  card.hidden = ended;
  if (ended) {
    card.dataset.sid = "";
    return;
  }
  const rings = call.status === "ringing";
  const changed = card.dataset.sid !== call.sid || card.dataset.status !== call.status;
  card.dataset.sid = call.sid;
  card.dataset.status = call.status;
  card.setAttribute("aria-label", `${phone.name}’s call`);
  $(".who", card).textContent = rings ? `${pretty(call.from)} is calling` : `On the phone with ${pretty(call.from)}`;
  $(".said", card).textContent = call.said.join(" ");
  $(".keys", card).hidden = rings;
  if (!changed) return;
  const act = (what) => post(`/_calls/${call.sid}`, what).catch(() => {});
  $(".keys", card).replaceChildren(...KEYS.map((key) => {
    const button = element("button", "quiet", key);
    button.type = "button";
    button.setAttribute("aria-label", `Press ${NAMES[key] ?? key} as ${phone.name}`);
    button.addEventListener("click", () => act({ digits: key }));
    return button;
  }));
  const doing = rings ? RINGING : [["hang up", "Hang up"]];
  $(".doing", card).replaceChildren(...doing.map(([what, says]) => {
    const button = element("button", "quiet", says);
    button.type = "button";
    button.setAttribute("aria-label", `${says}: ${phone.name}’s phone`);
    button.addEventListener("click", () => act({ do: what }));
    return button;
  }));
}
