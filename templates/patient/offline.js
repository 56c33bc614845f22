// A page for when there is no connection, with the numbers of those who answer: kept on a known phone, made anew each
// week. Its shelf is named for what is on it; there is nothing personal there. Whoever leaves tells its keeper.
(function (is, work) {
  if (!work || !self.caches) return;
  caches.open(is.shelf).then(function (shelf) {
    return shelf.keys().then(function (kept) {
      return kept.length || fetch(is.page).then(function (page) { return page.ok && shelf.put('/help?offline=1', page) })
    })
  }).then(function () { return caches.keys() }).then(function (names) {
    return Promise.all(names.map(function (name) {
      return name.indexOf('help') || name == is.shelf || caches.delete(name)
    }))
  }).then(function () {
    return work.register('/help?worker=1')
  }).then(function () { return work.ready }).then(function (found) { self.keeper = found.active }).catch(function () {})
})(document.currentScript.dataset, navigator.serviceWorker)
