// What all pages share: the token on every change, dialogs, keys, what is said and where it is wrong.
(() => {
  "use strict";
  const csrf = document.querySelector('meta[name="csrf"]').content;
  const find = (selector, from = document) => from.querySelector(selector);

  document.addEventListener("htmx:configRequest", (event) => {
    if (event.detail.verb !== "get") event.detail.headers["X-CSRF-Token"] = csrf;
    // What a page asks by itself is nobody at work: only what is pressed keeps the session alive.
    if (event.detail.elt.matches("[data-poll], [data-live-refresh]")) event.detail.headers["X-Poll"] = "1";
  });
  // A new try after a good answer is another deed: forms that stay on the page get a fresh mark.
  document.addEventListener("htmx:afterRequest", (event) => {
    const form = event.target.closest && event.target.closest("form");
    const once = form && find('input[name="once"]', form);
    if (once && event.detail.successful) once.value = crypto.randomUUID ? crypto.randomUUID() : String(Date.now() + Math.random());
    if (event.detail.successful) unmark(form || document);
  });
  document.addEventListener("htmx:sendError", () => say_problem(document.documentElement.lang === "en" ? "No connection to the server. What you typed is still here; please try again." : "连不上服务器。您填写的内容还在，请稍后再试。"));

  document.addEventListener("refused", (event) => {
    unmark(document);
    for (const [name, what] of Object.entries(event.detail.fields || {})) mark(name, what);
    const box = find("#problem");
    // Inside a dialog the sentence has to be seen there.
    const open = find("dialog[open] .sheet-body");
    if (open && box.firstElementChild) { find(".problem", open)?.remove(); open.prepend(box.firstElementChild); }
    else box.scrollIntoView({ block: "nearest" });
  });
  document.addEventListener("done", (event) => {
    const box = document.createElement("div");
    box.className = "notice";
    box.textContent = event.detail.value;
    const notices = find("#notices");
    notices.replaceChildren(box);
    find("#problem").replaceChildren();
  });

  function say_problem(text) {
    const box = document.createElement("p");
    box.className = "problem";
    box.textContent = text;
    (find("dialog[open] .sheet-body") || find("#problem")).prepend(box);
  }
  function mark(name, what) {
    // Several dialogs may have a field of this name: the open one is meant.
    const open = find("dialog[open]") || document;
    const field = find(`[data-field="${CSS.escape(name)}"]`, open) || find(`[name="${CSS.escape(name)}"]`)?.closest(".field");
    if (!field) return;
    field.classList.add("wrong");
    const input = find("input, select, textarea", field);
    const note = document.createElement("div");
    note.className = "field-problem";
    note.id = `p-${name}`;
    note.textContent = what;
    field.append(note);
    if (input) { input.setAttribute("aria-invalid", "true"); input.setAttribute("aria-describedby", note.id); }
    const label = find("label", field), link = find(`[data-label-of="${CSS.escape(name)}"]`);
    if (label && link) link.textContent = label.textContent.replace("*", "").trim();
  }
  function unmark(from) {
    from.querySelectorAll(".field.wrong").forEach((field) => field.classList.remove("wrong"));
    from.querySelectorAll(".field-problem").forEach((note) => note.remove());
    from.querySelectorAll('[aria-invalid="true"]').forEach((input) => { input.removeAttribute("aria-invalid"); });
  }

  document.addEventListener("click", (event) => {
    const opener = event.target.closest("[data-open]");
    if (opener) document.getElementById(opener.dataset.open)?.showModal();
    const closer = event.target.closest("[data-close]");
    if (closer) {
      const dialog = closer.closest("dialog");
      if (closer.closest(".problem, .notice")) closer.closest(".problem, .notice").remove();
      else if (dialog) dialog.close();
    }
    const to = event.target.closest("[data-to-field]");
    if (to) { event.preventDefault(); find(`[name="${CSS.escape(to.dataset.toField)}"]`, find("dialog[open]") || document)?.focus(); }
    if (event.target.closest("[data-print]")) window.print();
    document.querySelectorAll("details.person[open]").forEach((menu) => { if (!menu.contains(event.target)) menu.open = false; });
  });
  document.addEventListener("change", (event) => {
    const all = event.target.closest("[data-check-all]");
    if (all) document.querySelectorAll(`input[type=checkbox][name="${all.dataset.checkAll}"]:not(:disabled)`).forEach((box) => { box.checked = all.checked; box.dispatchEvent(new Event("input", { bubbles: true })); });
  });
  document.addEventListener("keydown", (event) => {
    const typing = event.target.closest("input, textarea, select, [contenteditable]");
    if (event.key === "Escape") document.querySelectorAll("details.person[open]").forEach((menu) => { menu.open = false; });
    if (typing || event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === "/") { const search = find('input[type="search"]'); if (search) { event.preventDefault(); search.focus(); search.select(); } }
    if (event.key === "?") find("#keys")?.showModal();
  });

  // A wide table without a link in it is scrolled by keys, too.
  function reach_tables() {
    document.querySelectorAll(".table-wrap").forEach((wrap) => {
      if (wrap.scrollWidth > wrap.clientWidth && !find("a, button, input, select, [tabindex]", wrap)) wrap.tabIndex = 0;
    });
  }
  reach_tables();
  addEventListener("resize", reach_tables);
  document.addEventListener("htmx:afterSettle", reach_tables);

  // Deadlines run down: <time data-until="..."> says how long is left, each half minute.
  const zh = document.documentElement.lang !== "en";
  function left(until, now) {
    const minutes = Math.floor(Math.abs(until - now) / 60000);
    const amount = minutes < 60 ? (zh ? `${minutes} 分钟` : `${minutes} min`) : minutes < 2880 ? (zh ? `${Math.floor(minutes / 60)} 小时` : `${Math.floor(minutes / 60)} h`) : (zh ? `${Math.floor(minutes / 1440)} 天` : `${Math.floor(minutes / 1440)} days`);
    return until >= now ? (zh ? `还有 ${amount}` : `${amount} left`) : (zh ? `已过 ${amount}` : `${amount} over`);
  }
  // The district's clock may not be this computer's: the page says what it was when it was made.
  const made = document.body.dataset.now ? Date.parse(document.body.dataset.now) - Date.now() : 0;
  setInterval(() => document.querySelectorAll("[data-until]").forEach((time) => { time.textContent = left(Date.parse(time.dataset.until), Date.now() + made); }), 30000);
})();
// The number of unread messages, and buttons that copy.
(() => {
  "use strict";
  const count = document.querySelector("[data-unread-count]");
  async function look() {
    if (!count || document.visibilityState !== "visible") return;
    try {
      const answer = await fetch("/messages/unread", { headers: { "HX-Request": "true", "X-Poll": "1" } });
      if (answer.status !== 200) return;
      const { unread } = await answer.json();
      count.textContent = unread > 99 ? "99+" : String(unread);
      count.hidden = !unread;
    } catch { /* the next look tells */ }
  }
  look();
  setInterval(look, 60000);
  document.addEventListener("visibilitychange", look);
  document.addEventListener("click", async (event) => {
    const button = event.target.closest("[data-copy]");
    if (!button) return;
    const from = document.querySelector(button.dataset.copy), text = from.innerText.trim();
    try { await navigator.clipboard.writeText(text); } catch {
      const range = document.createRange();
      range.selectNodeContents(from);
      getSelection().removeAllRanges();
      getSelection().addRange(range);
      if (!document.execCommand("copy")) return;
    }
    button.classList.add("is-done");
    button.setAttribute("aria-label", document.documentElement.lang === "en" ? "Copied" : "已复制");
    button.textContent = document.documentElement.lang === "en" ? "Copied" : "已复制";
  });
})();
