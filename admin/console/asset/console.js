// The console works without this. It adds clocks and countdowns in the sandbox's time, pages that renew themselves, short cuts, copying,
// and commands that follow what is typed.
(() => {
'use strict';
const $ = (q, e = document) => e.querySelector(q), $$ = (q, e = document) => [...e.querySelectorAll(q)];
const bar = () => $('#bar'), two = n => String(n).padStart(2, '0');
const store = (k, v) => { try { return v === undefined ? sessionStorage[k] : (sessionStorage[k] = v); } catch { return undefined; } };

// Sandbox time: what the clock showed when the page was made, and how fast it runs.
let shown = { now: 0, speed: 1, at: 0 };
const now = () => shown.now + (performance.now() - shown.at) * shown.speed;
function wind() {
  const b = bar();
  if (!b || b.dataset.now === shown.raw && b.dataset.speed === shown.rate) return;
  shown = { raw: b.dataset.now, rate: b.dataset.speed, now: +b.dataset.now, speed: +b.dataset.speed, at: performance.now() };
}
const left = s => s >= 864000 ? (s / 86400 | 0) + ' d'
  : s >= 86400 ? (s / 86400 | 0) + ' d ' + two(s / 3600 % 24 | 0) + ':' + two(s / 60 % 60 | 0)
  : s >= 3600 ? [s / 3600 | 0, s / 60 % 60 | 0, s % 60].map(two).join(':') : two(s / 60 | 0) + ':' + two(s % 60);
const ago = s => s < 1 ? 'just now' : s < 60 ? s + ' s ago' : s < 3600 ? (s / 60 | 0) + ' min ago' : s < 172800 ? (s / 3600 | 0) + ' h ago' : (s / 86400 | 0) + ' d ago';
const put = (el, text) => { if (el.textContent !== text) el.textContent = text; };

// What is out of sight is written in its turn: a thousand countdowns cost as little as twenty.
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
      put(el, ms > 0 ? left(s) : 'ended ' + ago(Math.floor(-ms / 1000)));
      if (progress?.localName === 'progress') progress.value = Math.max(0, ms);
      const box = el.parentElement.classList; box.toggle('soon', ms > 0 && s < 10); box.toggle('run', ms > 0);
    }
    if (ms > 0) el.alive = el.dataset.ends;
    else if (el.alive === el.dataset.ends) { el.alive = ''; over.push(el.closest('tr,li')?.querySelector('.id')?.textContent || ''); }
  });
  if (over.length) { $('#said').textContent = over.length > 3 ? over.length + ' tokens and consents ended' : over.filter(Boolean).join(', ') + ' expired'; look(); }
}
// At high speed a second is short: the ticker follows, up to four times a second.
setInterval(() => { if (!paused()) tick(); }, 250);

// Live: the page is fetched anew when something happened, but never under what is being typed.
const paused = () => store('paused') === '1';
let due = false, busy = false, same = false, rest = 150, last = 0, unseen = 0;
function look() {
  due = true;
  if (busy || document.hidden || paused() || typing()) return;
  const main = $('main');
  const hold = $('[data-hold]');
  if (hold && (hold === main || hold.scrollTop > 40 || scrollY > 300)) return fresh();
  busy = true;
  setTimeout(async () => {
    due = false;
    const began = performance.now(), at = location.href;
    try { await renew(at); } finally {
      last = performance.now();
      rest = Math.min(5e3, Math.max(150, 8 * (last - began)));
      busy = false;
      if (due) look();
    }
  }, Math.max(0, last + rest - performance.now()) || 20);
}
async function renew(at) {
  let answer;
  try { answer = await fetch(at, { headers: { 'Sandbank-Live': '1' }, cache: 'no-store' }); } catch { return stale(true); }
  if (!answer.ok || location.href !== at || typing()) return;
  const text = await answer.text();
  if (location.href !== at || typing()) return;
  try { same = true; await htmx.swap({ sourceElement: document.body, target: document.body, swap: 'innerMorph', text, request: { headers: {}, action: at, method: 'GET' }, hx: {} }); } finally { same = false; }
  after();
}
const typing = () => { const a = document.activeElement; return !!(a && a.closest('main form') && /^(INPUT|TEXTAREA|SELECT)$/.test(a.tagName) && !/^(checkbox|radio|button|submit)$/.test(a.type) && a.value !== a.defaultValue) || !!$('dialog[open]'); };
function fresh() {
  const pill = $('#fresh');
  if (pill) { unseen++; pill.hidden = false; $('b', pill).textContent = unseen; }
}
function stale(on) {
  const note = $('#stale');
  if (!note) return;
  note.hidden = !on;
  document.body.classList.toggle('is-stale', on);
  if (on) put($('[data-stale]', note), new Date(now() + bar().dataset.zone * 60000).toISOString().slice(11, 19));
}

