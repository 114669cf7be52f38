// Keeps the phones on the page in step with the carrier: draws what was said, sends what is typed, follows the feed.

import { dayOf, now, readClock, saidAt, setClock, written } from "./clock.js";

const $ = (selector, within = document) => within.querySelector(selector);
const phones = new Map(); // number → {name, number, section, log, said: sid → message, texts: sid → its element, unread, tab}
const narrow = matchMedia("(max-width: 640px)");
const title = document.title;

// Talking to the carrier

async function post(path, body) {
  const answer = await fetch(path, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify(body),
  }).catch(() => null);
  if (answer === null) throw new Error("The carrier does not answer. Is it still running?");
  const given = await answer.json().catch(() => ({}));
  if (!answer.ok) throw new Error(given.error || `The carrier answered ${answer.status}.`);
  return given;
}

function follow() {
  const feed = new EventSource("/_events");
  const show = (live) => {
    $("#link").textContent = live ? "live" : "reconnecting";
    $("#link").classList.toggle("live", live);
  };
  feed.onerror = () => show(false);
  feed.onmessage = ({ data }) => {
    const news = JSON.parse(data);
    if (news.phones) {
      // The first news of every (re)connection is everything there is, so that nothing said meanwhile is missed.
      $("#number").textContent = pretty(news.number);
      news.phones.forEach(drawPhone);
      readClock(() => phones.forEach(drawAgain));
      show(true);
    }
    if (news.clock) setClock(news.clock);
    if (news.phone) drawPhone(news.phone);
    if (news.message) drawText(phones.get(news.number), news.message, true);
    if (news.gone) for (const phone of phones.values()) forget(phone, news.gone);
  };
}

// Drawing

const pretty = (number) => number.replace(/^\+1(\d{3})(\d{3})(\d{4})$/, "+1 $1 $2 $3");
const plural = (count, word) => `${count} ${word}${count === 1 ? "" : "s"}`;

function element(tag, className, text = "") {
  const made = document.createElement(tag);
  made.className = className;
  made.textContent = text;
  return made;
}

function drawPhone(given) {
  const phone = phones.get(given.number) ?? addPhone(given);
  phone.name = given.name;
  const { section } = phone;
  section.setAttribute("aria-label", `${given.name}’s phone`);
  $("h2", section).textContent = given.name;
  $(".face", section).textContent = [...given.name][0]?.toUpperCase() ?? "";
  $(".face", section).style.setProperty("--hue", [...given.name].reduce((sum, c) => sum * 7 + c.codePointAt(0) * 13, 0) % 360);
  $("header .number", section).textContent = pretty(given.number);
  $(".optedout", section).hidden = !given.opted_out;
  $(".hint", section).textContent = given.hint;
  phone.log.setAttribute("aria-label", `${given.name}’s conversation`);
  $("textarea", section).setAttribute("aria-label", `Text as ${given.name}`);
  $("textarea", section).placeholder = "Text message";
  $(".more", section).setAttribute("aria-label", `Send something else as ${given.name}`);
  $(".send", section).setAttribute("aria-label", `Send as ${given.name}`);
  $("span", phone.tab).textContent = given.name;
  const known = new Set(given.messages.map((message) => message.sid));
  for (const sid of phone.texts.keys()) if (!known.has(sid)) forget(phone, sid);
  given.messages.forEach((message) => drawText(phone, message, phone.drawn));
  phone.drawn = true;
}

function addPhone({ number }) {
  const section = $("#phone").content.cloneNode(true).firstElementChild;
  const tab = element("a", "");
  tab.href = "#";
  tab.append(element("span", ""), element("b", "unread"));
  $("b", tab).hidden = true;
  const phone = { number, section, log: $(".log", section), said: new Map(), texts: new Map(), unread: 0, tab, drawn: false, atEnd: true };
  phones.set(number, phone);
  $("#phones").append(section);
  $("#strip").append(tab);
  wire(phone);
  seen.observe(section);
  return phone;
}

