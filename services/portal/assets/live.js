// One connection per open desk page: patches as they happen. Others listen for "live:patch" on the
// document; while somebody drags, patches wait. A patch older than what is shown is dropped.
(() => {
  "use strict";
  const url = document.body.dataset.live;
  if (!url || !window.EventSource) return;
  const seen = new Map();
  let source = null, held = 0, waiting = [], stale = false, pause = 1000, framed = false, tries = 0;

  function state(on) {
    const box = document.querySelector("[data-live-state]");
    if (!box) return;
    box.textContent = on ? box.dataset.on : box.dataset.off;
    box.classList.toggle("off", !on);
  }
  function newer(patch) {
    const key = `${patch.kind}:${patch.id}`;
    if (!seen.has(key)) {
      const shown = document.getElementById(`${{ assignment: "a", offer: "o", lesson: "l" }[patch.kind] || patch.kind}-${patch.id}`);
      if (shown && shown.dataset.v) seen.set(key, Number(shown.dataset.v));
    }
    if (patch.version <= (seen.get(key) || 0)) return false;
    seen.set(key, patch.version);
    return true;
  }
  function flush() {
    framed = false;
    if (held || !waiting.length) return;
    const some = waiting;
    waiting = [];
    document.dispatchEvent(new CustomEvent("live:patch", { detail: some }));
  }
  function soon() {
    if (!framed && !held) { framed = true; requestAnimationFrame(flush); }
  }
  function again() {
    if (held) stale = true;
    else document.dispatchEvent(new CustomEvent("live:again"));
  }
  function open() {
    source = new EventSource(url);
    source.addEventListener("hello", () => { state(true); pause = 1000; if (tries++) again(); });
    source.addEventListener("patch", (event) => {
      waiting.push(...JSON.parse(event.data).filter(newer));
      soon();
    });
    source.addEventListener("again", again);
    source.addEventListener("bye", () => { source.close(); state(false); });
    source.onerror = () => {
      state(false);
      // The browser comes back by itself after a cut line, not after a refusal.
      if (source.readyState === EventSource.CLOSED) { setTimeout(open, pause); pause = Math.min(pause * 2, 30000); }
    };
  }
  window.yuekeLive = {
    hold() { held += 1; },
    release() { held = Math.max(0, held - 1); if (!held) { soon(); if (stale) { stale = false; again(); } } },
    waiting: () => waiting.length,
    // For tests and benches: as if the server had said it.
    hear(patches) { waiting.push(...patches.filter(newer)); soon(); },
  };
  // Parts of pages that are simply read anew: data-live-refresh names the kinds that matter. What
  // somebody is choosing in is left alone.
  let due = 0;
  function refresh(kinds) {
    for (const part of document.querySelectorAll("[data-live-refresh]")) {
      if (kinds && !part.dataset.liveRefresh.split(" ").some((kind) => kinds.has(kind))) continue;
      if (part.querySelector("input[type=checkbox]:checked") || part.contains(document.activeElement) && document.activeElement.matches("input, textarea, select")) continue;
      htmx.trigger(part, "live");
    }
  }
  document.addEventListener("live:patch", (event) => {
    const kinds = new Set(event.detail.map((patch) => patch.kind));
    clearTimeout(due);
    due = setTimeout(() => refresh(kinds), 400);
  });
  document.addEventListener("live:again", () => refresh(null));
  addEventListener("pagehide", () => source && source.close());
  addEventListener("pageshow", (event) => { if (event.persisted) open(); });
  open();
})();
// Clocks that run down by the second, on the district's clock: <time data-countdown="...">.
(() => {
  "use strict";
  const ahead = document.body.dataset.now ? Date.parse(document.body.dataset.now) - Date.now() : 0;
  const two = (n) => String(n).padStart(2, "0");
  function tick() {
    for (const time of document.querySelectorAll("[data-countdown]")) {
      const gap = Math.floor((Date.parse(time.dataset.countdown) - Date.now() - ahead) / 1000), rest = Math.abs(gap);
      const days = Math.floor(rest / 86400), text = `${gap < 0 ? "−" : ""}${days ? `${days}d ` : ""}${two(Math.floor(rest / 3600) % 24)}:${two(Math.floor(rest / 60) % 60)}:${two(rest % 60)}`;
      if (time.textContent !== text) time.textContent = text;
      time.classList.toggle("urgent", gap < 7200);
    }
  }
  setInterval(tick, 1000);
  tick();
})();
