/** The list of messages: rows that stay in place, and keep the focus, while new ones come in above them. */
import { displayName, element, shortTime, size, time } from './elements.js';

/** Older rows go when newer ones come: the page may stay open for days. */
const MOST_ROWS = 1_000;

export class MessageList {
  #list;
  #rows = new Map();
  #items = [];
  #selected = 0;

  constructor(list) {
    this.#list = list;
    list.addEventListener('keydown', (event) => this.#move(event));
  }

  get items() {
    return this.#items;
  }

  /** Puts the newest window above the older messages that were shown already; without `keep`, instead of them. */
  showNewest(messages, keep) {
    const oldest = messages.at(-1)?.id ?? Number.POSITIVE_INFINITY;
    const older = keep && messages.length > 0 ? this.#items.filter(({ id }) => id < oldest) : [];
    this.#show([...messages, ...older].slice(0, MOST_ROWS));
  }

  append(messages) {
    this.#show([...this.#items, ...messages]);
  }

  select(id) {
    this.#selected = id;
    for (const [rowId, row] of this.#rows) mark(row, rowId === id);
  }

  focus(id = this.#selected) {
    const row = this.#rows.get(id) ?? this.#list.firstElementChild;
    row?.querySelector('a').focus();
  }

  #show(items) {
    this.#items = items;
    const there = new Set(items.map(({ id }) => id));
    for (const [id, row] of this.#rows) {
      if (there.has(id)) continue;
      row.remove();
      this.#rows.delete(id);
    }
    let place = this.#list.firstElementChild;
    for (const item of items) {
      const row = this.#rows.get(item.id) ?? this.#row(item);
      if (row === place) place = place.nextElementSibling;
      else this.#list.insertBefore(row, place);
    }
  }

  #row(item) {
    const row = element('li', {}, link(item));
    mark(row, item.id === this.#selected);
    this.#rows.set(item.id, row);
    return row;
  }

  #move(event) {
    const steps = { ArrowDown: 1, j: 1, ArrowUp: -1, k: -1 };
    const step = steps[event.key];
    if (step === undefined || event.ctrlKey || event.metaKey || event.altKey) return;
    const rows = [...this.#list.children];
    const here = rows.indexOf(document.activeElement.closest('li'));
    const next = rows[Math.min(Math.max(here + step, 0), rows.length - 1)];
    next?.querySelector('a').focus();
    event.preventDefault();
  }
}

function mark(row, selected) {
  if (selected) row.firstElementChild.setAttribute('aria-current', 'true');
  else row.firstElementChild.removeAttribute('aria-current');
}

function link(item) {
  const more = item.recipientCount - item.recipients.length;
  const to = item.recipients.join(', ') + (more > 0 ? ` and ${more} more` : '');
  return element(
    'a',
    { class: 'row', href: `#${item.id}` },
    element('span', { class: 'from', text: displayName(item.from || item.reversePath || '<>') }),
    time(item.at, shortTime(item.at)),
    element('span', { class: 'subject', text: item.subject || '(no subject)' }),
    element('span', { class: 'to', text: `to ${to}` }),
    element(
      'span',
      { class: 'facts' },
      item.hasAttachment ? element('span', { class: 'clip', role: 'img', 'aria-label': 'has attachments' }) : null,
      element('span', { text: size(item.octets) }),
    ),
  );
}
