// Helps with forms: takes a secret out of the address that a mail led to, copies and prints what is shown once.

const field = document.querySelector("input[data-fragment]");
const secret = location.hash.slice(1);
if (field && secret) {
  // Nothing of it stays in the address, in the history, or in what is logged.
  history.replaceState(null, "", location.pathname);
  field.value = secret;
  field.closest(".field").hidden = true;
  if (field.dataset.fragment === "send") field.form.requestSubmit();
  else field.form.querySelector("input:not([type=hidden]):not([data-fragment])")?.focus();
}

for (const button of document.querySelectorAll("[data-copies], [data-prints]")) {
  button.hidden = false;
  button.addEventListener("click", async () => {
    if ("prints" in button.dataset) return print();
    const told = document.getElementById("copied");
    try {
      await navigator.clipboard.writeText(document.getElementById(button.dataset.copies).innerText.trim());
      told.textContent = "Copied.";
    } catch {
      told.textContent = "The browser did not let us copy; mark the text and copy it yourself.";
    }
    return undefined;
  });
}
