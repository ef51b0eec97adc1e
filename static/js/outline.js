// Dragging lessons and modules of the course home, and Alt with an arrow key: both send what the buttons send.

const form = document.querySelector("[data-outline]");
let dragged = null;

function send(value) {
  const go = Object.assign(document.createElement("input"), { type: "hidden", name: "go", value });
  form.append(go);
  form.requestSubmit();
}

const rowsOf = (list) => [...list.children].filter((row) => row.dataset.lesson);

// Where it would be put: before the row whose upper half the pointer is over, else at the end.
function placeIn(list, y) {
  const others = rowsOf(list).filter((row) => row !== dragged);
  const before = others.findIndex((row) => {
    const box = row.getBoundingClientRect();
    return y < box.top + box.height / 2;
  });
  return (before < 0 ? others.length : before) + 1;
}

function start(event) {
  if (event.target.closest?.("summary, input") || !event.target.matches?.("[data-lesson]")) return;
  dragged = event.target;
  event.dataTransfer.effectAllowed = "move";
  event.dataTransfer.setData("text/plain", dragged.dataset.lesson);
}

function mark(event) {
  const section = event.target.closest("[data-module]");
  if (!dragged || !section) return;
  event.preventDefault();
  for (const one of form.querySelectorAll(".is-target")) one.classList.remove("is-target");
  section.classList.add("is-target");
}

function drop(event) {
  const section = event.target.closest("[data-module]");
  if (!dragged || !section) return;
  event.preventDefault();
  send(`lesson ${dragged.dataset.lesson} ${section.dataset.module} ${placeIn(section.querySelector("ol"), event.clientY)}`);
}

function end() {
  dragged = null;
  for (const one of form.querySelectorAll(".is-target")) one.classList.remove("is-target");
}

function key(event) {
  if (!event.altKey || !["ArrowUp", "ArrowDown"].includes(event.key)) return;
  const row = event.target.closest("[data-lesson]") ?? event.target.closest("[data-module]");
  const kind = row?.dataset.lesson ? "lesson" : "module";
  const button = document.getElementById(`${event.key === "ArrowUp" ? "up" : "down"}-${kind}-${row?.dataset[kind]}`);
  if (!button) return;
  event.preventDefault();
  button.click();
}

if (form) {
  for (const row of form.querySelectorAll("ol > [data-lesson]")) row.draggable = true;
  for (const link of form.querySelectorAll("ol > [data-lesson] a")) link.draggable = false;
  const deeds = { dragstart: start, dragover: mark, drop, dragend: end, keydown: key };
  for (const [name, deed] of Object.entries(deeds)) form.addEventListener(name, deed);
  document.querySelector("[data-outline-hint]")?.removeAttribute("hidden");
}
