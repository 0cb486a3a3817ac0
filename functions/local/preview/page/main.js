/** The preview page: what is chosen, the mail it gives, and the keys. */
import { counted, element, size } from './elements.js';

const at = (id) => document.getElementById(id);
const VIEWS = [
  ['wide', 'Wide', frame],
  ['phone', 'Phone', frame],
  ['dark', 'Dark', frame],
  ['text', 'Text', ({ mail }) => element('pre', { text: mail.text ?? 'This mail has no text part.' })],
  ['source', 'Source', source],
  [
    'headers',
    'Headers',
    ({ mail }) => element('pre', { text: mail.headers.map(({ name, value }) => `${name}: ${value}`).join('\n') }),
  ],
];
const chosen = { row: null, json: null, view: 'wide' };
let shown = null;
let asked = 0;

function frame({ id, mail }, view) {
  if (!mail.hasHtml) return element('pre', { text: 'This mail has no HTML part.' });
  return element('iframe', { class: view, sandbox: '', src: `/mail/${id}/html`, title: `HTML, ${view}` });
}

function source({ id }) {
  const pre = element('pre', { text: '…' });
  void fetch(`/mail/${id}/source`).then(async (answer) => {
    pre.textContent = await answer.text();
  });
  return pre;
}

async function load() {
  const turn = ++asked;
  const query = new URLSearchParams();
  if (chosen.json !== null) query.set('json', chosen.json);
  else if (chosen.row !== null) query.set('row', chosen.row);
  if (at('locale').value.trim() !== '') query.set('locale', at('locale').value.trim());
  const answer = await (await fetch(`/api/mail?${query}`)).json();
  // An answer that a later choice has overtaken is nobody's any more.
  if (turn !== asked) return;
  at('campaign').textContent = answer.campaign;
  at('problem').hidden = answer.problem === undefined;
  at('problem').textContent = answer.problem ?? '';
  at('mail').hidden = answer.mail === undefined;
  shown = answer.mail === undefined ? null : answer;
  if (shown === null) return;
  const { mail } = shown;
  at('from').textContent = mail.from;
  at('subject').textContent = mail.subject;
  at('preheader').textContent = mail.preheader;
  at('sizes').textContent = [
    `Whole message ${size(mail.octets)}`,
    ...mail.parts.map(({ name, octets }) => `${name} ${size(octets)}`),
  ].join(' · ');
  showView();
}

function showView() {
  for (const tab of at('tabs').children) {
    const isChosen = tab.id === `tab-${chosen.view}`;
    tab.setAttribute('aria-selected', isChosen);
    tab.tabIndex = isChosen ? 0 : -1;
  }
  at('panel').setAttribute('aria-labelledby', `tab-${chosen.view}`);
  const [, , panel] = VIEWS.find(([key]) => key === chosen.view);
  if (shown !== null) at('panel').replaceChildren(panel(shown, chosen.view));
}

function choose(row) {
  chosen.row = row;
  chosen.json = null;
  mark();
  void load();
}

function mark() {
  for (const { firstChild } of at('rows').children) {
    const isChosen = chosen.json === null && firstChild.dataset.row === String(chosen.row ?? '');
    if (isChosen) firstChild.setAttribute('aria-current', 'true');
    else firstChild.removeAttribute('aria-current');
  }
}

function rowItem(row, text, title) {
  return element(
    'li',
    {},
    element('button', { type: 'button', 'data-row': row ?? '', text, title, onclick: () => choose(row) }),
  );
}

let searched = 0;
async function list(after = 0) {
  const turn = ++searched;
  const query = new URLSearchParams({ q: at('search').value, after });
  const { rows, more, problem } = await (await fetch(`/api/rows?${query}`)).json();
  if (turn !== searched) return;
  const items = rows.map((row) => rowItem(row.row, `${row.row}  ${row.problem ?? row.email}`, row.problem));
  if (after === 0) at('rows').replaceChildren(rowItem(null, 'Sample (sample.json)', null));
  at('rows').append(...items);
  at('more').hidden = !more;
  at('more').onclick = () => void list(rows[rows.length - 1].row);
  at('status').textContent = problem ?? counted(at('rows').children.length - 1, 'row');
  mark();
}

function step(by) {
  const buttons = [...at('rows').querySelectorAll('button')];
  const place = buttons.findIndex((button) => button.hasAttribute('aria-current'));
  const next = buttons[Math.min(Math.max(place + by, 0), buttons.length - 1)];
  next?.scrollIntoView({ block: 'nearest' });
  next?.click();
}

// A long mail is scrolled by keys as well.
at('panel').tabIndex = 0;
at('tabs').append(
  ...VIEWS.map(([key, label], place) =>
    element('button', {
      id: `tab-${key}`,
      type: 'button',
      role: 'tab',
      'aria-controls': 'panel',
      'aria-keyshortcuts': place + 1,
      text: label,
      onclick: () => {
        chosen.view = key;
        showView();
      },
    }),
  ),
);
at('tabs').addEventListener('keydown', ({ key }) => {
  const by = { ArrowRight: 1, ArrowLeft: -1 }[key];
  if (by === undefined) return;
  const tabs = [...at('tabs').children];
  const next = tabs[(tabs.indexOf(document.activeElement) + by + tabs.length) % tabs.length];
  next.click();
  next.focus();
});
at('search').addEventListener('input', () => void list());
at('locale').addEventListener('change', () => void load());
at('typed').addEventListener('submit', (event) => {
  event.preventDefault();
  chosen.json = at('json').value;
  mark();
  void load();
});
document.addEventListener('keydown', (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  if (/^(INPUT|TEXTAREA)$/.test(event.target.tagName)) {
    if (event.key === 'Escape') event.target.blur();
    return;
  }
  if (event.key === 'j') step(1);
  else if (event.key === 'k') step(-1);
  else if (event.key === '/') {
    event.preventDefault();
    at('search').focus();
  } else if (/^[1-6]$/.test(event.key)) at('tabs').children[Number(event.key) - 1].click();
});
new EventSource('/api/changes').addEventListener('changed', () => {
  void load();
  void list();
});
void load();
void list();
