// One question at a time. Each step is a hash, so that the browser's Back goes to the question before.
(function (d, at) {
  function $(x) { return d.querySelector(x) }
  var f = $('form'), s = d.querySelectorAll('.step'), n = s.length - 1, i, seen, sent, p;
  function show(e) {
    for (var k = i = 0, h = ''; k <= n; k++) {
      p = '#' + s[k].id;
      if (!(s[k].hidden = p != location.hash)) i = k;
      if (k && k < n) h += '<li class="to"><a href="' + p + '"><span><small>' + $(p + ' legend b').innerHTML + '</small><b>' + ((p = $(p + ' :checked')) ? p.nextSibling.data : '–') + '</b></span></a>'
    }
    s[i].hidden = $('#look').hidden = false;
    $('#list').innerHTML = h;
    $('#bar').value = i; $('#nav').hidden = !i;
    $('#need').hidden = true;
    if ($('#next').hidden = i == n) seen = 1;
    if (e) { s[i].querySelector('[tabindex]').focus(); scrollTo(0, 0) }
  }
  function next() {
    if (p = $('#' + s[i].id + ' :checked')) location.hash = s[seen ? n : i + 1 + (p.dataset.skip | 0)].id; else $('#need').hidden = false
  }
  $('#next').onclick = next;
  $('#back').onclick = function () { location.hash = s[i - 1].id };
  d.onkeydown = function (e) { if (e.keyCode == 13 && e.target.type == 'radio') { next(); return false } };
  f.onsubmit = function () { return !sent && (sent = 1) };
  // Help opens here where the style sheet alone cannot. The safety item goes to the team at once; all answers wait in
  // this tab, for an hour at most, in case the line breaks. A page that is shown anew has no target, and stops there.
  onpageshow = d.onchange = function (e) {
    sent = 0;
    if (p = $('.care')) p.classList.toggle('on', ($('.safety :checked') || p).value > 0);
    try {
      e = e.target;
      if (e.closest('.safety')) navigator.sendBeacon(at + '/early', new URLSearchParams(e.name + '=' + e.value));
      sessionStorage[at] = new URLSearchParams(new FormData(f)) + '&t=' + Date.now()
    } catch (x) {}
  };
  try {
    p = new URLSearchParams(sessionStorage[at]);
    if (Date.now() - p.get('t') < 36e5) p.forEach(function (v, k) { k == 'lang' || (f[k].value = v) })
  } catch (x) {}
  onhashchange = show;
  d.documentElement.className = 'js';
  show()
})(document, location.pathname)