function drawText(phone, message, isNew) {
  if (!phone) return;
  phone.said.set(message.sid, message);
  let item = phone.texts.get(message.sid);
  if (!item) {
    const at = saidAt(message.at);
    const day = dayOf(at);
    if (phone.log.lastElementChild?.dataset.day !== day) {
      const line = element("div", "day", dayName(at));
      line.dataset.day = day;
      phone.log.append(line);
    }
    item = element("div", `text${message.mine ? " mine" : ""}${isNew ? " new" : ""}`);
    item.dataset.day = day;
    item.append(drawBubble(message), element("div", "meta"));
    phone.texts.set(message.sid, item);
    phone.log.append(item);
    if (isNew && !message.mine && !isBeingRead(phone)) countUnread(phone, phone.unread + 1);
    if (!message.mine) phone.lastText = message.body || phone.lastText;
    $(".hint", phone.section).hidden = true;
  }
  $(".bubble > .words", item).textContent = message.body;
  $(".meta", item).replaceChildren(...drawMeta(message));
  if (phone.atEnd) toEnd(phone);
}

// The clock has moved, and with it the days that texts stand under.
function drawAgain(phone) {
  const said = [...phone.said.values()];
  phone.log.replaceChildren();
  phone.texts.clear();
  said.forEach((message) => drawText(phone, message, false));
}

function forget(phone, sid) {
  phone.said.delete(sid);
  phone.texts.get(sid)?.remove();
  phone.texts.delete(sid);
}

function drawBubble(message) {
  const bubble = element("div", "bubble");
  for (let shown = 0; shown < message.photos; shown += 1) {
    const photo = new Image();
    photo.src = "/static/photo.png";
    photo.alt = "A photo";
    bubble.append(photo);
  }
  if (message.place !== null) {
    const place = element("span", "place", message.place || "A place");
    place.prepend(drawLine(PIN, "A place"));
    bubble.append(place);
  }
  bubble.append(element("span", "words"));
  return bubble;
}

function dayName(date) {
  return dayOf(date) === dayOf(now()) ? "Today" : written(date, { weekday: "long", day: "numeric", month: "short" });
}

const CLOCK = "M8 2.5a5 5 0 1 0 .01 0M8 5v3l2 1.2";
const PIN = "M8 14.5s-4.5-4.2-4.5-7.5a4.5 4.5 0 0 1 9 0c0 3.3-4.5 7.5-4.5 7.5M8 5.5a1.5 1.5 0 1 0 .01 0";
const TICK = "M3 8.5l3.2 3L13 4.5";
const TICKS = "M1 8.5l3.2 3L11 4.5M8 10.2l1.3 1.3L16 4.5";

function drawMeta(message) {
  const time = element("span", "", written(saidAt(message.at), { hour: "numeric", minute: "2-digit" }));
  const size = element("span", message.segments > 1 ? "many" : "", plural(message.segments, "segment"));
  const parts = [time, element("span", "", "·"), size];
  const failed = message.error || ["failed", "undelivered", "canceled"].includes(message.status);
  if (failed) {
    const why = message.mine ? `not taken by the assistant (${message.error})` : `${message.status}${message.error ? ` (${message.error})` : ""}`;
    return [...parts, element("span", "", "·"), element("span", "failed", why)];
  }
  const there = message.mine ? message.answered : message.status === "delivered";
  const path = there ? TICKS : message.mine || message.status === "sent" ? TICK : CLOCK;
  const says = message.mine ? (there ? "taken by the assistant" : "sent") : message.status;
  const tick = drawLine(path, says);
  tick.classList.toggle("there", there);
  return [...parts, tick];
}

