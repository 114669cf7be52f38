// Shows the templates and how WhatsApp's review of each stands; its buttons end a review.

import { $ } from "./drawing.js";
import { post } from "./wire.js";

const templates = new Map(); // sid → its row
const sheet = $("#templates");
const list = $("ul", sheet);

export function drawTemplate(given) {
  const row = templates.get(given.sid) ?? addRow(given.sid);
  $(".words", row).textContent = given.body;
  const reviewed = given.category ? `${given.status} · ${given.category.toLowerCase()}` : given.status;
  const why = given.reason ? ` · ${given.reason}` : "";
  $(".meta", row).textContent = `${given.name} · ${given.language} · ${given.types.join(", ")} · ${reviewed}${why}`;
  $("#templates-open").hidden = false;
}

export function forgetTemplate(sid) {
  templates.get(sid)?.remove();
  templates.delete(sid);
  $("#templates-open").hidden = templates.size === 0;
}

function addRow(sid) {
  const row = $("#template").content.cloneNode(true).firstElementChild;
  for (const button of row.querySelectorAll("button")) {
    button.addEventListener("click", async () => drawTemplate(await post(`/_templates/${sid}`, { ...button.dataset })));
  }
  templates.set(sid, row);
  list.prepend(row);
  return row;
}

$("#templates-open").addEventListener("click", () => sheet.showModal());
$(".close", sheet).addEventListener("click", () => sheet.close());
