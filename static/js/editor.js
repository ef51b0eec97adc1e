// The editor of a lesson: buttons and keys that write Markdown, what can be put in to pick from, and the text as learners
// read it, beside it. Nothing here rewrites what was typed. The page does the same without this file, in more steps.

const form = document.querySelector("form[data-editor]");
const area = form.querySelector("#id_body");
const tools = document.querySelector("#tools");
const said = tools.dataset;
const PAUSE = 500; // milliseconds without a key until the text is shown anew
const PATIENCE = 15000; // milliseconds until that counts as failed

// --- Writing into the text -------------------------------------------------------------------------------------------

// As if it were typed, so that Ctrl+Z takes it back.
function put(text, from, to) {
  area.focus();
  area.setSelectionRange(from, to);
  if (document.execCommand("insertText", false, text)) return;
  area.setRangeText(text, from, to, "end");
  area.dispatchEvent(new Event("input", { bubbles: true }));
}

const selected = () => area.value.slice(area.selectionStart, area.selectionEnd);

// Put marks around what is selected, or take them away again.
function around(mark) {
  const { selectionStart: from, selectionEnd: to, value } = area;
  const has = value.slice(from - mark.length, from) === mark && value.slice(to, to + mark.length) === mark;
  const only = mark.length > 1 || value.slice(from - 2, from) !== "**" || value.slice(from - 3, from) === "***";
  const text = selected();
  if (has && only) {
    put(text, from - mark.length, to + mark.length);
    return area.setSelectionRange(from - mark.length, to - mark.length);
  }
  put(mark + text + mark, from, to);
  area.setSelectionRange(from + mark.length, to + mark.length);
}

// Put something before each line that is selected, or take it away if all have it.
function before(mark, pattern) {
  const from = area.value.lastIndexOf("\n", area.selectionStart - 1) + 1;
  const next = area.value.indexOf("\n", area.selectionEnd);
  const to = next < 0 ? area.value.length : next;
  const lines = area.value.slice(from, to).split("\n");
  const all = lines.every((line) => pattern.test(line) || (lines.length > 1 && !line));
  const bare = lines.map((line) => line.replace(pattern, ""));
  let number = 0;
  const sign = (line) => (line || lines.length === 1 ? mark.replace("1", ++number) + line : line);
  put((all ? bare : bare.map(sign)).join("\n"), from, to);
}

// A block on lines of its own, with one empty line on each side.
function block(text) {
  const { selectionStart: from, selectionEnd: to, value } = area;
  const above = value.slice(0, from);
  const below = value.slice(to);
  const lead = !above || above.endsWith("\n\n") ? "" : above.endsWith("\n") ? "\n" : "\n\n";
  const tail = below.startsWith("\n\n") ? "" : below.startsWith("\n") || !below ? "\n" : "\n\n";
  put(lead + text + tail, from, to);
}

function dialogue() {
  const words = tools.querySelector("[data-dialogue]").dataset.dialogue.split("|");
  const [customer, you, line, wrong, effect, right, reason] = words;
  const box = (name, answer, aside) =>
    `::: ${name}\n**${customer}:** ${line}\n\n**${you}:** ${answer}\n\n*${aside}*\n:::`;
  block(`${box("weak", wrong, effect)}\n\n${box("strong", right, reason)}`);
}

function takeaway() {
  const field = form.querySelector("#id_takeaway");
  const text = selected().replace(/\s+/g, " ").trim();
  field.focus();
  if (!text) return;
  field.select();
  if (!document.execCommand("insertText", false, text)) field.value = text;
}

