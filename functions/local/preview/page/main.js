/** The page's own story: what the address names is chosen, its mail asked for, shown, and shown again when a file is saved. */
import { element, size } from './elements.js';
import { keyListener } from './keys.js';
import { problemItems, problemsTitle, unmadeMail } from './problems.js';
import { Recipients } from './recipients.js';
import { Server } from './server.js';
import { MailViews } from './views.js';

const at = (id) => document.getElementById(id);
const SHOWN_CARDS = 24;

let campaigns = [];
/** What the address says: campaign, row, view, locale. What somebody typed is too long for it. */
let chosen = {};
let json = null;
let shown = null;
let asked = 0;

const server = new Server({ onChange: () => void refresh(), onTrouble: showTrouble });
const onKey = keyListener({
  j: () => recipients.step(1),
  k: () => recipients.step(-1),
  s: () => at('sample').hidden || at('sample').click(),
  e: () => {
    at('typed').open = true;
    at('json').focus();
  },
  l: () => at('locale').focus(),
  '/': () => at('search').focus(),
  ...Object.fromEntries([1, 2, 3, 4, 5, 6].map((place) => [place, () => views.chooseNumber(place - 1)])),
});
const recipients = new Recipients({ server, onChoose: choose });
const views = new MailViews({
  server,
  onFrameKey: onKey,
  onView: (view) => {
    remember({ ...chosen, view });
    views.show(view, shown, chosen.campaign);
  },
});

function choose(whose) {
  json = whose.json ?? null;
  const { row: _row, sample: _sample, ...rest } = chosen;
  remember(json === null ? { ...rest, ...whose } : rest);
  void showMail();
}

function chooseLocale() {
  const { locale: _before, ...rest } = chosen;
  const locale = at('locale').value.trim();
  if (locale === (chosen.locale ?? '')) return;
  remember(locale === '' ? rest : { ...rest, locale });
  void showMail();
}

function remember(next) {
  chosen = next;
  history.replaceState(null, '', `#${new URLSearchParams(next)}`);
}

async function refresh() {
  campaigns = await server.campaigns();
  if (chosen.campaign === undefined && campaigns.length === 1) remember({ ...chosen, campaign: campaigns[0] });
  const isChosen = chosen.campaign !== undefined;
  at('panes').hidden = !isChosen;
  at('locale-field').hidden = !isChosen;
  at('keys').hidden = !isChosen;
  at('campaigns').hidden = isChosen;
  at('campaign-field').hidden = !isChosen;
  document.title = isChosen ? `${chosen.campaign} · Cartero preview` : 'Cartero preview';
  if (!isChosen) return showCards();
  const names = campaigns.includes(chosen.campaign) ? campaigns : [chosen.campaign, ...campaigns];
  at('campaign').replaceChildren(
    ...names.map((name) => element('option', { value: name, text: name, selected: name === chosen.campaign })),
  );
  at('campaign').disabled = names.length === 1;
  await Promise.all([showMail(), recipients.list(chosen.campaign)]);
}

async function showMail() {
  const turn = ++asked;
  const { campaign, row, sample, locale } = chosen;
  const whose = json !== null ? { json } : row !== undefined ? { row } : sample !== undefined ? { sample } : {};
  const answer = await server.mail({ campaign, ...whose, ...(locale === undefined ? {} : { locale }) });
  // An answer that a later choice has overtaken is nobody's any more.
  if (turn !== asked) return;
  showTrouble(null);
  recipients.show(answer.row === null ? whose : { row: answer.row }, answer.fields, answer.hasSample);
  at('languages').replaceChildren(...answer.languages.map((value) => element('option', { value })));
  at('problems-title').textContent = problemsTitle(answer.problems);
  at('problems').replaceChildren(...problemItems(answer.problems));
  shown = answer.mail === null ? null : answer;
  at('panes').classList.toggle('without', shown === null);
  at('unmade').hidden = shown !== null;
  if (shown === null) at('unmade').replaceChildren(...unmadeMail(answer.problems));
  else showHeading(shown.mail);
  views.show(chosen.view, shown, chosen.campaign);
}

function showHeading({ subject, preheader, from, to, octets, parts }) {
  at('subject').textContent = subject;
  at('preheader').textContent = preheader;
  at('from').replaceChildren(...mailbox(from));
  at('to').replaceChildren(...mailbox(to));
  at('sizes-title').textContent = `${size(octets)} as sent`;
  at('parts').replaceChildren(
    ...parts.map(({ depth, type, name, encoding, octets: encoded }) => {
      const isSeveral = type.startsWith('multipart/');
      return element(
        'tr',
        { class: isSeveral ? 'several' : null, title: `${encoded.toLocaleString()} octets` },
        element(
          'th',
          { scope: 'row', class: `depth-${Math.min(depth, 4)}` },
          element('span', { text: name ?? type }),
          isSeveral ? null : element('i', { text: name === null ? encoding : `${type}, ${encoding}` }),
        ),
        element('td', { text: size(encoded) }),
      );
    }),
  );
}

/** A name may turn the direction of what is behind it, and is not to turn the address. */
function mailbox(written) {
  const [, name = '', address = written] = /^(.*)(<[^<>]*>)$/s.exec(written) ?? [];
  return [element('bdi', { text: name }), element('bdi', { text: address })];
}

/** The campaigns to choose from, each with its mail in small. */
function showCards() {
  at('status').textContent = '';
  at('cards').replaceChildren(
    ...campaigns.map((campaign) => {
      const picture = element('div', { class: 'picture', 'aria-hidden': 'true' });
      const subject = element('span', { class: 'subject' });
      const verdict = element('span', { class: 'verdict' });
      const link = element(
        'a',
        { class: 'campaign-card', href: `#${new URLSearchParams({ campaign })}` },
        picture,
        element('b', { text: campaign }),
        subject,
        verdict,
      );
      if (campaigns.indexOf(campaign) < SHOWN_CARDS) void fillCard(campaign, { picture, subject, verdict });
      return element('li', {}, link);
    }),
  );
}

async function fillCard(campaign, { picture, subject, verdict }) {
  const { id, mail, problems } = await server.mail({ campaign });
  subject.textContent = mail?.subject ?? '';
  verdict.textContent = problems.length === 0 ? '' : problemsTitle(problems);
  verdict.classList.toggle('error', mail === null);
  if (mail?.hasHtml)
    picture.append(element('iframe', { sandbox: '', tabindex: -1, title: campaign, src: `/mail/${id}/html` }));
  else picture.append(element('pre', { text: mail?.text ?? '' }));
}

function showTrouble(text) {
  at('trouble').hidden = text === null;
  at('trouble').textContent = text ?? '';
}

function readAddress() {
  chosen = Object.fromEntries(new URLSearchParams(location.hash.slice(1)));
  json = null;
  at('locale').value = chosen.locale ?? '';
  void refresh();
}

at('campaign').addEventListener('change', () => {
  const { view = 'wide' } = chosen;
  location.hash = new URLSearchParams({ campaign: at('campaign').value, view });
});
for (const event of ['change', 'search']) at('locale').addEventListener(event, chooseLocale);

// A long text is scrolled by keys as well.
at('panel').tabIndex = 0;
document.addEventListener('keydown', onKey);
addEventListener('hashchange', readAddress);
readAddress();
