/** The page's side of the API: what the inbox holds, and when it holds something else. */

const POLL_MS = 1_500;

/** Throws where the server answers with anything but success. */
async function get(path) {
  const answer = await fetch(path);
  if (!answer.ok)
    throw new Error(
      answer.status === 404 ? 'The message is no longer in the inbox.' : `The inbox answered ${answer.status}.`,
    );
  return await answer.json();
}

export const fetchMessage = (id) => get(`/api/messages/${id}`);
export const fetchServer = () => get('/api/server');

export async function clearMessages() {
  await fetch('/api/messages', { method: 'DELETE' });
}

/** The beginning of a message's source; the rest is not transferred. */
export async function fetchSource(id, octets) {
  const answer = await fetch(`/messages/${id}/source`);
  const reader = answer.body.getReader();
  const decoder = new TextDecoder();
  let text = '';
  let read = 0;
  while (read < octets) {
    const { done, value } = await reader.read();
    if (done) break;
    read += value.length;
    text += decoder.decode(value, { stream: true });
  }
  await reader.cancel();
  return text;
}

/**
 * Follows the inbox: `onChange` gets the newest messages at once and after each change, `onTrouble` an error's text
 * while the server is away, and `null` when it is back.
 */
export class InboxFollower {
  #search = '';
  #tag = '';
  #timer = 0;
  #asked = 0;

  constructor({ onChange, onTrouble }) {
    this.onChange = onChange;
    this.onTrouble = onTrouble;
    document.addEventListener('visibilitychange', () => document.hidden || this.poll());
  }

  get search() {
    return this.#search;
  }

  set search(text) {
    this.#search = text;
    this.#tag = '';
    this.poll();
  }

  /** Asks now, and again and again while the page is visible. */
  async poll() {
    clearTimeout(this.#timer);
    const asked = ++this.#asked;
    try {
      const answer = await fetch(this.#path(), { headers: this.#tag ? { 'If-None-Match': this.#tag } : {} });
      // An older question's answer is for another search.
      if (asked !== this.#asked) return;
      if (answer.status === 200) {
        const listing = await answer.json();
        if (asked !== this.#asked) return;
        this.#tag = answer.headers.get('ETag');
        this.onChange(listing);
      }
      this.onTrouble(null);
    } catch {
      if (asked !== this.#asked) return;
      this.#tag = '';
      this.onTrouble('The inbox does not answer. Is it still running?');
    }
    if (!document.hidden) this.#timer = setTimeout(() => this.poll(), POLL_MS);
  }

  older(before) {
    return get(this.#path(before));
  }

  #path(before = 0) {
    const query = new URLSearchParams({ q: this.#search, ...(before ? { before } : {}) });
    return `/api/messages?${query}`;
  }
}
