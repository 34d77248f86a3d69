// A lecturer's pages: looking again without losing what was typed, deadlines that run down, undo.
(() => {
  "use strict";
  const find = (selector, from = document) => from.querySelector(selector);
  const all = (selector, from = document) => [...from.querySelectorAll(selector)];

  // Look again when the page is seen again. Not while it is hidden, and not under somebody's hands.
  document.addEventListener("visibilitychange", () => { if (!document.hidden) refresh(); });
  function refresh() { all("[data-poll]").forEach((region) => window.htmx?.trigger(region, "refresh")); }
  document.addEventListener("htmx:beforeRequest", (event) => {
    if (!event.detail.elt.matches("[data-poll]")) return;
    if (document.hidden || find("dialog[open]") || find("form.htmx-request")) event.preventDefault();
  });
  // A refused answer usually means that the world has moved on.
  document.addEventListener("refused", () => setTimeout(refresh, 50));

  // What was typed and opened stays when the region comes anew.
  let kept = null;
  document.addEventListener("htmx:beforeSwap", (event) => {
    const region = event.detail.target;
    if (!region.matches?.("[data-poll]") || !event.detail.shouldSwap) return;
    const typed = new Map();
    all("textarea[id], input[id]:not([type=hidden]), select[id]", region).forEach((input) => {
      if (input.value !== (input.defaultValue ?? input.value)) typed.set(input.id, input.value);
    });
    kept = { typed, open: all("details[open][id]", region).map((one) => one.id), count: Number(region.dataset.count || 0) };
  });
  document.addEventListener("htmx:afterSwap", () => {
    if (kept) {
      kept.typed.forEach((value, id) => { const input = document.getElementById(id); if (input) input.value = value; });
      kept.open.forEach((id) => { const one = document.getElementById(id); if (one) one.open = true; });
      const region = find("[data-poll]");
      if (region?.dataset.news && Number(region.dataset.count) > kept.count) document.dispatchEvent(new CustomEvent("done", { detail: { value: region.dataset.news } }));
      kept = null;
    }
    run_down();
    vanish();
  });

  // The bar under a deadline: how much of the time to answer is left.
  const made = document.body.dataset.now ? Date.parse(document.body.dataset.now) - Date.now() : 0;
  function run_down() {
    const now = Date.now() + made;
    all("progress[data-to]").forEach((bar) => {
      const from = Date.parse(bar.dataset.from), to = Date.parse(bar.dataset.to);
      const share = Math.max(0, Math.min(1, (to - now) / Math.max(1, to - from)));
      bar.value = Math.round(share * 100);
      bar.closest(".ph-card")?.classList.toggle("ph-soon", share < 0.25);
    });
  }
  setInterval(run_down, 30000);

  // Undo stands for five seconds; longer while a finger or the keyboard is on it.
  let timer = null;
  function vanish() {
    const box = find("[data-vanish]");
    if (!box || box.dataset.timed) return;
    box.dataset.timed = "1";
    clearTimeout(timer);
    const end = () => {
      if (box.matches(":hover, :focus-within")) timer = setTimeout(end, 1000);
      else box.replaceChildren();
    };
    timer = setTimeout(end, Number(box.dataset.vanish));
  }

  document.addEventListener("click", (event) => {
    const set = event.target.closest("[data-set]");
    if (set) { const input = document.getElementById(set.dataset.set); input.value = set.dataset.value; input.focus(); }
    const held = event.target.closest("[data-held]");
    if (held) { find("#held-lessons").replaceChildren(document.getElementById(held.dataset.held).content.cloneNode(true)); find("#held").showModal(); }
    const long = event.target.closest("[data-long]");
    if (long) { find("#long-leave").value = long.dataset.long; find("#long-name").textContent = long.dataset.name; find("#long").showModal(); }
    const copy = event.target.closest("[data-copy]");
    if (copy) {
      const input = document.getElementById(copy.dataset.copy);
      input.select();
      const said = () => { copy.lastChild.textContent = ` ${copy.dataset.copied}`; };
      if (navigator.clipboard) navigator.clipboard.writeText(input.value).then(said, () => document.execCommand("copy") && said());
      else if (document.execCommand("copy")) said();
    }
    // A day of the month's picture may lie in what is folded away.
    const day = event.target.closest('.ph-month a[href^="#d-"]');
    if (day) { const fold = document.getElementById(day.hash.slice(1))?.closest("details"); if (fold) fold.open = true; }
  });
  run_down();
})();
