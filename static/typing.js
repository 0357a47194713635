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
