// Saves each answer the moment it is given. The form works without this file: its buttons save, too.
//
// Saves go out one after the other, never two at once, so that an older one cannot arrive after a newer one; what changes
// while one is on its way is sent when that is done. A button pressed meanwhile waits for the save on its way.

const PATIENCE = 10000; // milliseconds until a save counts as failed
const TYPING = 800; // milliseconds without a key until what was typed is saved

for (const places of document.querySelectorAll("[data-places]")) {
  for (const select of places.querySelectorAll("select")) select.dataset.before = select.value;
}

// A step that moves to a taken place gives its own in return. One that had none yet takes nothing away: somebody who goes
// through the places with the arrow keys passes those of others.
function makeRoom(select) {
  const others = [...select.closest("[data-places]").querySelectorAll("select")].filter((other) => other !== select);
  const taken = select.value && others.find((other) => other.value === select.value);
  if (taken && !select.dataset.before) return;
  if (taken) taken.value = select.dataset.before;
  for (const one of [select, ...others]) one.dataset.before = one.value;
}

for (const form of document.querySelectorAll("form.js-quiz")) {
  const status = form.querySelector("[data-status]");
  let dirty = false; // something changed since the last save was sent
  let running = null; // the save on its way

  const say = (text, bad = false) => {
    status.textContent = text;
    status.classList.toggle("is-bad", bad);
  };

  const save = async () => {
    const body = new URLSearchParams(new FormData(form));
    const response = await fetch(form.action, {
      method: "POST",
      body,
      headers: { Accept: "application/json" },
      credentials: "same-origin",
      redirect: "manual", // a redirect leads to the sign-in page: the session is over
      signal: AbortSignal.timeout(PATIENCE),
    });
    if (response.type === "opaqueredirect" || response.status === 403) return say(form.dataset.signedOut, true);
    const isJson = response.headers.get("Content-Type")?.startsWith("application/json");
    const answer = isJson ? await response.json() : {};
    if (!answer.saved) return say(answer.error ?? form.dataset.failed, true);
    if (!dirty) say(form.dataset.saved);
    showMark(form);
  };

  const saveAll = async () => {
    while (dirty) {
      dirty = false;
      say(form.dataset.saving);
      try {
        await save();
      } catch {
        say(form.dataset.failed, true);
      }
    }
    running = null;
  };

  let pause; // while somebody types

  const changed = () => {
    clearTimeout(pause);
    dirty = true;
    running ??= saveAll();
  };

  form.addEventListener("change", (event) => {
    if (event.target.closest("[data-places]")) makeRoom(event.target);
    changed();
  });

  form.addEventListener("input", (event) => {
    if (!event.target.matches("textarea, [type=text]")) return;
    say("");
    clearTimeout(pause);
    pause = setTimeout(changed, TYPING);
  });

  // The button's own request carries the newest answer; it must not be overtaken by a save that is still on its way.
  form.addEventListener("submit", async (event) => {
    clearTimeout(pause);
    dirty = false;
    if (!running) return;
    event.preventDefault();
    await running;
    form.requestSubmit(event.submitter);
  });
}

// The number of this question in the list says what its answer is now.
function showMark(form) {
  const mark = form.querySelector("[aria-current]");
  const data = new FormData(form);
  const ignored = new Set(["csrfmiddlewaretoken", "marked", "go"]);
  const given = [...data].filter(([name]) => !ignored.has(name)).map(([, value]) => value.trim());
  const places = [...form.querySelectorAll("[data-places] select")].map((select) => select.value);
  const answered = given.length > 0 && given.every(Boolean) && new Set(places).size === places.length;
  const words = [answered ? form.dataset.answered : form.dataset.unanswered];
  if (data.has("marked")) words.push(form.dataset.marked);
  mark.querySelector(".visually-hidden").textContent = words.join(", ");
  mark.dataset.mark = data.has("marked") ? "marked" : answered ? "answered" : "unanswered";
}
