/** One message: what it is, and the views of it. */
import { conversationPanel } from './conversation.js';
import { counted, element, size, time } from './elements.js';
import { fetchSource } from './inbox.js';
import { linksPanel } from './links.js';
import { tabbed } from './tabs.js';

const SHOWN_SOURCE_OCTETS = 400_000;
const SHOWN_RECIPIENTS = 20;

/** @param {(key: string) => void} onTab */
export function messageView(message, tab, { onTab, onBack }) {
  const files = message.attachments;
  const tabs = [
    message.hasHtml ? { key: 'html', label: 'HTML', panel: () => htmlPanel(message) } : null,
    message.text !== null
      ? { key: 'text', label: 'Text', panel: () => element('pre', { class: 'text', tabindex: 0, text: message.text }) }
      : null,
    message.hasHtml ? { key: 'links', label: 'Links', panel: () => linksPanel(message) } : null,
    { key: 'headers', label: 'Headers', panel: () => headersPanel(message) },
    { key: 'source', label: 'Source', panel: () => sourcePanel(message) },
    files.length > 0
      ? { key: 'attachments', label: 'Attachments', count: files.length, panel: () => attachmentsPanel(message) }
      : null,
    { key: 'conversation', label: 'SMTP conversation', panel: () => conversationPanel(message.conversation) },
  ].filter((entry) => entry !== null);
  const view = element(
    'div',
    { class: 'message' },
    element('button', { class: 'back', type: 'button', text: '← Messages', onclick: onBack }),
    heading(message),
    message.problem
      ? element('p', {
          class: 'problem',
          role: 'alert',
          text: `This message cannot be read as MIME: ${message.problem}`,
        })
      : null,
    tabbed(tabs, tab, onTab),
  );
  return view;
}

function heading(message) {
  const { session } = message;
  const security = session.tls
    ? element('span', { class: 'chip good', title: session.tls, text: session.tls.split(' ')[0] })
    : element('span', { class: 'chip', text: 'no TLS' });
  return element(
    'header',
    { class: 'heading' },
    element('h2', { text: message.subject || '(no subject)' }),
    element(
      'dl',
      {},
      ...field('From', message.from || '(none)'),
      ...field('To', message.to || '(none)'),
      ...field('Envelope', envelope(message)),
    ),
    element(
      'p',
      { class: 'chips' },
      time(message.at, new Date(message.at).toLocaleString()),
      element('span', { class: 'chip', text: size(message.octets), title: counted(message.octets, 'octet') }),
      security,
      element('span', { class: 'chip', text: session.user ? `AUTH ${session.user}` : 'no AUTH' }),
      element('span', { class: 'chip', title: 'client', text: clientOf(session) }),
    ),
  );
}

function clientOf({ clientName, client }) {
  const address = `[${client}]`;
  return clientName === '' || clientName === address ? address : `${clientName} ${address}`;
}

function field(name, value) {
  return [element('dt', { text: name }), element('dd', { text: value })];
}

function envelope({ reversePath, forwardPaths }) {
  const shown = forwardPaths.slice(0, SHOWN_RECIPIENTS).map((path) => `<${path}>`);
  const more = forwardPaths.length - shown.length;
  return `<${reversePath}> → ${shown.join(', ')}${more > 0 ? ` and ${more} more` : ''}`;
}

function htmlPanel(message) {
  const frame = element('iframe', {
    sandbox: '',
    title: `HTML of ${message.subject || 'the message'}`,
    src: `/messages/${message.id}/html`,
    referrerpolicy: 'no-referrer',
  });
  const stage = element('div', { class: 'stage' }, frame);
  const widths = [
    ['wide', 'Full width'],
    ['phone', 'Phone'],
  ].map(([width, label]) =>
    element('button', {
      type: 'button',
      'aria-pressed': String(width === 'wide'),
      text: label,
      onclick: (event) => {
        stage.classList.toggle('phone', width === 'phone');
        for (const button of widths) button.setAttribute('aria-pressed', String(button === event.currentTarget));
      },
    }),
  );
  const note = element('span', { class: 'hint', text: 'No scripts, no remote images; links are listed under Links.' });
  return element(
    'div',
    { class: 'html' },
    element('div', { class: 'tools', role: 'group', 'aria-label': 'Width' }, ...widths, note),
    stage,
  );
}

function headersPanel({ headers }) {
  const rows = headers.map(({ name, value }) =>
    element('tr', {}, element('th', { scope: 'row', text: name }), element('td', { text: value })),
  );
  return element(
    'div',
    { class: 'scroll', tabindex: 0 },
    element('table', { class: 'headers' }, element('tbody', {}, ...rows)),
  );
}

function sourcePanel({ id, octets }) {
  const pre = element('pre', { tabindex: 0, text: 'Loading…' });
  const save = element('a', {
    class: 'button',
    href: `/messages/${id}/source?download`,
    download: true,
    text: 'Save as .eml',
  });
  const note =
    octets > SHOWN_SOURCE_OCTETS
      ? element('span', { class: 'hint', text: `The first ${size(SHOWN_SOURCE_OCTETS)} of ${size(octets)}.` })
      : null;
  fetchSource(id, SHOWN_SOURCE_OCTETS).then(
    (text) => {
      pre.textContent = text;
    },
    () => {
      pre.textContent = 'The source cannot be read.';
    },
  );
  return element('div', { class: 'source' }, element('div', { class: 'tools' }, save, note), pre);
}

function attachmentsPanel({ id, attachments }) {
  const rows = attachments.map((file) =>
    element(
      'li',
      {},
      element('span', { class: 'kind', 'aria-hidden': 'true', text: kindOf(file) }),
      element('span', { class: 'name', text: file.name }),
      element('span', {
        class: 'hint',
        text: [file.type, size(file.octets), file.inline ? 'inline' : ''].filter(Boolean).join(' · '),
      }),
      element('a', {
        class: 'button',
        href: `/messages/${id}/part/${file.part}`,
        download: file.name,
        'aria-label': `Save ${file.name}`,
        text: 'Save',
      }),
    ),
  );
  return element('div', { class: 'scroll' }, element('ul', { class: 'attachments' }, ...rows));
}

function kindOf({ name, type }) {
  const extension = /\.([A-Za-z0-9]{1,4})$/.exec(name)?.[1] ?? type.split('/')[1] ?? '';
  return extension.slice(0, 4).toUpperCase();
}
