/** Whose mail is shown: the sample, a row of the audience, or a row that somebody types. */
import { counted, element } from './elements.js';

const at = (id) => document.getElementById(id);
const TYPING_MS = 120;

/** @param {{ server: object, onChoose: (whose: object) => void }} parts */
export class Recipients {
  #server;
  #onChoose;
  #campaign = '';
  #asked = 0;
  #whose = {};
  /** What somebody is writing is not written over by what is shown. */
  #isEdited = false;

  constructor({ server, onChoose }) {
    this.#server = server;
    this.#onChoose = onChoose;
    at('sample').addEventListener('click', () => this.#choose({ sample: '' }));
    let timer = 0;
    at('search').addEventListener('input', () => {
      clearTimeout(timer);
      timer = setTimeout(() => void this.list(this.#campaign), TYPING_MS);
    });
    at('typed-form').addEventListener('submit', (event) => {
      event.preventDefault();
      this.#choose({ json: at('json').value });
    });
    at('json').addEventListener('input', () => {
      this.#isEdited = true;
    });
    at('json').addEventListener('keydown', (event) => {
      if (event.key === 'Enter' && (event.ctrlKey || event.metaKey)) this.#choose({ json: at('json').value });
    });
  }

  /** Reads the rows again, from the first one. */
  async list(campaign) {
    if (campaign !== this.#campaign) {
      at('search').value = '';
      at('rows').replaceChildren();
    }
    this.#campaign = campaign;
    await this.#append(0);
  }

  /** @param whose what the mail is shown of, and its fields, which can be changed by hand */
  show(whose, fields, hasSample) {
    this.#whose = whose;
    at('sample').hidden = !hasSample;
    if (!this.#isEdited && fields !== null) at('json').value = JSON.stringify(fields, null, 2);
    this.#mark();
  }

  step(by) {
    const buttons = this.#buttons();
    const place = buttons.findIndex((button) => button.hasAttribute('aria-current'));
    const next = buttons[Math.min(Math.max(place + by, 0), buttons.length - 1)];
    next?.scrollIntoView({ block: 'nearest' });
    next?.click();
  }

  #choose(whose) {
    this.#isEdited = whose.json !== undefined;
    this.#onChoose(whose);
  }

  #buttons() {
    const rows = [...at('rows').querySelectorAll('button')];
    return at('sample').hidden ? rows : [at('sample'), ...rows];
  }

  async #append(after) {
    const turn = ++this.#asked;
    const search = at('search').value;
    const { rows, more, problem } = await this.#server.rows({ campaign: this.#campaign, q: search, after });
    // What a later search has overtaken is nobody's any more.
    if (turn !== this.#asked) return;
    // A template that is broken for a moment takes nobody out of the list.
    if (problem !== null && at('rows').hasChildNodes()) return;
    const items = rows.map((row) => this.#item(row));
    if (after === 0) at('rows').replaceChildren(...items);
    else at('rows').append(...items);
    at('more').hidden = !more;
    at('more').onclick = () => void this.#append(rows[rows.length - 1].row);
    const count = at('rows').children.length;
    at('no-rows').hidden = count > 0;
    at('no-rows').textContent = problem ?? (search === '' ? 'The audience has no rows.' : 'Nobody matches.');
    at('status').textContent = problem !== null ? '' : more ? `first ${counted(count, 'row')}` : counted(count, 'row');
    this.#mark();
  }

  #item({ row, email, name, problem }) {
    const below = problem !== null ? { class: 'wrong', text: problem } : name !== '' ? { text: email } : { text: ' ' };
    const button = element(
      'button',
      { class: 'row', type: 'button', 'data-row': row, title: problem, onclick: () => this.#choose({ row }) },
      element('b', { text: name || email || '(no address)' }),
      element('i', { text: row }),
      element('span', below),
    );
    return element('li', {}, button);
  }

  #mark() {
    const { row, json } = this.#whose;
    const isSample = row === undefined && json === undefined;
    for (const button of this.#buttons()) {
      const isChosen = button === at('sample') ? isSample : button.dataset.row === String(row);
      if (isChosen) button.setAttribute('aria-current', 'true');
      else button.removeAttribute('aria-current');
    }
  }
}
