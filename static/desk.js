// The pickers of the admin (select2) hide the <select> that the label belongs to. This names what is shown instead.
(() => {
  "use strict";

  const nameOf = (select) => {
    const label = document.querySelector(`label[for="${CSS.escape(select.id)}"]`);
    if (label) return label.textContent.replace(/:\s*$/, "").trim();
    const cell = select.closest("td");
    const heading = cell && cell.closest("table").querySelectorAll("thead th")[cell.cellIndex];
    return heading ? heading.textContent.trim() : "";
  };

  const nameThem = () => {
    for (const select of document.querySelectorAll("select.select2-hidden-accessible")) {
      const name = nameOf(select);
      const shown = select.nextElementSibling;
      if (!name || !shown) continue;
      for (const part of shown.querySelectorAll('[role="combobox"], [role="textbox"], [role="searchbox"]')) {
        if (part.getAttribute("role") === "combobox") part.removeAttribute("aria-labelledby");
        const value = part.textContent.replace("×", "").trim();
        part.setAttribute("aria-label", value ? `${name}: ${value}` : name);
      }
    }
  };

  window.addEventListener("load", () => {
    nameThem();
    new MutationObserver(nameThem).observe(document.getElementById("content"), { childList: true, subtree: true });
  });
})();

// The key "/" leads to the search box from anywhere but a field that is typed in.
document.addEventListener("keydown", (event) => {
  const typing = event.target.closest("input, textarea, select, [contenteditable]");
  const box = document.getElementById("desk-search");
  if (event.key !== "/" || event.ctrlKey || event.metaKey || event.altKey || typing || !box) return;
  event.preventDefault();
  box.focus();
});

// "Copy" beside a field with a list of addresses. Where the clipboard is closed, the list is selected.
for (const button of document.querySelectorAll("button[data-copy]")) {
  button.hidden = false;
  button.addEventListener("click", async () => {
    const field = document.getElementById(button.dataset.copy);
    field.select();
    const copied = await navigator.clipboard?.writeText(field.value).then(() => true, () => false);
    button.closest("form").querySelector("[role=status]").textContent =
      copied ? "Copied." : "Selected. Press Ctrl+C to copy.";
  });
}
