// Leaves at once, with or without a line. Nothing of the page stays, and a browser that goes back fills in no answers.
document.forms[0].autocomplete = 'off';
leave.onsubmit = function () {
  try {
    sessionStorage.clear();
    navigator.sendBeacon('/me/unlock', new URLSearchParams('do=leave'));
    (self.keeper || navigator.serviceWorker.controller).postMessage(0)
  } catch (e) {}
  document.body.remove();
  location.replace('about:blank');
  return false
}
