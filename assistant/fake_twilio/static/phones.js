// Keeps the phones on the page in step with the carrier: which there are, what was said, what is unread.

import { drawCall } from "./calls.js";
import { dayOf, now, readClock, saidAt, setClock, showOwn, written } from "./clock.js";
import { $, drawBubble, drawButtons, drawMeta, element, pretty } from "./drawing.js";
import { wire } from "./hands.js";
import { drawTemplate, forgetTemplate } from "./templates.js";
import { follow, post } from "./wire.js";

const phones = new Map(); // number → {number, name, section, log, said: sid → message, texts: sid → its element, unread, tab}
const narrow = matchMedia("(max-width: 640px)");
const title = document.title;
const KINDS = { whatsapp: "WhatsApp", rcs: "RCS" };

function hear(news) {
  if (news.phones) {
    $("#number").textContent = pretty(news.number);
    news.phones.forEach(drawPhone);
    news.templates.forEach(drawTemplate);
    showCalls();
    readClock(() => phones.forEach(drawAgain));
    bringBack();
  }
  if (news.clock) setClock(news.clock);
  if (news.phone) drawPhone(news.phone);
  if (news.message) drawText(phones.get(news.number), news.message, true);
  if (news.template) drawTemplate(news.template);
  if (news.call && phones.has(news.number)) drawCall(phones.get(news.number), news.call);
  if ("window" in news) showWindow(phones.get(news.number), news.window);
  if (news.gone) {
    forgetTemplate(news.gone);
    for (const phone of phones.values()) forget(phone, news.gone);
  }
}

// A page that was opened while something rings shows it, too.
async function showCalls() {
  const { calls } = await fetch("/_calls").then((answer) => answer.json()).catch(() => ({ calls: [] }));
  calls.reverse().forEach((call) => phones.has(call.phone) && drawCall(phones.get(call.phone), call));
}

// Drawing

function drawPhone(given) {
  const phone = phones.get(given.number) ?? addPhone(given);
  phone.name = given.name;
  phone.hides = given.hides;
  const { section } = phone;
  section.setAttribute("aria-label", `${given.name}’s ${given.kind === "whatsapp" ? "WhatsApp" : "phone"}`);
  section.dataset.kind = given.kind;
  $("h2", section).textContent = given.name;
  $(".face", section).textContent = [...given.name][0]?.toUpperCase() ?? "";
  $(".face", section).style.setProperty("--hue", [...given.name].reduce((sum, c) => sum * 7 + c.codePointAt(0) * 13, 0) % 360);
  $("header .number", section).textContent = pretty(given.shown);
  const own = $(".own", section);
  own.hidden = !given.zone;
  if (given.zone) {
    own.dataset.zone = given.zone;
    showOwn(own);
  }
  $(".channel", section).hidden = !(given.kind in KINDS);
  $(".channel", section).textContent = KINDS[given.kind] ?? "";
  $(".optedout", section).hidden = !given.opted_out;
  $(".hint", section).textContent = given.hint;
  const label = given.kind === "whatsapp" ? `${given.name} on WhatsApp` : given.name;
  phone.log.setAttribute("aria-label", `${label}’s conversation`);
  $("textarea", section).setAttribute("aria-label", `Text as ${label}`);
  $("textarea", section).placeholder = given.kind === "sms" ? "Text message" : given.kind === "rcs" ? "RCS message" : "Message";
  $(".more", section).setAttribute("aria-label", `Send something else as ${label}`);
  $(".send", section).setAttribute("aria-label", `Send as ${label}`);
  $("span", phone.tab).textContent = given.name + (given.kind in KINDS ? ` · ${KINDS[given.kind]}` : "");
  showWindow(phone, given.kind === "whatsapp" ? given.window : undefined);
  const known = new Set(given.messages.map((message) => message.sid));
  for (const sid of phone.texts.keys()) if (!known.has(sid)) forget(phone, sid);
  given.messages.forEach((message) => drawText(phone, message, phone.drawn));
  phone.drawn = true;
}