// One event stream per browser: the tab with the lock follows, and tells the others.
let source, lost = false;
const channel = 'BroadcastChannel' in window ? new BroadcastChannel('sandbank') : null;
const said = m => { if (m.base !== bar()?.dataset.base) return; if (m.lost !== lost) { lost = m.lost; stale(lost); } if (!m.lost && (m.type !== 'request' || 'calls' in bar().dataset)) look(); };
channel?.addEventListener('message', e => said(e.data));
function follow(done) {
  const base = bar().dataset.base, tell = (lost, type) => { const m = { base, lost, type }; channel?.postMessage(m); said(m); };
  source = new EventSource(base + '/api/v1/journal/stream');
  let down = false;
  source.onopen = () => { if (down) { down = false; tell(false); } };
  source.onerror = () => { if (!down) { down = true; tell(true); } if (source.readyState === 2) setTimeout(() => { source.close(); done(); }, 2000); };
  for (const type of ['request', 'token.issued', 'token.spent', 'token.retimed', 'token.revoked', 'token.expired', 'consent.changed', 'consent.expired', 'clock', 'activity', 'cleared', 'dropped'])
    source.addEventListener(type, () => tell(false, type));
}
function live() {
  if (!bar() || !window.EventSource || leaving.signal.aborted) return;
  const name = 'sandbank ' + bar().dataset.base;
  if (!navigator.locks) return follow(live);
  navigator.locks.request(name, { signal: leaving.signal }, () => new Promise(done => { follow(done); addEventListener('pagehide', done, { once: true }); })).then(() => setTimeout(live, 500), () => {});
}
// A page kept for "back" would hold its stream open, and six of them all connections to the host.
let leaving = new AbortController();
addEventListener('pagehide', () => { leaving.abort(); source?.close(); });
addEventListener('pageshow', e => { if (e.persisted) { leaving = new AbortController(); live(); look(); } });

function curl(form) {
  const code = $('[data-curl]', form);
  if (!code || !form.dataset.call) return;
  const [method, url] = form.dataset.call.split(' '), body = {};
  for (const el of form.elements) {
    if (!el.name || /^[:@?]/.test(el.name) || el.disabled || /checkbox|radio/.test(el.type) && !el.checked) continue;
    let v = el.value;
    if (el.type === 'hidden' && el.nextElementSibling?.name === el.name) continue;
    if (v === '') continue;
    const kind = el.dataset.kind;
    if (kind === 'number' && v.trim() !== '' && isFinite(v)) v = +v;
    else if (kind === 'bool') v = v === 'true';
    else if (kind === 'list') v = v.split(/[\n,]/).map(s => s.trim()).filter(Boolean);
    else if (kind === 'json') try { v = JSON.parse(v); } catch { /* told as it is */ }
    const path = el.dataset.path ? JSON.parse(el.dataset.path) : el.name.split('.');
    const end = path.pop(), at = path.reduce((o, p) => o[p] ??= {}, body);
    at[end] = Array.isArray(at[end]) && Array.isArray(v) ? at[end].concat(v) : v;
  }
  const text = JSON.stringify(body), head = code.textContent.match(/-H "[^"]*" /)?.[0] || '';
  code.textContent = `curl -X ${method} ${head}${url}` + (text === '{}' ? '' : ` -d '${text.replaceAll("'", "'\\''")}'`);
}
document.addEventListener('input', e => { const f = e.target.closest('form[data-call]'); if (f) curl(f); if (e.target.id === 'cmd') pick(e.target.value); });

