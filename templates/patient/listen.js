// One recording at a time, and none once another question is shown.
(function (d) {
  function hush(e) {
    d.querySelectorAll('audio').forEach(function (a) { a == e.target || a.pause() })
  }
  d.addEventListener('play', hush, true);
  addEventListener('hashchange', hush)
})(document)
