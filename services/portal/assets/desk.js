// The district's pages: one click decides all lines; what was chosen last is shown.
(() => {
  "use strict";
  document.addEventListener("click", (event) => {
    const all = event.target.closest("[data-decide]");
    if (!all) return;
    document.querySelectorAll(`.pick-${all.dataset.decide}`).forEach((radio) => { radio.checked = true; });
  });
})();
