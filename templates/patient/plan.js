// A copy of this page for when there is no connection, kept only when asked for: the PIN guards the page, and a copy has
// none. Its shelf is named for this phone's set-up: what stands on another one was kept for somebody who had this phone
// before, and goes. The worker that shows it is that of every own page.
(function (d, work) {
  var box = d.getElementById('keep'), is = box.dataset, parts = box.children, turn;
  function show() {
    return caches.has(is.shelf).then(function (has) {
      parts[0].hidden = has || 'kept' in is;
      parts[1].hidden = !has;
      box.hidden = false;
      return has
    })
  }
  function drop() {
    return caches.keys().then(function (names) {
      return Promise.all(names.map(function (name) { return name.indexOf('plan') || caches.delete(name) }))
    })
  }
  function keep() {
    return fetch(is.copy).then(function (copy) {
      // The PIN is asked for again, or the line breaks: the page itself says so.
      if (!copy.headers.has('Plan-Copy')) return location.reload();
      return caches.open(is.shelf).then(function (shelf) { return shelf.put('/plan', copy) }).then(function () {
        return work.register('/help?worker=1')
      }).then(function () { return work.ready })
    })
  }
  // One thing after the other: a copy that is being made anew must not outlast a tap that removes it.
  function next(act) {
    turn = turn.then(act).catch(function () {}).then(show)
  }
  if (!work || !self.caches) return;
  parts[0].lastElementChild.onclick = function () { next(keep) };
  parts[1].lastElementChild.onclick = function () { next(drop) };
  turn = show();
  next(function (has) {
    if (!('kept' in is)) return has ? keep() : drop()
  })
})(document, navigator.serviceWorker)