// The palette.
function pick(q) {
  q = q.trim().toLowerCase();
  const words = q.split(/\s+/);
  $$('#commands [data-words]').forEach(li => { li.hidden = !words.every(w => li.dataset.words.includes(w)); });
}
function palette() {
  const d = $('#commands');
  if (!d) return $('#cmd')?.focus();
  d.showModal(); const i = $('input', d); i.value = ''; pick(''); i.focus();
}

// Drawers: a form's page, opened beside the one that led to it.
async function drawer(url) {
  const d = $('#drawer'), answer = await fetch(url), page = new DOMParser().parseFromString(await answer.text(), 'text/html');
  const form = $('main [data-form]', page);
  if (!form) { location.href = url; return; }
  d.replaceChildren(document.importNode(form, true));
  htmx.process(d); d.open || d.showModal();
  $('input:not([type=hidden]),select,textarea', d)?.focus();
}

// A choice within a drawer, or a preview, brings the drawer anew.
document.addEventListener('submit', e => {
  const by = e.submitter, action = by?.getAttribute('formaction') || e.target.action;
  if ((by?.getAttribute('formmethod') || e.target.method) !== 'get' || !e.target.closest('#drawer')) return;
  e.preventDefault(); e.stopImmediatePropagation();
  drawer(action + '?' + new URLSearchParams(new FormData(e.target, by)));
}, true);

document.addEventListener('click', async e => {
  const el = e.target.closest('a,button');
  if (!el) { if (e.target.matches?.('dialog')) e.target.close(); return; }
  const plain = !e.ctrlKey && !e.metaKey && !e.shiftKey && e.button === 0;
  if ('copy' in el.dataset) {
    const text = el.dataset.copy || el.closest('.code')?.querySelector('code').textContent || '';
    try { await navigator.clipboard.writeText(text); } catch { return; }
    el.classList.add('copied'); $('#said').textContent = 'Copied'; setTimeout(() => el.classList.remove('copied'), 1200);
  } else if ('live' in el.dataset) { store('paused', paused() ? '0' : '1'); after(); if (!paused()) look(); }
  else if ('close' in el.dataset) { const d = el.closest('dialog'); if (d) { e.preventDefault(); d.close(); } }
  else if ('palette' in el.dataset && plain) { e.preventDefault(); e.stopPropagation(); palette(); }
  else if ('drawer' in el.dataset && plain) { e.preventDefault(); e.stopPropagation(); drawer(el.href); }
  else if (el.id === 'fresh') { e.preventDefault(); unseen = 0; el.hidden = true; scrollTo(0, 0); $('[data-hold]')?.scrollTo(0, 0); setTimeout(look, 50); }
  else if ('all' in el.dataset) $$('[name=ids]').forEach(c => { c.checked = true; });
}, true);

