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

// On a phone, the words beside the box that selects all rows belong to it, as a label would.
document.querySelector("#result_list thead .action-checkbox-column span")?.addEventListener("click", (event) => {
  if (event.target === event.currentTarget) event.target.querySelector("#action-toggle")?.click();
});

// A form of a row replaces its part of the page; the row keeps the focus, and the other rows what was typed in them. After
// the session has ended, the answer is another page.
(() => {
  let row = "", typed = [];
  document.addEventListener("htmx:beforeRequest", (event) => {
    if (event.detail.target?.id === "rules") row = event.target.closest("[id^=row-]")?.id || "";
  });
  document.addEventListener("htmx:beforeSwap", (event) => {
    const { xhr, target } = event.detail;
    if (target?.id !== "rules") return;
    const inputs = [...target.querySelectorAll("details[open] input[id]")];
    typed = inputs.filter((input) => input.value !== input.defaultValue && input.closest("tr").id !== row);
    if (xhr.responseText.includes('id="rules"')) return;
    event.detail.shouldSwap = false;
    window.location.assign(xhr.responseURL || window.location.href);
  });
  document.addEventListener("htmx:sendError", (event) => {
    if (event.detail.target?.id !== "rules") return;
    document.getElementById("desk-messages").textContent = "There is no connection to the portal. Nothing was changed. Try again.";
  });
  document.addEventListener("htmx:afterSettle", (event) => {
    for (const { id, value } of event.target.id === "rules" ? typed.splice(0) : []) {
      const input = document.getElementById(id);
      if (!input) continue;
      input.value = value;
      input.closest("details").open = true;
    }
    if (row && event.target.id === "rules" && (document.activeElement === document.body || !document.activeElement)) document.getElementById(row)?.focus();
  });
})();

// "Copy" beside a field with a list of addresses. Where the clipboard is closed, the list is selected.
for (const button of document.querySelectorAll("button[data-copy]")) {
  button.hidden = false;
  button.addEventListener("click", () => {
    const field = document.getElementById(button.dataset.copy);
    const said = button.closest("form").querySelector("[role=status]");
    field.select();
    said.textContent = "Selected. Press Ctrl+C to copy.";
    navigator.clipboard?.writeText(field.value).then(() => { said.textContent = "Copied."; }, () => {});
  });
}

// Single keys, as templates/desk/keys.html declares them: each leads to the first element that its line names. They do
// nothing while someone types or chooses, and can be turned off.
(() => {
  "use strict";

  const help = document.getElementById("desk-keys");
  if (!help) return;
  const lines = [...help.querySelectorAll("[data-key]")];
  const targetOf = (line) => document.querySelector(line.dataset.for);

  help.addEventListener("beforetoggle", () => {
    for (const line of lines) line.hidden = !targetOf(line);
  });
  if (help.dataset.off) return;

  document.addEventListener("keydown", (event) => {
    const busy = event.target.closest("input, textarea, select, [contenteditable], :popover-open, dialog");
    if (busy || event.ctrlKey || event.metaKey || event.altKey || event.repeat) return;
    const line = lines.find((one) => one.dataset.key === event.key.toLowerCase());
    const target = line && targetOf(line);
    if (!target) return;
    event.preventDefault();
    if (target === help) help.togglePopover();
    else if (target.matches("input")) target.focus();
    else target.click();
  });
})();
