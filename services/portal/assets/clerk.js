// The clerk's pages: a letter that is kept as it is typed, dates picked from a calendar, a basket.
(() => {
  "use strict";
  const find = (selector, from = document) => from.querySelector(selector);
  const all = (selector, from = document) => [...from.querySelectorAll(selector)];
  const person = document.body.dataset.person || "";

  // ---- the basket: course ids with their numbers, kept in this browser for this person
  const place = `yueke-basket-${person}`;
  const basket = () => { try { return JSON.parse(localStorage.getItem(place)) || {}; } catch { return {}; } };
  const keep = (wanted) => { localStorage.setItem(place, JSON.stringify(wanted)); show_basket(); };
  const basket_ids = () => Object.entries(basket()).flatMap(([id, times]) => Array(Math.min(times, 20)).fill(id));

  function show_basket() {
    const ids = basket_ids();
    const panel = find("#basket");
    if (panel) {
      const query = ids.map((id) => `course=${encodeURIComponent(id)}`).join("&");
      htmx.ajax("GET", `/clerk/menu/basket${query ? `?${query}` : ""}`, { target: "#basket", swap: "innerHTML" });
    }
    for (const button of all("[data-into-basket]")) {
      const times = basket()[button.dataset.intoBasket] || 0;
      const count = find("[data-times]", button);
      if (count) { count.textContent = times ? `×${times}` : ""; }
      button.classList.toggle("in-basket", times > 0);
    }
    const label = find("[data-basket-label]");
    if (label) {
      label.textContent = `${label.dataset.text}（${ids.length}）`;
      label.closest("button").hidden = !ids.length;
    }
  }

  // ---- a letter
  const letter = () => find("#letter");
  const lines = () => all("#lines > .line");

  // A line as the page shows it; the server makes a line of a letter of it.
  function line_of(item) {
    const value = (name) => find(`[data-f="${name}"]`, item)?.value ?? "";
    const line = { wishes: all("[data-wish]", item).map((wish) => wish.dataset.wish) };
    for (const name of ["course_id", "delivery", "place", "address", "lat", "lon", "expected_attendees", "notes", "line"]) line[name] = value(name);
    line.audience = all('[data-f="audience"]:checked', item).map((box) => box.value);
    line.preferred_lecturers = all('[data-f="preferred_lecturers"]', item).map((one) => one.value).filter(Boolean);
    return line;
  }
  document.addEventListener("htmx:configRequest", (event) => {
    const form = letter();
    if (!form || event.detail.verb === "get" || !form.contains(event.detail.elt)) return;
    // A letter on its way is not kept a second time behind its back.
    if (event.detail.elt.id === "send") sending = true;
    else if (sending) { event.preventDefault(); return; }
    event.detail.parameters.lines = JSON.stringify(lines().map(line_of));
    const wanted = event.detail.path.endsWith("/save") ? acts.shift() : null;
    if (!wanted) return;
    event.detail.parameters.append("act", wanted.act);
    for (const id of wanted.ids || []) event.detail.parameters.append("course", id);
  });
  document.addEventListener("htmx:beforeOnLoad", (event) => {
    if (event.detail.elt.id === "send" && !event.detail.xhr.getResponseHeader("HX-Redirect")) sending = false;
  });
  document.addEventListener("htmx:sendError", (event) => { if (event.detail.elt.id === "send") sending = false; });
  let sending = false;
  // What is to be done with the lines goes with the next save.
  const acts = [];
  function act(wanted) { acts.push(wanted); htmx.trigger(letter(), "keep-now"); }
  const changed = () => letter() && "letter" in letter().dataset && htmx.trigger(letter(), "keep");
  document.addEventListener("input", (event) => { if (letter()?.contains(event.target)) { changed(); number(); } });
  document.addEventListener("change", (event) => {
    const reveal = event.target.closest("[data-reveal]");
    if (reveal) document.getElementById(reveal.dataset.reveal).hidden = !reveal.checked;
    if (event.target.matches('[data-f="place"]')) find("[data-address]", event.target.closest(".line")).hidden = event.target.value !== "address";
    if (letter()?.contains(event.target)) changed();
  });

  // Problems stand beside their fields, too: when sending was tried, or where something is filled in.
  function mark() {
    all("#letter .field.wrong").forEach((field) => field.classList.remove("wrong"));
    all("#letter .field-problem").forEach((note) => note.remove());
    all('#letter [aria-invalid]').forEach((input) => { input.removeAttribute("aria-invalid"); input.removeAttribute("aria-describedby"); });
    const state = find("#letter-problems");
    if (!state) return;
    const tried = "refused" in state.dataset || "tried" in letter().dataset;
    if (tried) letter().dataset.tried = "";
    for (const link of all("[data-problem]", state)) {
      const field = find(`#letter [data-field="${CSS.escape(link.dataset.problem)}"]`);
      if (!field) continue;
      const filled = all("input, select", field).some((input) => input.value && input.type !== "checkbox") || find("[data-wish]", field);
      if (!tried && !filled) continue;
      field.classList.add("wrong");
      const note = document.createElement("div");
      note.className = "field-problem";
      note.id = `p-${link.dataset.problem}`;
      note.textContent = link.dataset.text;
      if (!find(`#${CSS.escape(note.id)}`, field)) field.append(note);
      const input = find("input:not([type=hidden]), select, button", field);
      if (input) { input.setAttribute("aria-describedby", note.id); if (input.matches("input, select")) input.setAttribute("aria-invalid", "true"); }
    }
    if ("refused" in state.dataset) state.focus();
  }
  document.addEventListener("click", (event) => {
    const link = event.target.closest("[data-problem]");
    if (!link) return;
    event.preventDefault();
    const field = find(`#letter [data-field="${CSS.escape(link.dataset.problem)}"]`);
    if (!field) return;
    field.closest("details")?.setAttribute("open", "");
    field.scrollIntoView({ block: "center" });
    find("input:not([type=hidden]), select, button", field)?.focus({ preventScroll: true });
  });

  function number() {
    all(".wishes").forEach((list) => all(".wish", list).forEach((wish, n) => { find(".wish-rank", wish).textContent = n + 1; }));
  }

  // ---- picking dates: the calendar of a course, one line after another if wanted
  let picking = null; // {line, follow}
  const undated = () => lines().findIndex((item) => "dates" in item.dataset && !find("[data-wish]", item));

  function open_heat(n, follow, from) {
    const item = lines()[n];
    if (!item) return;
    picking = { line: n, follow };
    const line = line_of(item);
    const query = new URLSearchParams({ course: line.course_id, place: line.place, n: item.dataset.number, of: String(lines().length) });
    if (line.place === "address") { query.set("lat", line.lat); query.set("lon", line.lon); }
    if (find('[name="urgent"]')?.checked) query.set("urgent", "true");
    if (from) query.set("from", from);
    if (follow) query.set("follow", "1");
    const taken = lines().flatMap((other) => all("[data-wish]", other).map((wish) => wish.dataset.wish.split("|")[0]));
    for (const start of [...new Set(taken)].slice(0, 60)) query.append("taken", start);
    const dialog = find("#heat");
    if (!dialog.open) dialog.showModal();
    htmx.ajax("GET", `/clerk/letters/heat?${query}`, { target: "#heat-body", swap: "innerHTML" });
  }

  function add_wish(item, value, label) {
    const list = find(".wishes", item);
    if (all(".wish", list).some((wish) => wish.dataset.wish === value)) return;
    if (all(".wish", list).length >= 3) list.lastElementChild.remove();
    const wish = find("#wish-template").content.firstElementChild.cloneNode(true);
    wish.dataset.wish = value;
    find(".wish-label", wish).textContent = label;
    list.append(wish);
    number();
    changed();
  }

  let focus_next = null;
  document.addEventListener("click", (event) => {
    const cell = event.target.closest("[data-cell]");
    if (cell && cell.closest("#heat")) {
      const starts = cell.dataset.start, ends = cell.dataset.end;
      add_wish(lines()[picking.line], `${starts}|${ends}`, cell.dataset.label);
      if (picking.follow) {
        const next = undated();
        if (next < 0) { find("#heat").close(); find("#send")?.focus(); return; }
        focus_next = cell.dataset.cell;
        open_heat(next, true, find("[data-heat-from]").dataset.heatFrom);
      } else {
        cell.classList.add("picked");
        cell.setAttribute("aria-pressed", "true");
        if (all(".wish", lines()[picking.line]).length >= 3) find("#heat").close();
      }
      return;
    }
    // In a form that asks for another time: the cell fills the fields above the calendar.
    if (cell) {
      const form = cell.closest("dialog").querySelector("form[data-slot]");
      find('[name="starts_at"]', form).value = cell.dataset.start.slice(0, 16);
      all("[data-cell].picked", cell.closest("dialog")).forEach((one) => { one.classList.remove("picked"); one.removeAttribute("aria-pressed"); });
      cell.classList.add("picked");
      cell.setAttribute("aria-pressed", "true");
      return;
    }
    const opener = event.target.closest('[data-open="act"]');
    if (opener) { find("#act-title").textContent = opener.textContent.trim(); find("#act-body").replaceChildren(); }
    const pick = event.target.closest("[data-pick]");
    if (pick) open_heat(lines().indexOf(pick.closest(".line")), false);
    if (event.target.closest("[data-dates-all]")) {
      const first = undated();
      if (first >= 0) open_heat(first, true); else if (lines().length) open_heat(0, false);
    }
    const week = event.target.closest("[data-heat-week]");
    if (week && picking) { event.preventDefault(); open_heat(picking.line, picking.follow, week.dataset.heatWeek); }
    if (event.target.closest("[data-heat-skip]")) {
      const after = lines().findIndex((item, n) => n > picking.line && "dates" in item.dataset && !find("[data-wish]", item));
      if (after >= 0) open_heat(after, picking.follow, find("[data-heat-from]").dataset.heatFrom); else find("#heat").close();
    }
    const unwish = event.target.closest("[data-unwish]");
    if (unwish) {
      const item = unwish.closest(".line");
      unwish.closest(".wish").remove();
      number();
      changed();
      find("[data-pick]", item)?.focus();
    }
    const into = event.target.closest("[data-into-basket]");
    if (into) { const id = into.dataset.intoBasket; keep({ ...basket(), [id]: (basket()[id] || 0) + 1 }); }
    const out = event.target.closest("[data-out-of-basket]");
    if (out) {
      const wanted = basket(), id = out.dataset.outOfBasket;
      if ((wanted[id] || 0) > 1) wanted[id] -= 1; else delete wanted[id];
      keep(wanted);
    }
    if (event.target.closest("[data-empty-basket]")) keep({});
    const line_act = event.target.closest("[data-act]");
    if (line_act) act({ act: line_act.dataset.act });
    const add = event.target.closest("[data-add-course]");
    if (add) add_courses([add.dataset.addCourse], add);
    if (event.target.closest("[data-basket-add]")) { add_courses(basket_ids()); keep({}); }
    if (event.target.closest("[data-same-do]")) same();
    if (event.target.closest('[data-open="add"]') && !find("#add-list").childElementCount) htmx.trigger(document.body, "load-add");
  });

  // The dialog stays open, so that twelve courses are quickly chosen.
  function add_courses(ids, button) {
    act({ act: "add", ids });
    const said = button && find("[data-added]", button);
    if (said) { const n = Number(said.dataset.added) + 1; said.dataset.added = String(n); said.textContent = `+${n}`; }
  }

  function same() {
    const value = (name) => find(`[data-same-of="${name}"]`).value.trim();
    const people = value("expected_attendees"), where = value("place");
    const audience = all("[data-same-audience]:checked").map((box) => box.value);
    for (const item of lines()) {
      const input = find('[data-f="expected_attendees"]', item), select = find('[data-f="place"]', item);
      if (people && !input.readOnly) input.value = people;
      if (where && !select.disabled && find('[data-f="delivery"]', item).value !== "online") { select.value = where; find("[data-address]", item).hidden = true; }
      if (audience.length) all('[data-f="audience"]', item).forEach((box) => { box.checked = audience.includes(box.value); });
    }
    find("#same").close();
    changed();
  }

  // Arrow keys in a calendar.
  document.addEventListener("keydown", (event) => {
    const cell = event.target.closest("[data-cell]");
    const step = { ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [-1, 0], ArrowDown: [1, 0] }[event.key];
    if (!cell || !step) return;
    event.preventDefault();
    const rows = all("tbody tr", cell.closest("table"));
    let row = rows.indexOf(cell.closest("tr")), column = cell.closest("td").cellIndex;
    for (let n = 0; n < 60; n += 1) {
      row += step[0]; column += step[1];
      const target = rows[row]?.cells[column];
      if (!target) return;
      const button = find("[data-cell]", target);
      if (button) { button.focus(); return; }
    }
  });

  // A long name of a place is there in full for whoever points at it.
  const name_places = () => all('[data-f="place"]').forEach((one) => { one.title = one.selectedOptions[0]?.textContent.trim() || ""; });
  document.addEventListener("change", name_places);
  document.addEventListener("htmx:afterSettle", (event) => {
    name_places();
    if (event.target.id === "letter-state" || event.target.id === "lines" || find("#letter-state", event.target)) mark();
    if (event.target.id === "heat-body") {
      const wanted = focus_next;
      focus_next = null;
      const cells = all("#heat-body [data-cell]");
      const next = cells.findIndex((cell) => cell.dataset.cell === wanted);
      (cells[next + 1] || cells[next] || cells[0] || find("#heat .btn-close"))?.focus();
    }
    if (event.target.id === "basket") all("[data-basket-course]").forEach((input) => input.remove());
  });
  // The basket as the form of a new letter.
  document.addEventListener("htmx:configRequest", (event) => {
    if (!event.detail.elt.matches?.("[data-from-basket]")) return;
    for (const id of basket_ids()) event.detail.parameters.append("course", id);
  });
  document.addEventListener("htmx:beforeOnLoad", (event) => {
    if (event.detail.xhr.status < 400 && event.detail.elt.matches?.("[data-from-basket]")) localStorage.removeItem(place);
  });
  window.addEventListener("storage", (event) => { if (event.key === place) show_basket(); });
  function begin() {
    show_basket();
    mark();
    name_places();
    // After something was said of a lesson, the page begins at it.
    const at = new URLSearchParams(location.search).get("lesson");
    const lesson = at && document.getElementById(`lesson-${at}`);
    if (lesson) { lesson.scrollIntoView({ block: "center" }); lesson.focus({ preventScroll: true }); }
  }
  if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", begin); else begin();
})();
