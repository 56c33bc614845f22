// One question at a time. Each step is a hash, so that the browser's Back goes to the question before. What has an id
// goes by it: look, list, bar, nav, need, next, back.
(function (d, at, mine) {
  function $(x) { return d.querySelector(x) }
  var f = $('form'), s = d.querySelectorAll('.step'), n = s.length - 1, i, seen, sent, p;
  function show(e) {
    for (var k = i = 0, h = ''; k <= n; k++) {
      p = '#' + s[k].id;
      if (!(s[k].hidden = p != location.hash)) i = k;
      if (k && k < n && location.hash == '#send') h += '<li class="to"><a href="' + p + '"><span><small>' + $(p + ' b').innerHTML + '</small><b>' + ((p = $(p + ' :checked')) ? p.nextSibling.data : '–') + '</b></span></a>'
    }
    s[i].hidden = look.hidden = false;
    list.innerHTML = h;
    bar.firstChild.style.inlineSize = 100 * i / n + '%';
    bar.hidden = nav.hidden = !i;
    need.hidden = true;
    if (next.hidden = i == n) seen = 1;
    if (e) { s[i].querySelector('[tabindex]').focus(); scrollTo(0, 0) }
  }
  function go() {
    if (p = s[i].querySelector(':checked')) location.hash = s[seen ? n : i + 1 + (p.dataset.skip | 0)].id; else need.hidden = false;
    return false
  }
  next.onclick = f[0].onclick = go;
  f[0].disabled = false;
  back.onclick = function () { location.hash = s[i - 1].id };
  // Sent under the key of this page, so that sending it again keeps it once; whoever waits half a minute may. The reply
  // takes this page's place under this page's policy, and whoever goes back from it opens the link anew.
  f.onsubmit = function (e) {
    var b = e.submitter, data = new URLSearchParams(new FormData(f));
    if (sent || !b) return !sent && (sent = 1);
    function lost(e) {
      sent = b.disabled = b.nextElementSibling.hidden = !e;
      b.textContent = f.dataset[e ? 'again' : 'wait'];
      if (e) b.focus()
    }
    lost();
    setTimeout(function () { if (b.disabled) lost(1) }, 3e4);
    if (b.name) data.append(b.name, b.value);
    fetch(f.action, { method: 'POST', body: data }).then(function (r) {
      return r.status > 499 ? lost(r) : r.text().then(function (t) {
        history.pushState(0, '', b.getAttribute('formaction') || at);
        d.open(); d.write(t.split(t.split('nonce="')[1].split('"')[0]).join(mine)); d.close();
        (p = $('[autofocus]') || $('h1')).tabIndex = -1;
        p.focus();
        scrollTo(0, 0);
        if (!$('.step')) onpopstate = function () { location.reload() }
      })
    }).catch(lost);
    return false
  };
  // Help opens here where the style sheet alone cannot. The safety item goes to the team at once; all answers wait in
  // this tab, for an hour at most, in case the line breaks. A page that is shown anew has no target, and stops there.
  onpageshow = d.onchange = function (e) {
    sent = 0;
    if (p = $('.care')) p.classList.toggle('on', ($('.safety :checked') || p).value > 0);
    try {
      e = e.target;
      if (e.closest('.safety')) {
        navigator.sendBeacon(at + '/early', new URLSearchParams(e.name + '=' + e.value));
        p.scrollIntoView({ block: 'nearest' })
      }
      sessionStorage[at] = new URLSearchParams(new FormData(f)) + '&t=' + Date.now()
    } catch (e) {}
  };
  try {
    p = new URLSearchParams(sessionStorage[at]);
    if (Date.now() - p.get('t') < 36e5) p.forEach(function (v, k) { if (f[k]) f[k].value = v })
  } catch (e) {}
  onhashchange = show;
  f.className = 'js';
  show()
})(document, location.pathname, document.currentScript.nonce)
