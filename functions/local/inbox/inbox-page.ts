/**
 * The inbox as a web page for the people at this machine.
 *
 *     GET    /                          the page
 *     GET    /api/server                { smtp: { host, startTlsPort, implicitTlsPort } | null }
 *     GET    /api/messages?q=&before=&limit=
 *                                       { total, messages: [newest first], next }; `next` is the next page's `before`.
 *                                       Has an ETag: with If-None-Match, 304 while the inbox holds the same messages
 *     DELETE /api/messages              removes them all; from the page's own origin only
 *     GET    /api/messages/7            one message: envelope, session, headers, text, attachments, conversation
 *     GET    /messages/7/html           its HTML, to be shown in a sandboxed frame
 *     GET    /messages/7/source         its octets as text; with ?download as a file
 *     GET    /messages/7/part/0         an attachment or inline image, to be saved
 *
 * It listens on loopback only, answers to its own names only, and sends nothing anywhere.
 */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { pipeline } from 'node:stream/promises';
import { savedAs } from './attachment-name.ts';
import type { EmbeddedServer } from './embedded-server.ts';
import { InboxError } from './inbox-error.ts';
import type { InboxStore } from './inbox-store.ts';
import type { StoredMessage } from './incoming-message.ts';
import { closeServer, isLoopback, listenOn } from './listening.ts';
import { fileName } from './message-file.ts';
import { MessageViews } from './message-view.ts';
import { type PageFile, readPageFiles } from './page-files.ts';
import { CLOSED_POLICY, EVERY_ANSWER, isSameOrigin, messagePolicy, ownHosts, PAGE_POLICY } from './page-guard.ts';

export interface InboxPageOptions {
  readonly store: InboxStore;
  /** Default `127.0.0.1`; loopback only. */
  readonly host?: string;
  /** Default 0: any that is free. */
  readonly port?: number;
  /** The server whose mail it shows: an empty inbox says where to send. Never its password. */
  readonly server?: Pick<EmbeddedServer, 'host' | 'startTlsPort' | 'implicitTlsPort'>;
}

export interface InboxPage {
  readonly port: number;
  /** What to open in a browser: `http://127.0.0.1:8025/`. */
  readonly url: string;
  close(): Promise<void>;
}

/** @throws InboxError when the host is not loopback, or the port is taken */
export async function startInboxPage(options: InboxPageOptions): Promise<InboxPage> {
  const { host = '127.0.0.1', port: wanted = 0 } = options;
  if (!isLoopback(host)) throw new InboxError(`Cannot show the inbox on ${host}: a loopback address is wanted`);
  const answers = new Answers(options, await readPageFiles());
  const server = createServer((request, response) => void answers.answer(request, response));
  const port = await listenOn(server, host, wanted);
  answers.hosts = ownHosts(port);
  return { port, url: `http://${host.includes(':') ? `[${host}]` : host}:${port}/`, close: () => closeServer(server) };
}

type Headers = Readonly<Record<string, string>>;

class Answers {
  hosts: ReadonlySet<string> = new Set();
  readonly #store: InboxStore;
  readonly #views: MessageViews;
  readonly #options: InboxPageOptions;
  readonly #files: ReadonlyMap<string, PageFile>;

  constructor(options: InboxPageOptions, files: ReadonlyMap<string, PageFile>) {
    this.#options = options;
    this.#store = options.store;
    this.#views = new MessageViews(options.store);
    this.#files = files;
  }

