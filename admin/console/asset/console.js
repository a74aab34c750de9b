// The console works without this. It adds what runs by itself, and keys.
(() => {
'use strict';
const $ = (q, e = document) => e.querySelector(q), $$ = (q, e = document) => [...e.querySelectorAll(q)];
const root = document.documentElement, wall = () => performance.now(), focus = () => document.activeElement, bar = () => $('#bar'), two = n => String(n).padStart(2, '0');
const parse = text => new DOMParser().parseFromString(text, 'text/html'), load = async url => parse(await (await fetch(url)).text());
const on = (name, then, early) => document.addEventListener(name, then, early);
const paused = set => { try { if (set) sessionStorage.paused = set; return sessionStorage.paused === 'yes'; } catch { return false; } };

// Sandbox time: what the clock showed when the page was made, and its speed.
let shown = {};
const now = () => shown.now + (wall() - shown.at) * shown.speed;
function wind() {
  const b = bar()?.dataset;
  if (!b) return;
  root.dataset.theme = b.theme;
  if (b.now === shown.raw && b.speed === shown.rate) return;
  shown = { raw: b.now, rate: b.speed, now: +b.now, speed: +b.speed, at: wall() };
}
const left = s => s >= 864000 ? (s / 86400 | 0) + ' d'
  : s >= 86400 ? (s / 86400 | 0) + ' d ' + two(s / 3600 % 24 | 0) + ':' + two(s / 60 % 60 | 0)
  : s >= 3600 ? [s / 3600 | 0, s / 60 % 60 | 0, s % 60].map(two).join(':') : two(s / 60 | 0) + ':' + two(s % 60);
const ago = s => s < 1 ? 'just now' : s < 60 ? s + ' s ago' : s < 3600 ? (s / 60 | 0) + ' min ago' : s < 172800 ? (s / 3600 | 0) + ' h ago' : (s / 86400 | 0) + ' d ago';
const put = (el, text) => { if (el.textContent !== text) el.textContent = text; };

// What is out of sight is written in turn: a thousand countdowns cost as little as twenty.
const near = new Set(), eye = new IntersectionObserver(l => l.forEach(e => near[e.isIntersecting ? 'add' : 'delete'](e.target)), { rootMargin: '99px' });
let turn = 0;
function tick() {
  if (!bar()) return;
  turn++;
  const t = now(), d = new Date(t + bar().dataset.zone * 60000).toISOString();
  $$('[data-clock]').forEach(el => put(el, d.slice(11, 19)));
  $$('[data-day]').forEach(el => put(el, d.slice(0, 10)));
  const over = [];
  $$('[data-ends]').forEach((el, i) => {
    const ms = el.dataset.ends - t, s = Math.ceil(ms / 1000), progress = el.nextElementSibling;
    if (near.has(el) || (i + turn) % 16 === 0) {
      put(el, ms > 0 ? left(s) : 'ended ' + ago(-s));
      if (progress?.localName === 'progress') progress.value = Math.max(0, ms);
      const box = el.parentElement.classList; box.toggle('soon', ms > 0 && s < 10); box.toggle('run', ms > 0);
    }
    if (ms > 0) el.alive = el.dataset.ends;
    else if (el.alive === el.dataset.ends) { el.alive = ''; over.push(el.closest('tr,li')?.querySelector('.id')?.textContent || ''); }
  });
  if (over.length) { $('#said').textContent = over.length > 3 ? over.length + ' tokens and consents ended' : over.filter(Boolean).join(', ') + ' expired'; look(); }
}
setInterval(() => paused() || tick(), 250);

// Live: the page is fetched anew when something happened, but never under what is being typed.
let due, busy, same, rest = 150, last = 0, unseen = 0;
function look() {
  due = true;
  if (busy || document.hidden || paused() || typing()) return;
  const hold = $('[data-hold]');
  if (hold && (hold.scrollTop > 40 || scrollY > 300)) return fresh();
  busy = true;
  setTimeout(async () => {
    due = false;
    const began = wall();
    try { await renew(); } finally {
      last = wall();
      rest = Math.min(5e3, Math.max(150, 8 * (last - began)));
      busy = false;
      if (due) look();
    }
  }, Math.max(0, last + rest - wall()) || 20);
}
async function renew() {
  const at = location.href;
  let answer, text;
  try { answer = await fetch(at, { headers: { 'Sandbank-Live': '1' }, cache: 'no-store' }); text = await answer.text(); } catch { return state(true); }
  if (!answer.ok || location.href !== at || typing()) return;
  try { same = true; await htmx.swap({ sourceElement: document.body, target: document.body, swap: 'innerMorph', text, request: { headers: {}, action: at, method: 'GET' }, hx: {} }); } finally { same = false; }
}
const typing = () => {
  const a = $('main form :is(textarea, select, input:not([type=checkbox], [type=radio])):focus');
  return a && a.value !== a.defaultValue || $('dialog[open]');
};
function fresh() {
  const pill = $('#fresh');
  if (pill) { pill.hidden = false; $('b', pill).textContent = ++unseen; }
}
// What the header says: live, paused, or left alone by the server.
let lost = false;
function state(gone = lost) {
  const note = $('#stale'), button = $('[data-live]');
  if (!button) return;
  if (gone && !lost) put($('[data-stale]', note), $('[data-clock]').textContent);
  lost = gone;
  note.hidden = !lost;
  put($('[data-word]', button), lost ? 'No answer' : paused() ? 'Paused' : 'Live');
  button.ariaPressed = !paused();
  root.className = (paused() ? 'is-paused' : '') + (lost ? ' is-stale' : '');
}

// One event stream per browser: the tab with the lock follows, and tells the others.
let source;
const channel = new BroadcastChannel('sandbank');
const said = m => { if (m.base !== bar()?.dataset.base) return; if (m.lost !== lost) state(m.lost); if (!m.lost && (m.type !== 'request' || 'calls' in bar().dataset)) look(); };
channel.onmessage = e => said(e.data);
function follow(done) {
  const base = bar().dataset.base, tell = (lost, type) => { const m = { base, lost, type }; channel.postMessage(m); said(m); };
  source = new EventSource(bar().dataset.stream); // after the page's events
  source.onopen = () => lost && tell(false);
  source.onerror = () => { tell(true); if (source.readyState === 2) setTimeout(() => { source.close(); done(); }, 2000); };
  for (const type of 'request token.issued token.spent token.retimed token.revoked token.expired consent.changed consent.expired clock activity cleared dropped'.split(' '))
    source.addEventListener(type, () => tell(false, type));
}
function live() {
  if (!bar() || leaving.signal.aborted) return;
  if (!navigator.locks) return follow(live);
  navigator.locks.request('sandbank ' + bar().dataset.base, { signal: leaving.signal }, () => new Promise(done => { follow(done); addEventListener('pagehide', done, { once: true }); })).then(() => setTimeout(live, 500), () => {});
}
// A page kept for "back" would hold its stream open, and six of them all connections to the host.
let leaving = new AbortController();
addEventListener('pagehide', () => { leaving.abort(); source?.close(); });
addEventListener('pageshow', e => { if (e.persisted) { leaving = new AbortController(); live(); look(); } });

function curl(form) {
  const code = $('[data-curl]', form);
  if (!code) return;
  const body = {};
  for (const el of form.elements) {
    if (/^([:@?]|$)/.test(el.name) || el.disabled || /checkbox|radio/.test(el.type) && !el.checked) continue;
    let v = el.value;
    if (!v || el.type === 'hidden' && el.nextElementSibling?.name === el.name) continue;
    const kind = el.dataset.kind;
    if (kind === 'number' && v.trim() && isFinite(v)) v = +v;
    else if (kind === 'bool') v = v === 'true';
    else if (kind === 'list') v = v.split(/[\n,]/).map(s => s.trim()).filter(Boolean);
    else if (kind === 'json') try { v = JSON.parse(v); } catch {}
    const path = el.dataset.path ? JSON.parse(el.dataset.path) : el.name.split('.');
    const end = path.pop(), at = path.reduce((o, p) => o[p] ??= {}, body);
    at[end] = Array.isArray(at[end]) && Array.isArray(v) ? at[end].concat(v) : v;
  }
  const text = JSON.stringify(body);
  if ('needs' in code.dataset) code.closest('figure').hidden = text === '{}';
  code.textContent = code.textContent.split(' -d ')[0] + (text === '{}' ? '' : ` -d '${text.replaceAll("'", "'\\''")}'`);
}
on('input', ({ target: t }) => { const f = t.closest('form[data-call]'); if (f) curl(f); if (t.id === 'cmd') pick(); });

let asked;
function pick() {
  const box = $('#commands'), q = $('#cmd').value;
  if (box) asked = load($('form', box).action.replace(/find$/, 'palette?q=') + encodeURIComponent(q)).then(page => {
    if ($('#cmd').value !== q || $('#commands li :focus')) return;
    const list = $('main .items', page);
    $$('[name="@back"]', list).forEach(i => i.value = location.pathname + location.search);
    $('.items', box).replaceWith(list); htmx.process(box);
  }).catch(() => state(true));
}
function palette() {
  const d = $('#commands');
  if (d) { d.showModal(); $('#cmd').value = ''; pick(); }
  $('#cmd').focus();
}

// Drawers: a form's page beside what led to it.
function fill(page) {
  const d = $('#drawer'), form = $('main [data-form]', page);
  if (!form) return false;
  d.replaceChildren(form);
  htmx.process(d); d.open || d.showModal();
  ($('[aria-invalid]', d) || $('input:not([type=hidden]),select,textarea', d))?.focus();
  return true;
}
async function drawer(url) {
  try { fill(await load(url)) || (location.href = url); } catch { state(true); }
}

// A select that decides what else is asked presses its button.
on('change', ({ target: t }) => 'choose' in t.dataset && t.form.requestSubmit($('[name="@choose"]', t.form)));

async function copy(text, el) {
  if (!text) return;
  try { await navigator.clipboard.writeText(text); } catch { return; }
  el.classList.add('copied'); $('#said').textContent = 'Copied'; setTimeout(() => el.classList.remove('copied'), 1200);
}
on('click', e => {
  const el = e.target.closest('a,button');
  if (!el) return;
  if ('copy' in el.dataset) copy(el.dataset.copy || $('code', el.closest('.code')).textContent, el);
  else if ('live' in el.dataset) { paused(paused() ? 'no' : 'yes'); state(); if (!paused()) look(); }
  else if ('close' in el.dataset) { const d = el.closest('dialog,.toast'); if (d) { e.preventDefault(); d.close ? d.close() : d.hidden = true; } }
  else if (!(e.ctrlKey || e.metaKey || e.shiftKey || e.button) && el.matches('[data-palette], [data-drawer]')) { e.preventDefault(); e.stopPropagation(); 'drawer' in el.dataset ? drawer(el.href) : palette(); }
  else if (el.id === 'fresh') { e.preventDefault(); unseen = 0; el.hidden = true; scrollTo(0, 0); $('[data-hold]')?.scrollTo(0, 0); setTimeout(look, 50); }
  else if ('all' in el.dataset) $$('[name=ids]').forEach(c => c.checked = true);
}, true);

let go = -1e4, stay, place, acted;
const rows = () => $$('main tbody tr:not(.open), main .list li'), placed = (f = focus()) => rows().findIndex(r => r.contains(f.closest('.open')?.previousElementSibling || f));
const into = r => r && ($('a', r) || $('button,input', r))?.focus();
on('keydown', e => {
  if ((e.ctrlKey || e.metaKey) && e.key.toLowerCase() === 'k') { e.preventDefault(); return palette(); }
  if (e.key === 'Escape' && !$('dialog[open]')) $$('.toast').forEach(t => t.hidden = true);
  if (e.target.closest?.('#commands')) {
    const step = { ArrowDown: 1, ArrowUp: -1 }[e.key];
    if (step || e.key === 'Enter' && e.target.id === 'cmd') {
      e.preventDefault();
      asked.then(() => {
        const all = [$('#cmd'), ...$$('#commands li :is(a, button)')], to = all[all.indexOf(e.target) + (step || 1)];
        if (step) to?.focus();
        else if (to) { $('#commands').close(); to.click(); }
      });
    }
    return;
  }
  if (e.ctrlKey || e.metaKey || e.altKey || e.target.matches('input, textarea, select') || $('dialog[open]') || bar()?.matches('[data-nokeys]')) return;
  const all = rows(), at = placed(), row = all[at], step = by => into(all[at + by] || row);
  const press = name => row && $(`.${name} button`, row)?.click();
  if (wall() - go < 1200) { go = -1e4; const a = $(`[data-go="${CSS.escape(e.key)}"]`); if (a) { e.preventDefault(); a.click(); } return; }
  const keys = {
    g: () => go = wall(), '/': () => $('main [type=search]')?.focus(), j: () => step(1), k: () => step(at < 0 ? 1 : -1),
    x: () => row && $('[type=checkbox]', row)?.click(), e: () => press('k-expire'), r: () => press('k-revoke'), R: () => $('main [data-replay] button')?.click(),
    c: async () => {
      const closed = row && !row.matches('[aria-current], :has([aria-current])') && $('a', row), page = closed ? await load(closed.href) : document;
      const link = $('[data-as=curl]', page);
      copy(link ? link.dataset.copy : $$('main .code code', page).find(c => c.textContent.startsWith('curl '))?.textContent, row || root);
    }, '.': () => $('[data-live]')?.click(), '?': () => $('#help').showModal(),
  };
  if (keys[e.key]) { e.preventDefault(); keys[e.key](); }
});

function after() {
  wind();
  state();
  $$('[data-ends]').forEach(el => eye.observe(el));
  tick();
}
// In sight is what the page is about.
function show() {
  const bring = (el, end, block) => { if (el.getBoundingClientRect().top < 50 || end.getBoundingClientRect().bottom > innerHeight) el.scrollIntoView({ block }); };
  const row = $('main tr[aria-current]'), at = $('#failed') || $('#answer, #as') || row, listed = $('.list [aria-current]');
  $('main [aria-invalid]')?.focus({ preventScroll: true });
  if (at) bring(at, at === row && row.nextElementSibling || at, 'start');
  else if (stay !== location.pathname) scrollTo(0, 0);
  if (listed) bring(listed, listed, 'center');
}
// A lost focus goes to what had it before, to its row, or to the heading.
function home() {
  const idle = () => focus() === document.body;
  if (idle()) acted?.focus();
  if (idle()) into(rows()[place]);
  if (idle()) $('h1').focus({ preventScroll: true });
}
let moved;
const swaps = (name, then) => on('htmx:' + name, e => then(e.detail.ctx || {}, e));
swaps('before:request', ctx => { ctx.swap += ' show:none'; ctx.sourceElement.ariaBusy = true; stay = ctx.request.method !== 'GET' && location.pathname; if (!ctx.sourceElement.closest('.toast')) { place = stay ? placed() : -1; acted = focus(); } });
swaps('finally:request', ctx => ctx.sourceElement.ariaBusy = null);
swaps('after:request', (ctx, e) => {
  const inside = ctx.sourceElement.closest('#drawer'), asks = !stay;
  if (inside && (asks || !ctx.response.raw.redirected) && fill(parse(ctx.text))) e.preventDefault();
  else if (inside || !asks) $$('dialog[open]').forEach(d => d.close());
});
swaps('error', ctx => ctx.response || state(true));
swaps('after:history:update', () => moved = true);
swaps('after:swap', ({ request }) => { unseen = 0; state(false); after(); if (moved) show(); moved = false; if (request && !same) home(); });
on('visibilitychange', () => document.hidden || due && look());
on('focusout', () => setTimeout(() => due && look(), 50));
htmx.registerExtension('sandbank', {
  // A row that is the same is left alone.
  htmx_before_morph_node: (_, d) => !(same && d.newNode.dataset?.v && d.newNode.dataset.v === d.oldNode.dataset.v),
  // What the reader has opened stays so when the page renews itself.
  htmx_before_morph_attr: (el, d) => !(d.attrName === 'open' && el.matches('details, dialog')) && !(d.attrName === 'hidden' && el.closest('#fresh, #toasts')),
});
after();
if (!location.hash) show();
live();
})();
