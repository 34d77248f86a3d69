// A plan that runs or is being published: how far it is, until the page can show the whole.
(() => {
  "use strict";
  const box = document.querySelector("[data-plan-stream]");
  if (!box || !window.EventSource) return;
  const source = new EventSource(box.dataset.planStream);
  source.addEventListener("progress", (event) => {
    const now = JSON.parse(event.data);
    box.querySelector("[data-phase]").textContent = now.phase;
    box.querySelector("[data-text]").textContent = now.text;
    const bar = box.querySelector("progress");
    if (now.share === null) bar.removeAttribute("value");
    else bar.value = now.share;
  });
  source.addEventListener("over", () => { source.close(); window.location.reload(); });
})();
