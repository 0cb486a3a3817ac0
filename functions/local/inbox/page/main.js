/** The page's own story: follow the inbox, show the message that the address names. */
import { counted, element } from './elements.js';
import { clearMessages, fetchMessage, fetchServer, InboxFollower } from './inbox.js';
import { MessageList } from './list.js';
import { messageView } from './message.js';

const at = (id) => document.getElementById(id);
const [panes, status, search, older, clear, nothing, pane] = [
  'panes',
  'status',
  'search',
  'older',
  'clear',
  'no-messages',
  'message',
].map(at);
const list = new MessageList(at('messages'));

let total = 0;
/** `before` of the messages that are not shown yet, or null. */
let next = null;
/** The message that is shown, and the tab that was chosen last. */
let shown = 0;
let tab = 'html';

const follower = new InboxFollower({ onChange: showListing, onTrouble: showTrouble });

function showListing(listing) {
  const grown = listing.total >= total;
  const hadOlder = grown && list.items.length > 0;
  const oldest = list.items.at(-1)?.id;
  list.showNewest(listing.messages, grown);
  // What was loaded below the newest window stays, and so does where it ends.
  if (!hadOlder || list.items.at(-1)?.id !== oldest) next = listing.next;
  total = listing.total;
  showCounts();
}

function showCounts() {
  const found = list.items.length;
  status.textContent =
    follower.search === ''
      ? counted(total, 'message')
      : `${counted(found, 'match').replace('matchs', 'matches')} of ${total.toLocaleString()}`;
  document.title = total > 0 ? `(${total}) Cartero inbox` : 'Cartero inbox';
  clear.disabled = total === 0;
  older.hidden = next === null;
  older.textContent = follower.search === '' ? 'Show older messages' : 'Search older messages';
  nothing.hidden = found > 0;
  nothing.classList.toggle('searching', follower.search !== '');
}

function showTrouble(text) {
  status.classList.toggle('trouble', text !== null);
  if (text !== null) status.textContent = text;
  else if (status.textContent.includes('?')) showCounts();
}

async function showAddressed() {
  const id = Number(/^#(\d+)/.exec(location.hash)?.[1] ?? 0);
  shown = id;
  list.select(id);
  panes.classList.toggle('reading', id > 0);
  if (id === 0) return pane.replaceChildren(element('p', { class: 'hint pick', text: 'Choose a message to read it.' }));
  try {
    const message = await fetchMessage(id);
    if (shown !== id) return;
    const view = messageView(message, tab, {
      onTab: (key) => {
        tab = key;
      },
      onBack: backToList,
    });
    pane.replaceChildren(view);
  } catch (error) {
    if (shown === id) pane.replaceChildren(element('p', { class: 'hint pick', role: 'alert', text: error.message }));
  }
}

function backToList() {
  const id = shown;
  location.hash = '';
  list.focus(id);
}

async function showHowToSend() {
  const { smtp } = await fetchServer();
  nothing.append(
    element('p', { class: 'searched', text: 'No message matches.' }),
    element('p', { class: 'empty', text: 'No mail yet. It appears here as it comes.' }),
  );
  if (!smtp) return;
  nothing.append(
    element(
      'dl',
      { class: 'empty' },
      element('dt', { text: 'STARTTLS' }),
      element('dd', {}, element('code', { text: `smtp://${smtp.host}:${smtp.startTlsPort}` })),
      element('dt', { text: 'Implicit TLS' }),
      element('dd', {}, element('code', { text: `smtps://${smtp.host}:${smtp.implicitTlsPort}` })),
    ),
  );
}

let typing = 0;
search.addEventListener('input', () => {
  clearTimeout(typing);
  typing = setTimeout(() => {
    list.showNewest([], false);
    follower.search = search.value.trim();
  }, 150);
});
at('search-form').addEventListener('submit', (event) => {
  event.preventDefault();
  list.focus();
});

older.addEventListener('click', async () => {
  const listing = await follower.older(next);
  list.append(listing.messages);
  next = listing.next;
  showCounts();
});

clear.addEventListener('click', async () => {
  if (!confirm(`Remove ${counted(total, 'message')} for good?`)) return;
  await clearMessages();
  location.hash = '';
  follower.poll();
});

document.addEventListener('keydown', (event) => {
  if (event.key === '/' && document.activeElement !== search && !event.ctrlKey && !event.metaKey) {
    search.focus();
    event.preventDefault();
  }
  if (event.key === 'Escape' && document.activeElement === search) list.focus();
  else if (event.key === 'Escape' && shown > 0) backToList();
});

addEventListener('hashchange', showAddressed);
showAddressed();
showHowToSend();
follower.poll();
