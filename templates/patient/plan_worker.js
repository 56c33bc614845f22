// Answers for one address alone, and only where a copy of it was kept: from the line, or after some seconds without it
// from the copy. Where the line says that this phone is no longer a patient's, the copy goes.
onfetch = function (event) {
  var asked = event.request;
  if (asked.mode != 'navigate' || asked.method != 'GET' || new URL(asked.url).pathname != '/plan') return;
  event.respondWith(caches.match('/plan').then(function (copy) {
    var waited = new Promise(function (done) { if (copy) setTimeout(done, 8000, copy) });
    return Promise.race([fetch(asked), waited]).then(function (page) {
      if (page.type == 'opaqueredirect') return drop().then(function () { return page });
      return page.status < 500 ? page : copy || page
    }, function () { return copy || Response.error() })
  }))
};
function drop() {
  return caches.keys().then(function (names) {
    return Promise.all(names.map(function (name) { return caches.delete(name) }))
  }).then(function () { return registration.unregister() })
}
