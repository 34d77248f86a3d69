// The board: pick a lesson and put it on a half-day, by dragging, by two clicks or by keys. All
// listeners stand on the board; cells have none.
(() => {
  "use strict";
  const find = (selector, from = document) => from.querySelector(selector);
  const board = () => document.getElementById("board");
  const STATES = { f: "s-f", b: "s-b", x: "s-x", o: "s-o" };
  const SIGNS = { f: "○", b: "★", x: "×", o: "–" };
  const LOOKS = ["s-f", "s-b", "s-x", "s-o"];
  const HELD = new Set(["committed", "release_requested", "checked_in", "fulfilled", "partial", "no_show"]);
  const OPEN = new Set(["pending", "countered"]);
  const PENDING = new Set(["at_risk", "unplaced", "waitlisted", "tentative"]);
  let picked = board().dataset.lesson || "";
  let dragging = "", over = null, here = null, byKeys = false, colouredFor = "", dropped = false;
  const words = () => (words.known ||= JSON.parse(board().dataset.words));

  // --- one way to ask the server
  function address(path, facts) {
    const query = new URLSearchParams();
    for (const [name, value] of Object.entries(facts)) if (value) query.set(name, value);
    return `${path}?${query}`;
  }
  function here_with(changes) {
    const query = new URLSearchParams(location.search);
    for (const [name, value] of Object.entries(changes)) if (value) query.set(name, value); else query.delete(name);
    return `${location.pathname}?${query}`;
  }
  function load(url, { push = true } = {}) {
    if (push) history.pushState({}, "", url);
    return htmx.ajax("GET", url, { target: "#board", swap: "outerHTML" });
  }
  async function show(id, url) {
    const dialog = document.getElementById(id);
    await htmx.ajax("GET", url, { target: `#${id}-body`, swap: "innerHTML" });
    if (!find(`#${id}-body`).childElementCount) return;
    if (!dialog.open) dialog.showModal();
    const back = find("#drop-body input[name=back]");
    if (back) back.value = here_with({ lesson: "", at: "" });
  }

  // --- picking
  function pick(lesson) {
    if (picked === lesson && board().dataset.lesson === lesson) return unpick();
    picked = lesson;
    mark();
    return load(here_with({ lesson, at: "", cursor: "" }));
  }
  function unpick() {
    const was = picked;
    picked = "";
    byKeys = false;
    load(here_with({ lesson: "", at: "" })).then(() => find(`#l-${CSS.escape(was)} .lc-pick`)?.focus());
  }
  function mark() {
    for (const card of document.querySelectorAll("#pending .lc")) {
      const on = card.dataset.lesson === picked;
      card.classList.toggle("on", on);
      find(".lc-pick", card).setAttribute("aria-pressed", on);
    }
  }
  function put(cell, lesson, more = {}) {
    if (!cell || !lesson || !board().dataset.canPlace) return;
    const at = more.at || minutes(cell);
    show("drop", address("/desk/board/drop", { lesson, lecturer: cell.dataset.lecturer, on: cell.dataset.on, half: cell.dataset.half, at, closed: board().dataset.closed, plan: board().dataset.plan }));
  }
  function minutes(cell) {
    if (!cell.dataset.minute) return "";
    const at = 480 + Number(cell.dataset.minute);
    return `${String(Math.floor(at / 60)).padStart(2, "0")}:${String(at % 60).padStart(2, "0")}`;
  }
  function take(button) {
    const at = button.dataset.at || "", on = button.dataset.on || at.slice(0, 10);
    show("drop", address("/desk/board/drop", { lesson: picked || find("#drop-body input[name=lesson]")?.value || dragging, lecturer: button.dataset.lecturer, on, half: button.dataset.half, at: at.slice(11, 16), closed: board().dataset.closed, plan: board().dataset.plan }));
  }

  document.addEventListener("click", (event) => {
    const on = (selector) => event.target.closest(selector);
    let hit;
    if ((hit = on("[data-take]"))) return take(hit);
    if ((hit = on("[data-nobody]"))) return show("why", address("/desk/board/nobody", { lesson: hit.dataset.nobody, at: hit.dataset.at }));
    if ((hit = on("[data-why]"))) return show("why", address("/desk/board/why", { lecturer: hit.dataset.why, lesson: picked, at: board().dataset.at }));
    if ((hit = on("[data-unpick]"))) { event.preventDefault(); return unpick(); }
    if ((hit = on("[data-pick]"))) { byKeys = event.detail === 0; return pick(hit.dataset.pick); }
    if ((hit = on(".lc"))) { byKeys = false; return pick(hit.dataset.lesson); }
    if ((hit = on("#grid .k"))) {
      aim(hit, event);
      focus(hit);
      const ghost = event.target.closest(".p[data-lesson]");
      if (picked) put(hit, picked);
      else if (ghost) pick(ghost.dataset.lesson);
    }
  });
  // In the day view the pointer says the minute, to five.
  function aim(cell, event) {
    if (!cell.dataset.minute || !event.clientX) return;
    const box = cell.getBoundingClientRect();
    set_minute(cell, Math.round(((event.clientX - box.left) / box.width) * 156) * 5);
  }
  function set_minute(cell, minute) {
    cell.dataset.minute = Math.max(0, Math.min(775, minute));
    const caret = find(".caret", cell);
    caret.setAttribute("x1", cell.dataset.minute);
    caret.setAttribute("x2", cell.dataset.minute);
  }

  // --- keys
  function focus(cell) {
    if (!cell) return;
    if (here && here !== cell) here.tabIndex = -1;
    here = cell;
    cell.tabIndex = 0;
    cell.focus({ preventScroll: false });
  }
  function cells(row) { return [...row.querySelectorAll(".k")]; }
  function near(row, way) {
    let next = way > 0 ? row.nextElementSibling : row.previousElementSibling;
    return next && next.classList.contains("gl") ? next : null;
  }
  function step(cell, key, shift) {
    const row = cell.closest(".gl"), all = cells(row), place = all.indexOf(cell);
    const day = "minute" in cell.dataset;
    if (day && (key === "ArrowLeft" || key === "ArrowRight")) {
      set_minute(cell, Number(cell.dataset.minute) + (key === "ArrowRight" ? 1 : -1) * (shift ? 60 : 15));
      detail(cell);
      return cell;
    }
    if (key === "ArrowRight") return all[place + 1] || all[place];
    if (key === "ArrowLeft") return all[place - 1] || all[place];
    if (key === "Home") return all[0];
    if (key === "End") return all[all.length - 1];
    const other = near(row, key === "ArrowDown" ? 1 : -1);
    if (!other) return cell;
    if (other.classList.contains("gmore")) { find("button", other).click(); return cell; }
    return cells(other)[place] || cell;
  }
  document.addEventListener("keydown", (event) => {
    const cell = event.target.closest && event.target.closest("#grid .k");
    if (cell && /^(Arrow|Home$|End$)/.test(event.key)) {
      event.preventDefault();
      focus(step(cell, event.key, event.shiftKey));
    } else if (cell && event.key === "Enter") {
      event.preventDefault();
      const ghost = find(".p[data-lesson]", cell);
      if (picked) put(cell, picked);
      else if (ghost) { byKeys = true; pick(ghost.dataset.lesson); }
      else show("why", address("/desk/board/why", { lecturer: cell.dataset.lecturer }));
    } else if (event.key === "Escape" && picked && !find("dialog[open]")) {
      event.preventDefault();
      unpick();
    } else if ((event.key === "b" || event.key === "B") && !event.target.closest("input, select, textarea") && !event.ctrlKey && !event.metaKey) {
      const best = [...document.querySelectorAll("#grid .k.s-b")];
      if (best.length) focus(best[(best.indexOf(here) + 1) % best.length]);
    }
  });

  // --- dragging
  document.addEventListener("dragstart", (event) => {
    const card = event.target.closest && event.target.closest(".lc[draggable], .chip.p[draggable]");
    if (!card) return;
    dragging = card.dataset.lesson;
    event.dataTransfer.effectAllowed = "move";
    event.dataTransfer.setData("text/plain", dragging);
    window.yuekeLive?.hold();
    card.classList.add("dragging");
    if (board().dataset.lesson !== dragging) colour(dragging);
  });
  document.addEventListener("dragover", (event) => {
    if (!dragging) return;
    const cell = event.target.closest && event.target.closest("#grid .k");
    if (cell) { event.preventDefault(); event.dataTransfer.dropEffect = "move"; }
    if (cell === over) return;
    over?.classList.remove("over");
    over = cell;
    over?.classList.add("over");
  });
  document.addEventListener("drop", (event) => {
    const cell = dragging && event.target.closest && event.target.closest("#grid .k");
    if (!cell) return;
    event.preventDefault();
    aim(cell, event);
    dropped = true;
    put(cell, dragging);
  });
  document.addEventListener("dragend", () => {
    if (!dragging) return;
    over?.classList.remove("over");
    find(".dragging")?.classList.remove("dragging");
    over = null;
    dragging = "";
    window.yuekeLive?.release();
    // After a drop the colours stay until its dialog is closed.
    if (colouredFor && !dropped) uncolour();
    dropped = false;
  });

  // --- colours while dragging: rows in sight first, the rest when there is time
  async function colour(lesson) {
    const answer = await fetch(address("/desk/board/colours", { lesson, day: board().dataset.day, view: board().dataset.view }), { headers: { "HX-Request": "true" } });
    if (!answer.ok || dragging !== lesson) return;
    const found = await answer.json();
    colouredFor = lesson;
    paint(found.rows);
  }
  function paint(rows) {
    const scroll = document.getElementById("grid-scroll").getBoundingClientRect();
    const all = [...document.querySelectorAll("#grid .gl[data-lecturer]")];
    const first = [], rest = [];
    for (const row of all) { const box = row.getBoundingClientRect(); (box.bottom > scroll.top && box.top < scroll.bottom ? first : rest).push(row); }
    const some = (list) => {
      for (const row of list) {
        const letters = rows[row.dataset.lecturer];
        if (!letters) continue;
        const day = row.querySelectorAll(".half");
        (day.length ? [...day] : cells(row)).forEach((cell, n) => { cell.classList.remove(...LOOKS); cell.classList.add(STATES[letters[n]]); if (day.length) cell.nextElementSibling.textContent = SIGNS[letters[n]]; });
      }
    };
    some(first);
    const later = window.requestIdleCallback || ((work) => setTimeout(work, 30));
    const whose = colouredFor;
    const slice = () => { if (colouredFor !== whose) return; some(rest.splice(0, 30)); if (rest.length) later(slice); };
    if (rest.length) later(slice);
  }
  function uncolour() {
    colouredFor = "";
    for (const cell of document.querySelectorAll("#grid .s-f, #grid .s-b, #grid .s-x, #grid .s-o")) cell.classList.remove(...LOOKS);
    for (const mark of document.querySelectorAll("#grid .mark")) mark.textContent = "";
  }
  document.addEventListener("close", (event) => {
    if (event.target.id === "drop" && colouredFor && !dragging) uncolour();
  }, true);

  // --- what is under the eye, in words
  function detail(cell) {
    const box = document.getElementById("grid-detail"), row = cell.closest(".gl");
    if (!box || !row) return;
    const said = words(), look = [["s-b", "best"], ["s-f", "free"], ["s-x", "busy"], ["s-o", "off"], ["away", "away"], ["shut", "shut"]].find(([name]) => cell.classList.contains(name));
    const chips = [...cell.querySelectorAll(".chip")].map((chip) => chip.title);
    const head = find(`.gh [data-on="${cell.dataset.on}"][data-half="${cell.dataset.half}"]`);
    const when = minutes(cell) || (head ? find("span", head).textContent : "");
    box.textContent = [row.dataset.name, cell.dataset.on, when, look ? said[look[1]] : chips.length ? "" : said.empty, ...chips].filter(Boolean).join("  ");
  }
  document.addEventListener("focusin", (event) => {
    const cell = event.target.closest && event.target.closest("#grid .k");
    if (cell) detail(cell);
  });
  let pointed = null;
  document.addEventListener("pointerover", (event) => {
    const cell = event.target.closest && event.target.closest("#grid .k");
    if (!cell || cell === pointed || dragging) return;
    pointed = cell;
    requestAnimationFrame(() => { if (pointed === cell) detail(cell); });
  });

  // --- after a swap of the board: the keyboard goes on where it was
  function ready() {
    words.known = null;
    picked = board().dataset.lesson || "";
    colouredFor = "";
    here = null;
    const first = find("#grid .k.s-b") || find("#grid .k.s-f") || find("#grid .k");
    if (first) first.tabIndex = 0;
    if (byKeys && picked && first) focus(first);
    else here = first;
  }
  document.addEventListener("htmx:afterSettle", (event) => { if (event.detail.target && event.detail.target.id === "board" || event.target.id === "board") ready(); });
  addEventListener("popstate", () => location.reload());
  ready();

  // --- live: single cells by id
  const changes = { assignment: (p) => chip(p, "a", HELD.has(p.state)), offer: (p) => p.of !== "seat" || chip(p, "o", OPEN.has(p.state)), lesson: card, staffing };
  // What has just come is marked for a while; no animation: twenty a second would never rest.
  const FRESH = 4000;
  let fresh = [], resting = 0;
  function rest() {
    const now = performance.now();
    while (fresh.length && fresh[0][0] <= now) fresh.shift()[1].classList.remove("fresh");
    resting = fresh.length ? setTimeout(rest, 1000) : 0;
  }
  document.addEventListener("live:patch", (event) => {
    for (const patch of event.detail) changes[patch.kind]?.(patch);
    resting ||= setTimeout(rest, 1000);
  });
  document.addEventListener("live:again", () => news("stale"));

  function chip(patch, kind, alive) {
    const id = `${kind}-${patch.id}`;
    let shown = document.getElementById(id);
    const cell = alive ? find(`#r-${CSS.escape(patch.lecturer)} .k[data-on="${patch.on}"]${board().dataset.view === "day" ? "" : `[data-half="${patch.half}"]`}`) : null;
    if (!cell) return shown?.remove();
    if (board().dataset.view === "day") return bar(cell, patch, kind, id, shown);
    if (!shown) { shown = document.createElement("span"); shown.id = id; shown.dataset.lesson = patch.lesson; }
    shown.className = `chip ${kind} t-${patch.state} fresh`;
    shown.dataset.v = patch.version;
    shown.title = `${patch.starts}–${patch.ends} ${patch.school} ${patch.title}`;
    shown.replaceChildren(patch.starts, document.createElement("br"), patch.school.slice(0, 2));
    fresh.push([performance.now() + FRESH, shown]);
    if (shown.parentNode !== cell) cell.append(shown);
  }
  function bar(cell, patch, kind, id, shown) {
    const SVG = "http://www.w3.org/2000/svg", clock = (text) => Number(text.slice(0, 2)) * 60 + Number(text.slice(3)) - 480;
    if (!shown) {
      shown = document.createElementNS(SVG, "rect");
      shown.id = id;
      shown.setAttribute("y", 4); shown.setAttribute("height", 28); shown.setAttribute("rx", 3);
      shown.append(document.createElementNS(SVG, "title"));
      shown.dataset.lesson = patch.lesson;
    }
    shown.setAttribute("class", `bar-${kind}`);
    shown.dataset.v = patch.version;
    shown.setAttribute("x", clock(patch.starts));
    shown.setAttribute("width", Math.max(10, clock(patch.ends) - clock(patch.starts)));
    find("title", shown).textContent = `${patch.starts}–${patch.ends} ${patch.school} ${patch.title}`;
    find(".track", cell).insertBefore(shown, find(".caret", cell));
  }
  function card(patch) {
    const shown = document.getElementById(`l-${patch.id}`);
    if (!shown) { if (PENDING.has(patch.state) && patch.state !== "tentative") news("new"); return; }
    shown.dataset.v = patch.version;
    if (!PENDING.has(patch.state)) { if (patch.id !== picked) shown.remove(); count(); return; }
    const badge = find(".badge", shown);
    if (badge) { badge.textContent = words()[patch.state]; badge.classList.toggle("tone-alarm", patch.state === "at_risk"); badge.classList.toggle("tone-wait", patch.state !== "at_risk"); }
  }
  function staffing(patch) {
    const box = find(`#l-${CSS.escape(patch.id)} [data-staffing]`);
    if (box) box.textContent = words()[patch.status] || "";
  }
  function count() {
    const box = find("[data-pending-count]");
    if (box) box.textContent = document.querySelectorAll("#pending .lc").length;
  }
  function news(what) {
    const box = document.getElementById("board-new");
    if (!box) return;
    box.hidden = false;
    const link = find("a", box);
    link.textContent = words()[what];
    link.href = location.pathname + location.search;
  }
})();
