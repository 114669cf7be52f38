// What a phone's owner does: type, send something else, read, hide the number.

import { $ } from "./drawing.js";
import { post, postFile } from "./wire.js";

/** Let a phone be used. `drawText` shows what was said at once, `seen` is called when its owner looks at it. */
export function wire(phone, drawText, seen) {
  const { section } = phone;
  const form = $("form", section);
  const area = $("textarea", form);
  const fit = () => { $(".send", form).disabled = !area.value.trim(); };
  const complain = (error) => { $(".trouble", form).textContent = error.message; };
  const say = async (asking) => {
    $(".trouble", form).textContent = "";
    phone.atEnd = true;
    const sent = await asking;
    // The feed may have been faster, and then it knows more.
    if (!phone.texts.has(sent.sid)) drawText(phone, sent, true);
  };
  const text = (what) => say(post("/_phones/text", { from: phone.number, ...what }));
  phone.tap = (sid, button) => say(post("/_phones/tap", { from: phone.number, sid, button })).catch(complain);

  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const body = area.value.trim();
    if (!body) return;
    area.value = "";
    fit();
    text({ body }).catch((error) => { complain(error); area.value ||= body; fit(); });
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
  const item = (what) => $(`[data-send=${what}]`, menu);
  const open = (yes) => {
    menu.hidden = !yes;
    more.setAttribute("aria-expanded", yes);
    if (!yes) return;
    item("like").disabled = !phone.lastText;
    item("hide").hidden = !phone.number.startsWith("whatsapp:+");
    item("hide").textContent = phone.hides ? "Show my number" : "Hide my number";
    menu.firstElementChild.focus();
  };
  more.addEventListener("click", () => open(menu.hidden));
  menu.addEventListener("keydown", (event) => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    const usable = [...menu.children].filter((each) => !each.disabled && !each.hidden);
    if (step) { event.preventDefault(); usable.at((usable.indexOf(document.activeElement) + step) % usable.length).focus(); }
    if (event.key === "Escape") { open(false); more.focus(); }
  });
  menu.addEventListener("focusout", (event) => { if (!menu.contains(event.relatedTarget) && event.relatedTarget !== more) open(false); });
  menu.addEventListener("click", (event) => {
    const doing = {
      photo: () => text({ photo: true }),
      voice: () => say(postFile(`/_phones/file?from=${encodeURIComponent(phone.number)}`, voiceNote())),
      place: () => text({ location: { latitude: "30.2672", longitude: "-97.7431", label: "Austin, Texas" } }),
      like: () => text({ body: `Liked “${phone.lastText}”` }),
      hide: () => post("/_phones/hide", { number: phone.number, hides: !phone.hides }),
    }[event.target.closest("[data-send]")?.dataset.send];
    open(false);
    area.focus();
    doing?.().catch(complain);
  });

  section.addEventListener("focusin", () => seen(phone));
  section.addEventListener("pointerdown", () => seen(phone));
}

/** Half a second of a quiet tone, as a WAV file. */
function voiceNote() {
  const rate = 8000;
  const samples = rate / 2;
  const view = new DataView(new ArrayBuffer(44 + samples));
  const put = (at, text) => [...text].forEach((letter, place) => view.setUint8(at + place, letter.charCodeAt(0)));
  put(0, "RIFF"); view.setUint32(4, 36 + samples, true); put(8, "WAVEfmt ");
  view.setUint32(16, 16, true); view.setUint16(20, 1, true); view.setUint16(22, 1, true);
  view.setUint32(24, rate, true); view.setUint32(28, rate, true); view.setUint16(32, 1, true); view.setUint16(34, 8, true);
  put(36, "data"); view.setUint32(40, samples, true);
  for (let place = 0; place < samples; place += 1) view.setUint8(44 + place, 128 + 20 * Math.sin(place * 0.35));
  return new Blob([view], { type: "audio/wav" });
}
