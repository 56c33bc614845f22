/* Single keys on the worklist: j and k walk the rows, o opens, / finds, ? shows the keys. Dead while a field has focus,
   and off for good on this browser once the button at the foot of the page says so (WCAG 2.2, 2.1.4). */
(() => {
  const names = [...document.querySelectorAll(".work .name")];
  const keys = document.getElementById("keys");
  const button = keys && keys.querySelector("button");
  let off = false;
  try { off = localStorage.getItem("keys") === "off"; } catch { /* no storage: keys stay on */ }

  const say = () => { button.textContent = off ? button.dataset.on : button.dataset.off; };
  if (button) {
    button.hidden = false;
    say();
    button.addEventListener("click", () => {
      off = !off;
      try { localStorage.setItem("keys", off ? "off" : "on"); } catch { /* lasts until the page is left */ }
      say();
    });
  }

  const step = (by) => {
    const at = names.indexOf(document.activeElement);
    const opened = names.findIndex((name) => name.closest(".on"));
    const from = at >= 0 ? at : opened >= 0 ? opened : by > 0 ? -1 : 0;
    const next = names[Math.min(Math.max(from + by, 0), names.length - 1)];
    if (next) next.focus();
  };
  const acts = {
    j: () => step(1),
    k: () => step(-1),
    o: () => { if (names.includes(document.activeElement)) document.activeElement.click(); },
    "/": () => { const find = document.getElementById("q"); if (find) find.focus(); },
    "?": () => { if (keys) { keys.open = true; keys.querySelector("summary").focus(); } },
  };

  document.addEventListener("keydown", (event) => {
    if (off || event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.target.closest("input, select, textarea")) return;
    const act = acts[event.key];
    if (act) { event.preventDefault(); act(); }
  });
})();