const deeds = {
  bold: () => around("**"),
  italic: () => around("*"),
  heading: () => before("## ", /^#{1,6} /),
  list: () => before("- ", /^[-*+] /),
  numbered: () => before("1. ", /^\d+\. /),
  quote: () => before("> ", /^> ?/),
  try: () => block(`::: try\n${selected()}\n:::`),
  note: () => block(`::: note\n${selected()}\n:::`),
  dialogue,
  takeaway,
};

// --- Buttons and keys ------------------------------------------------------------------------------------------------

const bar = tools.querySelector("[role=toolbar]");
const buttons = [...bar.querySelectorAll("button")];
if (!form.querySelector("#id_takeaway")) buttons.find((one) => one.dataset.do === "takeaway").hidden = true;
const shown = buttons.filter((one) => !one.hidden);

// One stop for the Tab key; the arrows move along, as in every toolbar.
function stopAt(button) {
  for (const one of shown) one.tabIndex = one === button ? 0 : -1;
}
stopAt(shown[0]);
bar.addEventListener("keydown", (event) => {
  const at = shown.indexOf(document.activeElement);
  const to = { ArrowRight: at + 1, ArrowLeft: at - 1, Home: 0, End: shown.length - 1 }[event.key];
  if (to === undefined) return;
  event.preventDefault();
  const next = shown[(to + shown.length) % shown.length];
  stopAt(next);
  next.focus();
});
bar.addEventListener("click", (event) => {
  const button = event.target.closest("button");
  if (!button) return;
  stopAt(button);
  if (button.dataset.pick) pick(button.dataset.pick, button.textContent.replace("…", ""));
  else deeds[button.dataset.do]();
});

area.addEventListener("keydown", (event) => {
  if (!(event.ctrlKey || event.metaKey) || event.altKey || event.shiftKey) return;
  const link = shown.find((one) => one.dataset.pick === "lesson");
  const deed = { b: deeds.bold, i: deeds.italic, k: () => link.click() }[event.key.toLowerCase()];
  if (deed) {
    event.preventDefault();
    deed();
  } else if (event.key === "Enter") {
    event.preventDefault();
    form.requestSubmit(form.querySelector(".button-primary"));
  }
});

area.before(tools);
tools.hidden = false;
document.querySelector("[data-without-script]").hidden = true;

// --- Picking what to put in ------------------------------------------------------------------------------------------

const picker = document.querySelector("#picker");
const search = picker.querySelector("#picker-search");
const status = picker.querySelector("[data-picker-status]");
const list = picker.querySelector("[data-picker-list]");
let kind = "";
let spot = [0, 0]; // what was selected before the dialog opened

async function pick(what, title) {
  kind = what;
  spot = [area.selectionStart, area.selectionEnd];
  picker.querySelector("#picker-title").textContent = title;
  picker.querySelector("[data-picker-upload]").hidden = kind !== "image";
  search.value = "";
  list.replaceChildren();
  picker.showModal();
  search.focus();
  await offer();
}

// What can be put in stands on a page of its own, for people without scripts; it is taken from there.
async function offer() {
  status.textContent = status.dataset.wait;
  try {
    const answer = await fetch(said.partsUrl, { redirect: "manual", signal: AbortSignal.timeout(PATIENCE) });
    if (answer.type === "opaqueredirect") return void (status.textContent = said.signedOut);
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    list.replaceChildren(...[...page.querySelectorAll(`#part-${kind} li[data-put]`)].map(choice));
    narrow();
  } catch {
    status.textContent = said.failed;
  }
}

function choice(part) {
  const button = document.createElement("button");
  button.type = "button";
  button.className = "pick";
  const image = part.querySelector("img");
  const words = document.createElement("span");
  const title = document.createElement("strong");
  title.textContent = part.querySelector("strong").textContent;
  const about = document.createElement("span");
  about.className = "small muted";
  about.textContent = part.querySelector(".muted").textContent;
  words.append(title, about);
  if (image) button.append(document.importNode(image));
  button.append(words);
  button.addEventListener("click", () => take(part.dataset.put));
  return button;
}

function take(text) {
  picker.close();
  area.focus();
  area.setSelectionRange(...spot);
  const link = kind === "lesson" && /\]\((lesson:[a-z0-9-]+)\)$/.exec(text);
  const { selectionStart: from, selectionEnd: to } = area;
  if (link) put(selected() ? `[${selected()}](${link[1]})` : text, from, to);
  else block(text);
}

function narrow() {
  const wanted = search.value.toLowerCase().split(/\s+/);
  let number = 0;
  for (const one of list.children) {
    one.hidden = !wanted.every((word) => one.textContent.toLowerCase().includes(word));
    number += !one.hidden;
  }
  status.textContent = number ? status.dataset.some.replace("{n}", number) : status.dataset.none;
}

search.addEventListener("input", narrow);
search.addEventListener("keydown", (event) => {
  if (event.key !== "Enter") return;
  event.preventDefault();
  [...list.children].find((one) => !one.hidden)?.focus();
});
window.addEventListener("focus", () => picker.open && kind === "image" && offer()); // back from uploading one

// --- The text as learners read it ------------------------------------------------------------------------------------

const pane = document.querySelector("[data-pane]");
const paneStatus = document.querySelector("[data-pane-status]");
const wide = matchMedia("(min-width: 72rem)");
let pause;
let latest = 0;

async function show() {
  const number = ++latest;
  const data = new FormData(form);
  const body = new URLSearchParams();
  for (const name of ["csrfmiddlewaretoken", "title", "body", "takeaway"]) body.set(name, data.get(name) ?? "");
  try {
    const answer = await fetch(said.paneUrl, {
      method: "POST",
      body,
      headers: { Accept: "application/json" },
      redirect: "manual", // a redirect leads to the sign-in page: the session is over
      signal: AbortSignal.timeout(PATIENCE),
    });
    if (answer.type === "opaqueredirect" || answer.status === 403) return void (paneStatus.textContent = said.signedOut);
    const { html, error } = await answer.json();
    if (number !== latest) return; // something newer is on its way
    if (html === undefined) return void (paneStatus.textContent = error ?? said.failed);
    const open = pane.querySelector(".found")?.open;
    pane.innerHTML = html;
    if (open) pane.querySelector(".found")?.setAttribute("open", "");
    paneStatus.textContent = "";
  } catch {
    paneStatus.textContent = said.failed;
  }
}

function later() {
  clearTimeout(pause);
  if (pane && wide.matches) pause = setTimeout(show, PAUSE);
}
form.addEventListener("input", (event) => ["title", "body", "takeaway"].includes(event.target.name) && later());
wide.addEventListener("change", later);

// --- Too much --------------------------------------------------------------------------------------------------------

const tooLong = document.createElement("p");
tooLong.className = "notice notice-bad";
tooLong.setAttribute("role", "alert");

form.addEventListener("submit", (event) => {
  const [number, most] = [Array.from(area.value).length, Number(said.longest)];
  if (number <= most) return tooLong.remove();
  event.preventDefault();
  const words = { n: number.toLocaleString(), most: most.toLocaleString() };
  tooLong.textContent = said.tooLong.replace(/\{(n|most)\}/g, (_all, name) => words[name]);
  form.querySelector(".actions").before(tooLong);
  area.focus();
});
