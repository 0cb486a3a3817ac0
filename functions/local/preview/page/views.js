/** The views of one mail: HTML in three frames, text, source, headers. */
import { element, size } from './elements.js';

const SHOWN_SOURCE_OCTETS = 400_000;
const at = (id) => document.getElementById(id);

export class MailViews {
  #server;
  #onView;
  #onFrameKey;
  #answer = null;
  #view = 'wide';
  /** Where somebody has scrolled each view to, of this campaign. */
  #scrolled = new Map();
  #campaign;
  #views = [
    ['wide', 'Wide', () => this.#frame()],
    ['phone', 'Phone', () => this.#frame()],
    ['dark', 'Dark', () => this.#frame()],
    ['text', 'Text', () => this.#show(textView(this.#answer.mail))],
    ['source', 'Source', () => this.#source()],
    ['headers', 'Headers', () => this.#show(headersView(this.#answer.mail))],
  ];

  /** @param {{ server: object, onView: (view: string) => void, onFrameKey: (event: KeyboardEvent) => void }} parts */
  constructor({ server, onView, onFrameKey }) {
    this.#server = server;
    this.#onView = onView;
    this.#onFrameKey = onFrameKey;
    at('tabs').append(
      ...this.#views.map(([key, label], place) =>
        element('button', {
          id: `tab-${key}`,
          type: 'button',
          role: 'tab',
          'aria-controls': 'panel',
          'aria-keyshortcuts': place + 1,
          title: `Key ${place + 1}`,
          text: label,
          onclick: () => onView(key),
        }),
      ),
    );
    at('tabs').addEventListener('keydown', (event) => this.#arrow(event));
  }

  /** @param view `wide` where it is none of these @param answer the mail; `null` shows none @param campaign whose it is */
  show(view, answer, campaign) {
    const scrolled = scrolledTo();
    if (campaign !== this.#campaign) this.#scrolled.clear();
    else if (scrolled !== null) this.#scrolled.set(this.#view, scrolled);
    this.#campaign = campaign;
    this.#answer = answer;
    this.#view = this.#views.some(([key]) => key === view) ? view : 'wide';
    for (const tab of at('tabs').children) {
      const isChosen = tab.id === `tab-${this.#view}`;
      tab.setAttribute('aria-selected', String(isChosen));
      tab.tabIndex = isChosen ? 0 : -1;
    }
    at('panel').setAttribute('aria-labelledby', `tab-${this.#view}`);
    if (answer !== null) this.#views.find(([key]) => key === this.#view)[2]();
  }

  chooseNumber(place) {
    const [key] = this.#views[place];
    this.#onView(key);
  }

  #arrow(event) {
    const tabs = [...at('tabs').children];
    const here = tabs.indexOf(document.activeElement);
    const places = { ArrowRight: here + 1, ArrowLeft: here - 1, Home: 0, End: tabs.length - 1 };
    if (!(event.key in places)) return;
    const next = tabs[(places[event.key] + tabs.length) % tabs.length];
    next.click();
    next.focus();
    event.preventDefault();
  }

  #show(node) {
    at('panel').replaceChildren(node);
    this.#scrollBack(this.#view);
  }

  /** What is not there yet is scrolled when it is. */
  #scrollBack(view) {
    const { panel = 0, source = 0 } = this.#scrolled.get(view) ?? {};
    at('panel').scrollTop = panel;
    const octets = at('panel').querySelector('.octets');
    if (octets) octets.scrollTop = source;
  }

  /** The frame that is there stays until the next one can be seen, and where somebody has scrolled it to, it stays. */
  #frame() {
    const { id, mail } = this.#answer;
    const view = this.#view;
    if (!mail.hasHtml) return this.#show(element('p', { class: 'nothing', text: 'This mail has no HTML.' }));
    const stage = stageOf(view);
    const before = stage.querySelector('iframe:last-of-type');
    const frame = element('iframe', {
      class: view === 'dark' ? 'paper dark coming' : 'paper coming',
      sandbox: 'allow-same-origin',
      referrerpolicy: 'no-referrer',
      title: `HTML, ${view}`,
      src: `/mail/${id}/html`,
    });
    frame.addEventListener('load', () => {
      const root = frame.contentDocument?.scrollingElement;
      const old = before?.contentDocument?.scrollingElement;
      if (root) root.scrollTop = old ? old.scrollTop : (this.#scrolled.get(view)?.frame ?? 0);
      frame.contentDocument?.addEventListener('keydown', this.#onFrameKey);
      frame.classList.remove('coming');
      for (const other of [...stage.querySelectorAll('iframe')]) {
        if (other === frame) break;
        other.remove();
      }
    });
    stage.append(frame);
  }

  #source() {
    const { id, mail } = this.#answer;
    const pre = element('pre', { class: 'octets', text: '' });
    const save = element('a', {
      class: 'button',
      href: `/mail/${id}/source?download`,
      download: 'preview.eml',
      text: 'Save as .eml',
    });
    const cut =
      mail.octets > SHOWN_SOURCE_OCTETS ? `The first ${size(SHOWN_SOURCE_OCTETS)} of ${size(mail.octets)}.` : '';
    const note = element('span', { class: 'hint', text: cut || `${mail.octets.toLocaleString()} octets` });
    const view = element('div', { class: 'source' }, element('div', { class: 'tools' }, note, save), pre);
    this.#server.source(id, SHOWN_SOURCE_OCTETS).then(
      (octets) => {
        pre.textContent = exactText(octets);
        if (pre.isConnected) this.#scrollBack('source');
      },
      () => {
        pre.textContent = 'The source cannot be read.';
      },
    );
    this.#show(view);
  }
}

/** @returns `null` while what is shown is still on its way */
function scrolledTo() {
  const panel = at('panel');
  const frame = panel.querySelector('iframe:not(.coming)');
  const octets = panel.querySelector('.octets');
  if (octets?.textContent === '' || (frame === null && panel.querySelector('iframe') !== null)) return null;
  return {
    panel: panel.scrollTop,
    source: octets?.scrollTop ?? 0,
    frame: frame?.contentDocument?.scrollingElement?.scrollTop ?? 0,
  };
}

function stageOf(view) {
  const shown = at('panel').firstElementChild;
  if (shown?.classList.contains('stage') && shown.dataset.view === view) return shown.firstElementChild;
  const screen = element('div', { class: view === 'phone' ? 'screen phone' : 'screen' });
  at('panel').replaceChildren(element('div', { class: 'stage', 'data-view': view }, screen));
  return screen;
}

function textView({ text }) {
  if (text === null) return element('p', { class: 'nothing', text: 'This mail has no text.' });
  return element('pre', { class: 'text', text });
}

function headersView({ headers }) {
  const rows = headers.map(({ name, value }) =>
    element('tr', {}, element('th', { scope: 'row', text: name }), element('td', { text: value })),
  );
  return element('table', { class: 'headers' }, element('tbody', {}, ...rows));
}

/** UTF-8 as it reads, whatever it begins with; where it is none, octets beyond ASCII as `\xE9`. */
function exactText(octets) {
  try {
    // The last octets may be a part of a character.
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(octets, { stream: true });
  } catch {
    return Array.from(octets, (octet) =>
      octet < 0x80 ? String.fromCharCode(octet) : `\\x${octet.toString(16).toUpperCase()}`,
    ).join('');
  }
}
