/* Single keys on the worklist. Everything they do can be done without them. Dead while a field has focus, off on this page
   by the button among the keys, and not loaded at all for whoever has turned them off for good (WCAG 2.2, 2.1.4). */
(() => {
  const names = [...document.querySelectorAll(".work .name")];
  const keys = document.getElementById("keys");
  const button = keys && keys.querySelector("[data-off]");
  const bulk = document.getElementById("bulk");
  let off = false;

  const say = () => {
    button.textContent = off ? button.dataset.on : button.dataset.off;
    document.body.classList.toggle("keyed", !off);
  };
  if (button) {
    button.hidden = false;
    say();
    button.addEventListener("click", () => { off = !off; say(); });
  }

  const rowOf = (element) => element && element.closest("tr[data-record]");
  const opened = () => document.querySelector(".work tr.on[data-record]");
  const named = () => document.getElementById(location.hash.slice(1));
  const nowhere = () => document.activeElement === document.body || document.activeElement.matches("[role=status]");
  const here = () => rowOf(document.activeElement) || (nowhere() ? opened() : null);
  const inOpenRow = () => nowhere() || document.activeElement.closest("tr.on");

  const step = (by) => {
    const row = here() || rowOf(named());
    const at = row ? names.indexOf(row.querySelector(".name")) : -1;
    const next = names[Math.min(Math.max(at < 0 ? 0 : at + by, 0), names.length - 1)];
    if (next) next.focus();
  };
  const later = (row) => {
    const form = row && document.getElementById(row.dataset.later);
    if (form) {
      const outer = form.parentElement.closest("details");
      if (outer) outer.open = true;
      form.open = true;
      form.querySelector("input[type=date]").focus();
    } else if (row && row.dataset.later && !row.classList.contains("on")) {
      location.assign(row.querySelector(".name").href.split("#")[0] + "&later=" + row.dataset.later);
    }
  };
  const outcome = (number) => {
    const ticked = bulk && document.querySelector("input[form=bulk]:checked");
    const form = ticked ? bulk : inOpenRow() && document.querySelector("tr.open form.acted:not(details:not([open]) *)");
    const pressed = form && [...form.querySelectorAll("button")][number - 1];
    if (pressed) pressed.click();
  };
  const acts = {
    j: () => step(1),
    k: () => step(-1),
    o: () => { const row = here(); if (row && !row.classList.contains("on")) row.querySelector(".name").click(); },
    e: () => { const row = here(); if (row) location.assign(row.dataset.record); },
    s: () => later(here()),
    x: () => { const row = here(), box = row && row.querySelector("input[form=bulk]"); if (box) box.click(); },
    a: () => {
      const row = here(), form = document.getElementById("take");
      if (row && row.dataset.take) { form.action = row.dataset.take; form.submit(); }
    },
    u: () => { const undo = document.querySelector("#undo button"); if (undo) undo.click(); },
    "/": () => { const find = document.getElementById("q"); if (find) find.focus(); },
    "?": () => { if (keys) { keys.open = true; keys.querySelector("summary").focus(); } },
  };
  for (let number = 1; number <= 6; number += 1) acts[number] = () => outcome(number);

  if (opened()) {
    const row = opened();
    if (new URLSearchParams(location.search).has("later")) later(row);
    else row.querySelector(".name").focus({ preventScroll: true });
  }

  document.addEventListener("keydown", (event) => {
    if (off || event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.target.closest("input:not([type=checkbox]), select, textarea")) return;
    const act = acts[event.key];
    if (act) { event.preventDefault(); act(); }
  });
})();
