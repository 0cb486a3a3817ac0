/** The SMTP conversation: who said what, and how long the other took to answer. */
import { counted, element } from './elements.js';

const SPEAKERS = { client: ['C', 'client'], server: ['S', 'server'], note: ['·', 'note'] };

export function conversationPanel(conversation) {
  if (!conversation) return element('p', { class: 'hint', text: 'Nothing was recorded of this message’s delivery.' });
  const { opening, transaction } = conversation;
  const start = (opening[0] ?? transaction[0])?.at ?? 0;
  return element(
    'div',
    { class: 'conversation' },
    part('Session opening', opening, start),
    part('Mail transaction', transaction, start),
  );
}

function part(title, lines, start) {
  if (lines.length === 0) return null;
  const took = lines[lines.length - 1].at - lines[0].at;
  return element(
    'section',
    {},
    element(
      'h3',
      {},
      document.createTextNode(title),
      element('span', { text: `${counted(lines.length, 'line')}, ${took} ms` }),
    ),
    element('ol', {}, ...lines.map((line) => lineRow(line, start))),
  );
}

function lineRow({ at, by, text }, start) {
  const [letter, name] = SPEAKERS[by] ?? SPEAKERS.note;
  return element(
    'li',
    { class: `${name} ${by === 'server' ? `reply-${text[0]}` : ''}` },
    element('span', { class: 'when', text: `+${at - start} ms` }),
    element('span', { class: 'who', 'aria-label': name, text: letter }),
    element('code', {}, ...marked(text)),
  );
}

/** What stands for something that is not shown looks different from what was said. */
function marked(text) {
  return text
    .split(/(<secret>|<mail data, \d+ octets>|<\d+ octets that are not a command>|<lines left out>)/)
    .filter((piece) => piece !== '')
    .map((piece, place) =>
      place % 2 === 1 || /^<(secret|mail data|\d|lines)/.test(piece)
        ? element('em', { text: piece })
        : document.createTextNode(piece),
    );
}
