// Shows what time it is for the service, and lets time pass: what is due on the way arrives on its phone.

const bar = document.querySelector("#clock");
const buttons = [...bar.querySelectorAll("button")];
const trouble = bar.querySelector(".trouble");
let service = null; // {ahead: ms that it is ahead of this browser, zone, moves: [[real ms, ms ahead from then on]]}
let changed = () => {};

export const now = () => new Date(Date.now() + (service?.ahead ?? 0));

/** When a text was said, by the service's clock: as far ahead as the last journey before it had led. */
export function saidAt(at) {
  const real = Date.parse(at);
  const before = (service?.moves ?? []).filter(([moved]) => moved <= real);
  return new Date(real + (before.at(-1)?.[1] ?? 0));
}

/** A date as people write it, where the service's Monday is (without one, where this browser is). */
export const written = (date, how) => date.toLocaleString([], { timeZone: service?.zone, ...how });

/** What time it is somewhere, by the service's clock: "Mon 9:05 AM in Denver". */
export function timeIn(zone) {
  const time = now().toLocaleString([], { timeZone: zone, weekday: "short", hour: "numeric", minute: "2-digit" });
  return `${time} in ${zone.split("/").at(-1).replaceAll("_", " ")}`;
}

export const dayOf = (date) => date.toLocaleDateString("en-CA", { timeZone: service?.zone });

/** Take what the service says of its clock; an empty answer: it has none that moves. */
export function setClock(given) {
  bar.hidden = !given.now;
  if (!given.now) return;
  const moves = given.moves.map(([at, seconds]) => [Date.parse(at), seconds * 1000]);
  const same = service && service.moves.length === moves.length && service.zone === given.zone;
  service = { ahead: Date.parse(given.now) - Date.now(), zone: given.zone, moves };
  tick();
  if (!same) changed();
}

/** Ask the service, until it answers; `whenChanged` is called when texts stand under other times than before. */
export async function readClock(whenChanged = changed) {
  changed = whenChanged;
  const answer = await fetch("/_clock").catch(() => null);
  if (answer?.ok) setClock(await answer.json());
  else setTimeout(readClock, 2000);
}

function tick() {
  if (!service) return;
  const time = bar.querySelector("time");
  time.dateTime = now().toISOString();
  time.textContent = written(now(), { weekday: "long", day: "numeric", month: "short", hour: "numeric", minute: "2-digit" });
  bar.querySelector(".where").textContent = service.zone.split("/").at(-1).replaceAll("_", " ");
  document.querySelectorAll(".own[data-zone]").forEach(showOwn);
}

/** A phone's own clock, in the zone of its number. */
export function showOwn(place) {
  place.firstElementChild.textContent = timeIn(place.dataset.zone);
}

async function go(button) {
  trouble.textContent = "";
  buttons.forEach((each) => { each.disabled = true; });
  button.ariaBusy = "true";
  const watching = setInterval(readClock, 500);
  const answer = await fetch("/_clock", {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ to: button.dataset.to }),
  }).catch(() => null);
  clearInterval(watching);
  const given = await answer?.json().catch(() => ({}));
  if (answer?.ok) setClock(given);
  else trouble.textContent = given?.error ?? "The carrier does not answer. Is it still running?";
  button.ariaBusy = null;
  buttons.forEach((each) => { each.disabled = false; });
  button.focus();
}

buttons.forEach((button) => button.addEventListener("click", () => go(button)));
setInterval(tick, 1000);