// Short cuts.
let go = 0;
document.addEventListener('keydown', e => {
  if ((e.ctrlKey || e.metaKey) && e.key.toLowerCase() === 'k') { e.preventDefault(); return palette(); }
  if (e.target.id === 'cmd') {
    const open = $$('#commands li:not([hidden])');
    if (e.key === 'Enter' && open.length && !/^(at_|rt_|ac_|#|g_)/.test(e.target.value)) { e.preventDefault(); const d = $('#commands'); d.close(); $('a,button', open[0])?.click(); }
    if (e.key === 'ArrowDown') { e.preventDefault(); $('a,button', open[0])?.focus(); }
    return;
  }
  const li = e.target.closest?.('#commands li');
  if (li && /Arrow(Up|Down)/.test(e.key)) {
    e.preventDefault();
    const open = $$('#commands li:not([hidden])'), to = open[open.indexOf(li) + (e.key === 'ArrowDown' ? 1 : -1)];
    (to ? $('a,button', to) : $('#cmd')).focus(); return;
  }
  if (e.ctrlKey || e.metaKey || e.altKey || /^(INPUT|TEXTAREA|SELECT)$/.test(e.target.tagName) || $('dialog[open]') || 'nokeys' in (bar()?.dataset || {})) return;
  const rows = $$('main tbody tr:not(.open), main .list li'), at = rows.findIndex(r => r.contains(document.activeElement)), row = rows[at];
  const step = by => { const r = rows[Math.min(rows.length - 1, Math.max(0, at + by))]; r && ($('a', r) || $('button,input', r))?.focus(); };
  const press = name => row && $(`[data-key="${name}"], .${name} button`, row)?.click();
  if (performance.now() - go < 1200) { go = 0; const a = $(`[data-go="${CSS.escape(e.key)}"]`); if (a) { e.preventDefault(); a.click(); } return; }
  const keys = {
    g: () => { go = performance.now(); }, '/': () => $('main [type=search]')?.focus(), j: () => step(1), k: () => step(at < 0 ? 1 : -1),
    x: () => row && $('[type=checkbox]', row)?.click(), e: () => press('k-expire'), r: () => press('k-revoke'), R: () => $('main [data-replay] button')?.click(),
    c: () => ($('[data-copy]', row || $('main')) || $('main .code [data-copy]'))?.click(), '.': () => $('[data-live]')?.click(), '?': () => $('#help').showModal(),
  };
  if (keys[e.key]) { e.preventDefault(); keys[e.key](); }
});

// After every swap: what the server cannot know.
let toasts = {};
function after() {
  wind();
  const b = bar();
  if (b) b.dataset.theme ? document.documentElement.dataset.theme = b.dataset.theme : delete document.documentElement.dataset.theme;
  const p = $('[data-live]');
  if (p) { p.setAttribute('aria-pressed', !paused()); p.classList.toggle('is-paused', paused()); put($('[data-word]', p), paused() ? 'Paused' : 'Live'); p.title = paused() ? 'Resume live updates' : 'Pause live updates'; }
  $$('.toast').forEach(t => {
    if (!toasts[t.id + t.textContent]) toasts[t.id + t.textContent] = Date.now() + 10000;
    const rest = toasts[t.id + t.textContent] - Date.now();
    t.hidden = rest <= 0; if (rest > 0) setTimeout(() => { t.hidden = true; }, rest);
  });
  if (lost) stale(true);
  $$('[data-ends]').forEach(el => eye.observe(el));
  tick();
}
// In sight is what the page is about: the refusal, or the opened row.
function show() {
  const at = $('#failed') || $('main tr[aria-current]');
  at ? at.scrollIntoView({ block: at.id === 'failed' ? 'center' : 'nearest' }) : scrollTo(0, 0);
}
document.addEventListener('htmx:before:request', e => { if (e.detail.ctx?.request?.method !== 'GET') $$('dialog[open]').forEach(d => d.close()); });
document.addEventListener('htmx:after:swap', () => { unseen = 0; after(); });
document.addEventListener('htmx:after:history:push', show);
document.addEventListener('visibilitychange', () => { if (!document.hidden && due) look(); });
document.addEventListener('focusout', () => setTimeout(() => { if (due) look(); }, 50));
window.htmx?.registerExtension?.('sandbank', {
  // A row that is the same is left alone.
  htmx_before_morph_node: (_, d) => !(same && d.newNode.dataset?.v && d.newNode.dataset.v === d.oldNode.dataset.v),
  // What the reader has opened stays so when the page renews itself.
  htmx_before_morph_attr: (el, d) => !(d.attrName === 'open' && /^(DETAILS|DIALOG)$/.test(el.tagName)) && !(d.attrName === 'hidden' && (el.id === 'fresh' || el.closest('#commands'))),
});
$('.list [aria-current]')?.scrollIntoView({ block: 'nearest' });
after();
if (!location.hash) show();
live();
})();