function drawLine(path, says) {
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

// Whoever has scrolled up to read is left there; everyone else sees the newest text.
function toEnd(phone) {
  phone.log.scrollTop = phone.log.scrollHeight;
}

function isBeingRead(phone) {
  if (document.hidden) return false;
  return narrow.matches ? phone.tab.hasAttribute("aria-current") : phone.section.contains(document.activeElement);
}

function countUnread(phone, count) {
  phone.unread = count;
  for (const badge of [$(".unread", phone.section), $("b", phone.tab)]) {
    badge.hidden = count === 0;
    badge.textContent = count || "";
    badge.setAttribute("aria-label", `${count} unread`);
  }
  const all = [...phones.values()].reduce((sum, each) => sum + each.unread, 0);
  document.title = all ? `(${all}) ${title}` : title;
}

// Hands

function wire(phone) {
  const { section } = phone;
  const form = $("form", section);
  const area = $("textarea", form);
  const fit = () => { $(".send", form).disabled = !area.value.trim(); };
  const say = async (what) => {
    $(".trouble", form).textContent = "";
    phone.atEnd = true;
    const sent = await post("/_phones/text", { from: phone.number, ...what });
    // The feed may have been faster, and then it knows more.
    if (!phone.texts.has(sent.sid)) drawText(phone, sent, true);
  };
  const complain = (error) => { $(".trouble", form).textContent = error.message; };

  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const body = area.value.trim();
    if (!body) return;
    area.value = "";
    fit();
    say({ body }).catch((error) => { complain(error); area.value ||= body; fit(); });
  });
  area.addEventListener("input", fit);
  area.addEventListener("keydown", (event) => {
    const page = { PageUp: -0.9, PageDown: 0.9 }[event.key];
    if (page) { event.preventDefault(); phone.log.scrollBy({ top: page * phone.log.clientHeight, behavior: "smooth" }); }
    // An Enter that ends composing a word (accents, Japanese) does not send.
    if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
    event.preventDefault();
    form.requestSubmit();
  });

  const more = $(".more", form);
  const menu = $(".menu", form);
  const items = [...menu.children];
  const open = (yes) => {
    menu.hidden = !yes;
    more.setAttribute("aria-expanded", yes);
    if (!yes) return;
    items[2].disabled = !phone.lastText;
    items[0].focus();
  };
  more.addEventListener("click", () => open(menu.hidden));
  menu.addEventListener("keydown", (event) => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    const usable = items.filter((item) => !item.disabled);
    if (step) { event.preventDefault(); usable.at((usable.indexOf(document.activeElement) + step) % usable.length).focus(); }
    if (event.key === "Escape") { open(false); more.focus(); }
  });
  menu.addEventListener("focusout", (event) => { if (!menu.contains(event.relatedTarget) && event.relatedTarget !== more) open(false); });
  menu.addEventListener("click", (event) => {
    const what = {
      photo: { photo: true },
      place: { location: { latitude: "30.2672", longitude: "-97.7431", label: "Austin, Texas" } },
      like: { body: `Liked “${phone.lastText}”` },
    }[event.target.dataset.send];
    open(false);
    area.focus();
    if (what) say(what).catch(complain);
  });

  phone.log.addEventListener("scroll", () => {
    phone.atEnd = phone.log.scrollHeight - phone.log.scrollTop - phone.log.clientHeight < 60;
  });
  new ResizeObserver(() => { if (phone.atEnd) toEnd(phone); }).observe(phone.log);
  section.addEventListener("focusin", () => countUnread(phone, 0));
  section.addEventListener("pointerdown", () => countUnread(phone, 0));
  phone.tab.addEventListener("click", (event) => {
    event.preventDefault();
    section.scrollIntoView({ inline: "center", block: "nearest", behavior: "smooth" });
  });
}

// On a narrow screen the phone in view is the one being read.
const seen = new IntersectionObserver((entries) => {
  if (!narrow.matches) return;
  for (const { target, isIntersecting } of entries) {
    const phone = [...phones.values()].find((each) => each.section === target);
    if (isIntersecting) phone.tab.setAttribute("aria-current", "true");
    else phone.tab.removeAttribute("aria-current");
    if (isIntersecting) countUnread(phone, 0);
  }
}, { root: $("#phones"), threshold: 0.6 });

const adding = $("#adding");
$("#add").addEventListener("click", () => { $("form", adding).reset(); $(".trouble", adding).textContent = ""; adding.showModal(); });
$("[value=cancel]", adding).addEventListener("click", () => adding.close());
$("form", adding).addEventListener("submit", async (event) => {
  event.preventDefault();
  try {
    const phone = await post("/_phones", Object.fromEntries(new FormData(event.target)));
    drawPhone(phone);
    adding.close();
    const { section } = phones.get(phone.number);
    section.scrollIntoView({ inline: "center", block: "nearest" });
    $("textarea", section).focus();
  } catch (error) {
    $(".trouble", adding).textContent = error.message;
  }
});

follow();
