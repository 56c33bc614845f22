// Runs before a page's own scripts and looks for TARGET once a frame, until it has a box. After that one task waits
// its turn: by then the main thread has done what stood before a tap.
window.rig = { tasks: [], taps: [], touchedAt: Infinity };
new PerformanceObserver((list) => {
  for (const task of list.getEntries()) rig.tasks.push([task.startTime, task.duration]);
}).observe({ type: "longtask", buffered: true });
const interactions = new PerformanceObserver((list) => {
  for (const entry of list.getEntries()) if (entry.interactionId) rig.taps.push(entry.duration);
});
interactions.observe({ type: "event", durationThreshold: 16, buffered: true });
interactions.observe({ type: "first-input", buffered: true });
addEventListener("pointerdown", (event) => { rig.touchedAt = Math.min(rig.touchedAt, event.timeStamp); }, true);

const targets = () => [...document.querySelectorAll(TARGET)];
const hasBox = (element) => {
  const box = element.getBoundingClientRect();
  return box.width > 0 && box.height > 0;
};
rig.ready = new Promise((resolve, reject) => {
  const look = () => {
    if (targets().some(hasBox)) setTimeout(() => resolve(performance.now()));
    else if (performance.now() > PATIENCE) reject(new Error("nothing to tap on " + location.pathname));
    else requestAnimationFrame(look);
  };
  requestAnimationFrame(look);
});

// Where a finger would land: on the second of several answers, or on the only thing there is.
rig.place = () => {
  const shown = targets().filter(hasBox);
  const aim = shown[1] || shown[0];
  const surface = aim.closest("label") || aim;
  surface.scrollIntoView({ block: "center", behavior: "instant" });
  const box = surface.getBoundingClientRect();
  return { x: box.x + box.width / 2, y: box.y + box.height / 2 };
};
// The browser says how long a tap took only after the picture that followed it.
rig.settled = () => new Promise((resolve) => {
  requestAnimationFrame(() => requestAnimationFrame(() => setTimeout(resolve, 200)));
});
rig.seen = () => ({
  paint: performance.getEntriesByName("first-contentful-paint")[0]?.startTime ?? null,
  blocked: rig.tasks.filter(([at]) => at < rig.touchedAt).reduce((sum, [, ms]) => sum + Math.max(0, ms - 50), 0),
  tap: rig.taps.length ? Math.max(...rig.taps) : null,
});