// How long what we like may still be said on WhatsApp: 24 hours from what its owner wrote last.
function showWindow(phone, seconds) {
  if (!phone || seconds === undefined) return;
  const hours = Math.ceil((seconds ?? 0) / 3600);
  $(".channel", phone.section).textContent = seconds ? `WhatsApp · ${hours} h open` : "WhatsApp · templates only";
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
  wire(phone, drawText, look);
  phone.log.addEventListener("scroll", () => {
    phone.atEnd = phone.log.scrollHeight - phone.log.scrollTop - phone.log.clientHeight < 60;
    keepPlaces();
  });
  new ResizeObserver(() => settle(phone)).observe(phone.log);
  tab.addEventListener("click", (event) => {
    event.preventDefault();
    section.scrollIntoView({ inline: "center", block: "nearest", behavior: "smooth" });
    if (!narrow.matches) $("textarea", section).focus({ preventScroll: true });
  });
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
    phone.texts.set(message.sid, item);
    phone.log.append(item);
    if (isNew && !message.mine) {
      if (isBeingRead(phone)) look(phone);
      else countUnread(phone, phone.unread + 1);
    }
    if (!message.mine) phone.lastText = message.body || phone.lastText;
    $(".hint", phone.section).hidden = true;
  }
  // Which channel it takes, and with it what can be tapped, is only known on the way.
  const shape = JSON.stringify([message.media, message.buttons, message.channel]);
  if (item.dataset.shape !== shape) {
    item.dataset.shape = shape;
    const buttons = drawButtons(message, (button) => phone.tap(message.sid, button));
    item.replaceChildren(...[drawBubble(message), buttons, element("div", "meta")].filter(Boolean));
  }
  item.classList.toggle("whatsapp", message.channel === "whatsapp");
  item.classList.toggle("rcs", message.channel === "rcs");
  $(".bubble > .words", item).textContent = message.body;
  $(".meta", item).replaceChildren(...drawMeta(message));
  if (!message.mine && message.channel && message.status === "delivered" && isBeingRead(phone)) tellRead(phone);
  settle(phone);
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

function dayName(date) {
  return dayOf(date) === dayOf(now()) ? "Today" : written(date, { weekday: "long", day: "numeric", month: "short" });
}

// Whoever has scrolled up to read is left there; everyone else sees the newest text. What scrolls can be reached by keys.
function settle(phone) {
  if (phone.atEnd) phone.log.scrollTop = phone.log.scrollHeight;
  phone.log.tabIndex = phone.log.scrollHeight > phone.log.clientHeight ? 0 : -1;
}

// Where everything was scrolled to, for after a reload.
function keepPlaces() {
  if (!restored) return;
  const logs = [...phones.values()].filter((phone) => !phone.atEnd).map((phone) => [phone.number, phone.log.scrollTop]);
  sessionStorage.setItem("places", JSON.stringify({ across: $("#phones").scrollLeft, logs }));
}

let restored = false;
function bringBack() {
  if (restored) return;
  const { across = 0, logs = [] } = JSON.parse(sessionStorage.getItem("places") ?? "{}");
  for (const [number, top] of logs) {
    const phone = phones.get(number);
    if (!phone) continue;
    phone.atEnd = false;
    phone.log.scrollTop = top;
  }
  $("#phones").scrollLeft = across;
  restored = true;
}
$("#phones").addEventListener("scroll", keepPlaces);

function isBeingRead(phone) {
  if (document.hidden) return false;
  return narrow.matches ? phone.tab.hasAttribute("aria-current") : phone.section.contains(document.activeElement);
}

// Its owner looks at a phone: nothing is unread there, and on WhatsApp and RCS the other side is told.
function look(phone) {
  countUnread(phone, 0);
  const waits = [...phone.said.values()].some((each) => !each.mine && each.channel && each.status === "delivered");
  if (waits) tellRead(phone);
}

function tellRead(phone) {
  clearTimeout(phone.reading);
  phone.reading = setTimeout(() => post("/_phones/read", { number: phone.number }).catch(() => {}), 50);
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

// The phones in view are marked in the list of phones; on a narrow screen the one in view is being read.
const seen = new IntersectionObserver((entries) => {
  for (const { target, isIntersecting } of entries) {
    const phone = [...phones.values()].find((each) => each.section === target);
    if (isIntersecting) phone.tab.setAttribute("aria-current", "true");
    else phone.tab.removeAttribute("aria-current");
    if (isIntersecting && narrow.matches) look(phone);
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

follow(hear, (live) => {
  $("#link").textContent = live ? "live" : "reconnecting";
  $("#link").classList.toggle("live", live);
});
