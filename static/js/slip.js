// The QR code on a slip carries name and code behind the #, which never reaches a server: fill the form with them.

const printed = new URLSearchParams(location.hash.slice(1));
const form = document.querySelector("#slip-form");
for (const field of ["name", "code"]) {
  if (printed.has(field)) form.elements[field].value = printed.get(field);
}
if (location.hash) history.replaceState(null, "", location.pathname);
