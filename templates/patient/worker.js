// On a known phone, for when there is no line: one neutral page, and the copy of the plan where one was asked for. It
// answers for pages that a patient opens, and keeps none of them.
oninstall = function () { skipWaiting() };
onactivate = function (event) { event.waitUntil(clients.claim()) };
// Whoever leaves a page, with or without a line, leaves nothing behind.
onmessage = function (event) { event.waitUntil(drop()) };
onfetch = function (event) {
  var asked = event.request, path = new URL(asked.url).pathname;
  if (asked.mode != 'navigate' || asked.method != 'GET') return;
  if (!['/c/', '/me', '/plan', '/help', '/set-up'].some(begins)) return;
  event.respondWith((path == '/plan' ? caches.match(path) : Promise.resolve()).then(function (copy) {
    var waited = new Promise(function (done) { if (copy) setTimeout(done, 8000, copy) });
    return Promise.race([fetch(asked), waited]).then(function (page) {
      // The line says that this phone is no longer a patient's.
      if (page.type == 'opaqueredirect' && ['/me', '/plan'].some(begins)) return drop().then(function () { return page });
      return page.status < 500 ? page : copy || page
    }, function () {
      return copy || caches.match('/help?offline=1').then(function (page) { return page || Response.error() })
    })
  }));
  function begins(start) { return path.indexOf(start) == 0 }
};
function drop() {
  return caches.keys().then(function (names) {
    return Promise.all(names.map(function (name) { return caches.delete(name) }))
  }).then(function () { return registration.unregister() })
}
