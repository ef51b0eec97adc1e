// What is written and not saved yet is kept in this browser, by person and lesson, and offered back: after a crash, after a
// closed window, after a session that ended. What the server has is removed; so is everything of a person who signs out.

const form = document.querySelector("form[data-editor]");
const notice = document.querySelector("#kept");
const key = `draft:${notice.dataset.person}:${form.dataset.editor}`;
const SLOTS = [`${key}:1`, `${key}:2`, `${key}:3`]; // one that is offered, and one that is being written meanwhile
const NAMES = ["title", "body", "takeaway", "note", "number"];
const PAUSE = 400; // milliseconds

const fields = NAMES.map((name) => form.elements[name]).filter(Boolean);
const status = Object.assign(document.createElement("p"), { className: "small muted" });
status.dataset.keptStatus = "";
form.querySelector("#id_body").after(status);

const flat = (text) => (text ?? "").replace(/\s+/g, " ").trim();
const same = (one, other) =>
  (one.body ?? "").replace(/\r\n?/g, "\n") === (other.body ?? "").replace(/\r\n?/g, "\n") &&
  flat(one.title) === flat(other.title) &&
  flat(one.takeaway) === flat(other.takeaway);

const typed = () => Object.fromEntries(fields.map((field) => [field.name, field.value]));
const served = Object.fromEntries(fields.map((field) => [field.name, field.defaultValue])); // not what a reload brought back
const refused = document.querySelector("#error-summary") !== null; // shown again, not saved

function read(slot) {
  try {
    return JSON.parse(localStorage.getItem(slot));
  } catch {
    return null; // not ours, or no storage
  }
}

function drop(slot) {
  try {
    localStorage.removeItem(slot);
  } catch {
    // without storage there is nothing to drop
  }
}

function clock(at) {
  const time = new Date(at);
  const today = time.toDateString() === new Date().toDateString();
  return time.toLocaleString(document.documentElement.lang, today ? { timeStyle: "short" } : { dateStyle: "medium", timeStyle: "short" });
}

// --- Offering back ---------------------------------------------------------------------------------------------------

if (!refused) for (const slot of SLOTS) if (read(slot) && same(read(slot), served)) drop(slot);
const waiting = refused ? [] : SLOTS.filter((slot) => read(slot)).sort((a, b) => read(b).at - read(a).at);
let writing = SLOTS.find((slot) => !waiting.includes(slot)) ?? SLOTS[2];

function offer() {
  const slot = waiting[0];
  notice.hidden = !slot;
  if (!slot) return;
  const kept = read(slot);
  notice.querySelector("[data-kept-at]").textContent = clock(kept.at);
  notice.querySelector("[data-kept-text]").textContent = [kept.title, kept.body, kept.takeaway].filter(Boolean).join("\n\n");
}

notice.addEventListener("click", (event) => {
  const choice = event.target.closest("[data-kept]")?.dataset.kept;
  if (!choice) return;
  const slot = waiting.shift();
  if (choice === "put") {
    const kept = read(slot);
    // With the number it was begun on: if somebody saved since, the page says so before anything is overwritten.
    for (const field of fields) if (kept[field.name] !== undefined) field.value = kept[field.name];
    keep();
    form.elements.body.dispatchEvent(new Event("input", { bubbles: true }));
    form.elements.body.focus();
  } else form.elements.body.focus();
  if (slot !== writing) drop(slot);
  offer();
});
offer();

// --- Keeping ---------------------------------------------------------------------------------------------------------

let pause;
let dirty = false;
let over = false; // signing out

for (const out of document.querySelectorAll("form[data-forget]")) out.addEventListener("submit", () => (over = true));

function keep() {
  clearTimeout(pause);
  if (over) return;
  dirty = false;
  const now = typed();
  if (same(now, served) && !refused) {
    drop(writing);
    return void (status.textContent = "");
  }
  try {
    localStorage.setItem(writing, JSON.stringify({ ...now, at: Date.now() }));
    status.textContent = notice.dataset.said.replace("{at}", clock(Date.now()));
  } catch {
    status.textContent = notice.dataset.cannot;
  }
}

form.addEventListener("input", (event) => {
  if (!fields.includes(event.target)) return;
  dirty = true;
  clearTimeout(pause);
  pause = setTimeout(keep, PAUSE);
});
form.addEventListener("submit", keep);
window.addEventListener("pagehide", () => dirty && keep());
document.addEventListener("visibilitychange", () => document.hidden && dirty && keep());
if (refused) keep();