  async answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    try {
      const host = request.headers.host ?? '';
      if (!this.hosts.has(host)) return plain(response, 421, 'This page answers to 127.0.0.1 and localhost only.');
      // `//other.example/` would be taken for another origin below.
      if (!/^\/(?!\/)/.test(request.url ?? '')) return plain(response, 400, 'A path is wanted.');
      const url = new URL(request.url ?? '/', `http://${host}`);
      if (request.method === 'GET' || request.method === 'HEAD') return await this.#get(url, request, response);
      if (request.method === 'DELETE' && url.pathname === '/api/messages') return await this.#clear(request, response);
      plain(response, 405, 'This page answers to GET and HEAD.', { Allow: 'GET, HEAD' });
    } catch {
      // Whatever it was, the reader learns nothing of this machine from it.
      if (response.headersSent) response.destroy();
      else plain(response, 500, 'The inbox could not answer.');
    }
  }

  async #get(url: URL, request: IncomingMessage, response: ServerResponse): Promise<void> {
    const file = this.#files.get(url.pathname);
    if (file) return send(response, 200, file.type, file.content, { 'Content-Security-Policy': PAGE_POLICY });
    if (url.pathname === '/api/server') return json(response, { smtp: this.#smtp() });
    if (url.pathname === '/api/messages') return await this.#list(url, request, response);
    const [, place, number, part] = /^\/(api\/messages|messages)\/(\d{1,15})(\/.*)?$/.exec(url.pathname) ?? [];
    const message = number === undefined ? null : await this.#store.find(Number(number));
    if (!message) return plain(response, 404, 'There is no such message.');
    if (place === 'api/messages' && part === undefined) return await this.#message(message, response);
    if (place === 'messages' && part === '/html') return await this.#html(message, url, response);
    if (place === 'messages' && part === '/source') return await this.#source(message, url, response);
    const [, partNumber] = /^\/part\/(\d{1,5})$/.exec(part ?? '') ?? [];
    if (place === 'messages' && partNumber) return await this.#part(message, Number(partNumber), response);
    plain(response, 404, 'There is no such page.');
  }

  #smtp(): InboxPageOptions['server'] | null {
    const { server } = this.#options;
    if (!server) return null;
    return { host: server.host, startTlsPort: server.startTlsPort, implicitTlsPort: server.implicitTlsPort };
  }

  async #list(url: URL, request: IncomingMessage, response: ServerResponse): Promise<void> {
    const tag = `"${await this.#store.version()}"`;
    if (request.headers['if-none-match'] === tag) {
      response.writeHead(304, { ...EVERY_ANSWER, ETag: tag }).end();
      return;
    }
    const before = numberIn(url, 'before');
    const { total, messages, next } = await this.#store.list({
      search: url.searchParams.get('q') ?? '',
      limit: numberIn(url, 'limit') ?? 100,
      ...(before === null ? {} : { before }),
    });
    json(response, { total, messages: messages.map(rowOf), next }, { ETag: tag });
  }

  async #message(message: StoredMessage, response: ServerResponse): Promise<void> {
    const [view, conversation] = await Promise.all([
      this.#views.view(message.id),
      this.#store.conversation(message.id),
    ]);
    if (!view) return plain(response, 404, 'There is no such message.');
    json(response, { ...message, ...view, conversation });
  }

  async #html(message: StoredMessage, url: URL, response: ServerResponse): Promise<void> {
    const partUrl = `${url.origin}/messages/${message.id}/part/`;
    const html = await this.#views.html(message.id, partUrl);
    if (html === null) return plain(response, 404, 'The message has no HTML.');
    send(response, 200, 'text/html; charset=utf-8', html, { 'Content-Security-Policy': messagePolicy(partUrl) });
  }

  async #source(message: StoredMessage, url: URL, response: ServerResponse): Promise<void> {
    const download = url.searchParams.has('download');
    response.writeHead(200, {
      ...EVERY_ANSWER,
      'Content-Type': download ? 'message/rfc822' : 'text/plain; charset=utf-8',
      'Content-Length': message.octets,
      'Content-Security-Policy': CLOSED_POLICY,
      ...(download ? { 'Content-Disposition': savedAs(fileName(message.id, 'eml')) } : {}),
    });
    // Rejects when the reader goes away, or the message does.
    await pipeline(this.#store.stream(message.id), response);
  }

  async #part(message: StoredMessage, place: number, response: ServerResponse): Promise<void> {
    const part = await this.#views.part(message.id, place);
    if (!part) return plain(response, 404, 'The message has no such part.');
    send(response, 200, shownType(part.type), part.content, {
      'Content-Security-Policy': CLOSED_POLICY,
      // An image in a page is shown in spite of this; whoever opens its URL gets a file.
      'Content-Disposition': savedAs(part.name),
    });
  }

  async #clear(request: IncomingMessage, response: ServerResponse): Promise<void> {
    if (!isSameOrigin(request)) return plain(response, 403, 'Only the page itself may clear the inbox.');
    await this.#store.clear();
    json(response, { total: 0 });
  }
}

const SHOWN_RECIPIENTS = 3;

/** What the list shows of a message; the envelope of a mail to thousands stays out of it. */
function rowOf(message: StoredMessage): object {
  const { id, at, from, to, subject, octets, hasHtml, hasAttachment, reversePath, forwardPaths } = message;
  const recipients = forwardPaths.slice(0, SHOWN_RECIPIENTS);
  const recipientCount = forwardPaths.length;
  return { id, at, from, to, subject, octets, hasHtml, hasAttachment, reversePath, recipients, recipientCount };
}

/** Images keep their type; anything else is octets. */
function shownType(type: string): string {
  return /^image\/(png|jpeg|gif|webp|avif|bmp|svg\+xml)$/.test(type) ? type : 'application/octet-stream';
}

function numberIn(url: URL, name: string): number | null {
  const text = url.searchParams.get(name) ?? '';
  return /^[1-9]\d{0,14}$/.test(text) ? Number(text) : null;
}

function json(response: ServerResponse, value: unknown, headers: Headers = {}): void {
  send(response, 200, 'application/json', JSON.stringify(value), {
    'Content-Security-Policy': CLOSED_POLICY,
    'Cross-Origin-Resource-Policy': 'same-origin',
    ...headers,
  });
}

function plain(response: ServerResponse, status: number, text: string, headers: Headers = {}): void {
  send(response, status, 'text/plain; charset=utf-8', `${text}\n`, {
    'Content-Security-Policy': CLOSED_POLICY,
    ...headers,
  });
}

function send(
  response: ServerResponse,
  status: number,
  type: string,
  body: string | Uint8Array,
  headers: Headers,
): void {
  response.writeHead(status, {
    ...EVERY_ANSWER,
    'Content-Type': type,
    'Content-Length': Buffer.byteLength(body),
    ...headers,
  });
  response.end(body);
}
