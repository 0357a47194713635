// Typing counts as activity: the portal is told, at most every five minutes, so that the session does not end meanwhile.
(() => {
  "use strict";

  const INTERVAL = 5 * 60 * 1000;
  const { url } = document.currentScript.dataset;
  let told = Date.now();  // by opening the page

  document.addEventListener("input", () => {
    if (Date.now() - told < INTERVAL) return;
    told = Date.now();
    fetch(url).catch(() => {});
  });
})();

// The characters that are left: always under a long text, and under a line once it is nearly full.
(() => {
  "use strict";

  const show = (input) => {
    const longest = Number(input.dataset.longest);
    const left = longest - input.value.length;
    let text = input.nextElementSibling;
    if (!text?.matches(".characters")) {
      if (left > longest / 4 && input.tagName !== "TEXTAREA") return;
      text = document.createElement("div");
      text.className = "characters hint";
      input.after(text);
    }
    const many = Math.abs(left);
    const characters = `${many.toLocaleString("en-CA")} character${many === 1 ? "" : "s"}`;
    // Read out only when it matters, not after every key.
    text.setAttribute("aria-live", left < longest / 20 ? "polite" : "off");
    text.classList.toggle("characters-over", left < 0);
    text.textContent = left < 0 ? `${characters} too many` : `${characters} left`;
  };

  document.addEventListener("input", ({ target }) => {
    if (target.dataset?.longest) show(target);
  });
})();

// With a fragment in the address, from the link to the content or to a field with an error, the browser goes there again
// after the form was sent, and not to the new errors.
window.addEventListener("load", () => {
  if (window.location.hash) document.querySelector(".error-summary")?.focus();
});

document.addEventListener("click", ({ target }) => {
  if (target.closest("[data-print]")) window.print();
});
