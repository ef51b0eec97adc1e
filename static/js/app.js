// Small comforts. Every page works without this file.

for (const menu of document.querySelectorAll(".js-menu")) {
  document.addEventListener("click", (event) => {
    if (menu.open && !menu.contains(event.target)) menu.open = false;
  });
  menu.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || !menu.open) return;
    menu.open = false;
    menu.querySelector("summary").focus();
  });
}

for (const button of document.querySelectorAll(".js-print")) {
  button.hidden = false;
  button.addEventListener("click", () => window.print());
}

if (location.hash === "#print") {
  window.addEventListener("load", () => window.print(), { once: true });
  history.replaceState(null, "", location.pathname + location.search); // a reload does not print again
}

document.querySelector("#error-summary")?.focus();

// Signing out takes along what a person wrote and did not save; drafts.js keeps it by their number.
for (const form of document.querySelectorAll("form[data-forget]")) {
  form.addEventListener("submit", () => {
    const own = Object.keys(localStorage).filter((key) => key.startsWith(`draft:${form.dataset.forget}:`));
    for (const key of own) localStorage.removeItem(key);
  });
}
