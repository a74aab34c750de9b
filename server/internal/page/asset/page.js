// Comfort only: every page works without this file.
'use strict';
(() => {
  const root = document.documentElement;
  const all = (selector, from = document) => [...from.querySelectorAll(selector)];
  const store = (...v) => { try { return v.length ? localStorage.setItem('theme', v[0]) : localStorage.getItem('theme'); } catch { return ''; } };

  const setTheme = theme => {
    if (theme === 'light' || theme === 'dark') root.dataset.theme = theme; else delete root.dataset.theme;
    all('[data-set-theme]').forEach(b => b.setAttribute('aria-pressed', b.dataset.setTheme === (root.dataset.theme || '')));
  };
  setTheme(store()); // before the first paint, which is why this file is not deferred

  const say = text => all('[data-say]').forEach(p => { p.textContent = text; });
  const two = n => String(n).padStart(2, '0');
  // The same words as clock in left.go.
  const clock = s => s >= 129600 ? Math.round(s / 86400) + ' days'
    : s >= 3600 ? Math.floor(s / 3600) + ':' + two(Math.floor(s / 60) % 60) + ':' + two(s % 60)
    : two(Math.floor(s / 60)) + ':' + two(s % 60);

  const born = Date.now();
  const put = (el, text) => { if (el.textContent !== text) el.textContent = text; };
  const tick = () => {
    const real = Date.now() - born;
    all('time[data-left]').forEach(t => {
      const ms = t.dataset.left - real * t.dataset.speed;
      if (ms > 0) return put(t, clock(Math.ceil(ms / 1000)));
      const whole = t.closest('[data-over]');
      whole.textContent = whole.dataset.over;
      if (whole.closest('.strip')) say(whole.dataset.over);
    });
    all('time[data-clock]').forEach(t => {
      const zone = /([+-])(\d\d):(\d\d)$/.exec(t.dateTime);
      const shift = zone ? (zone[1] + '1') * (zone[2] * 60 + +zone[3]) * 60000 : 0;
      put(t, new Date(Date.parse(t.dateTime) + shift + real * t.dataset.speed).toISOString().slice(0, 19).replace('T', ' '));
    });
  };

  const count = () => all('button[data-count]').forEach(b => {
    const n = all('[name=account]:checked', b.form).length;
    put(b, b.dataset.count + (n ? ' for ' + n + (n > 1 ? ' accounts' : ' account') : ''));
  });

  document.addEventListener('click', e => {
    const b = e.target.closest('button');
    if (!b) return;
    if ('setTheme' in b.dataset) { store(b.dataset.setTheme); setTheme(b.dataset.setTheme); }
    if ('copy' in b.dataset) navigator.clipboard.writeText(b.dataset.copy).then(() => {
      const word = b.querySelector('[data-word]');
      word.textContent = 'Copied';
      say('Copied');
      setTimeout(() => { word.textContent = 'Copy'; say(''); }, 1500);
    });
    if (b.name === 'demo' && b.form) {
      e.preventDefault();
      all('[data-demo]', b.form).forEach(field => { field.value = field.dataset.demo || b.value; });
      b.form.querySelector('.go').focus();
    }
  });
  document.addEventListener('change', count);
  window.addEventListener('pageshow', count); // the browser may bring back old ticks

  document.addEventListener('DOMContentLoaded', () => {
    setTheme(store());
    all('[data-theme-switch]').forEach(el => { el.hidden = false; });
    if (navigator.clipboard) all('[data-copy]').forEach(b => { b.hidden = false; });
    count();
    all('form[data-go]').forEach(form => form.submit());
    setInterval(tick, 250);
  });
})();
