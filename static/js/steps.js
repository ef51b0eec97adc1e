// A file is worked on some rows at a time: send the form again and again, show how far it is, go to the page it ends on.

const form = document.querySelector("#steps");

async function step() {
  const response = await fetch(form.action, { method: "POST", body: new FormData(form) });
  if (!response.ok) throw new Error(response.statusText);
  const page = new DOMParser().parseFromString(await response.text(), "text/html");
  const now = page.querySelector("#steps-progress");
  if (!page.querySelector("#steps") || !now) return location.assign(response.url);
  for (const part of [".progress-text", "progress"]) {
    const shown = document.querySelector(`#steps-progress ${part}`);
    shown.textContent = now.querySelector(part).textContent;
    if (part === "progress") Object.assign(shown, { max: now.querySelector(part).max, value: now.querySelector(part).value });
  }
  return step();
}

// What goes wrong here leaves the button, which does the same.
if (form) step().catch(() => form.querySelector("button").focus());
