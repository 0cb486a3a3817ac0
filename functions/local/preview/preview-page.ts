/**
 * The preview as a web page for the people at this machine.
 *
 *     GET /                          the page
 *     GET /api/campaigns             names of the campaigns that can be chosen
 *     GET /api/rows?campaign=&q=&after=      { rows, more, problem }: rows of the audience by address or name
 *     GET /api/mail?campaign=&row=7  (or sample, or json={…}; locale=es on top) the mail, and what is wrong with it
 *     GET /api/changes               server-sent events: `changed` whenever a file was saved
 *     GET /mail/3/html               the HTML of a mail that was shown, for the sandboxed frame
 *     GET /mail/3/source             its octets; ?download saves them
 *     GET /mail/3/part/0             an image within it
 *
 * It listens on loopback only, answers to its own names only, changes nothing and sends nothing anywhere.
 */
import { readFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { Email } from 'postal-mime';
import { closeServer, listenOn } from '../inbox/listening.ts';
import { CLOSED_POLICY, EVERY_ANSWER, messagePolicy, ownHosts, PAGE_POLICY } from '../inbox/page-guard.ts';
import { watchFiles } from './changes.ts';
import { contentOf, frameHtml, parseMail, viewOf } from './mail-view.ts';
import type { PreviewSource } from './source.ts';

export interface PreviewPage {
  readonly url: string;
  close(): Promise<void>;
}

const HTML = 'text/html; charset=utf-8';
const CSS = 'text/css; charset=utf-8';
const SCRIPT = 'text/javascript; charset=utf-8';
const FILES: Readonly<Record<string, readonly [file: string, type: string]>> = {
  '/': ['./page/index.html', HTML],
  '/theme.css': ['../inbox/page/theme.css', CSS],
  '/layout.css': ['./page/layout.css', CSS],
  '/mail.css': ['./page/mail.css', CSS],
  '/icon.svg': ['../inbox/page/icon.svg', 'image/svg+xml'],
  '/elements.js': ['../inbox/page/elements.js', SCRIPT],
  ...Object.fromEntries(
    ['main', 'server', 'recipients', 'views', 'problems', 'keys'].map((name) => [
      `/${name}.js`,
      [`./page/${name}.js`, SCRIPT] as const,
    ]),
  ),
};

/** A page asks for the frame, the source and the images of what it shows; so do the campaigns to choose from. */
const KEPT_MAILS = 32;

/** @param port 0 for any that is free. @throws InboxError when the port is taken */
export async function startPreviewPage(source: PreviewSource, port: number): Promise<PreviewPage> {
  const answers = new Answers(source);
  const server = createServer((request, response) => void answers.answer(request, response));
  const taken = await listenOn(server, '127.0.0.1', port);
  answers.hosts = ownHosts(taken);
  const endWatching = await watchFiles(source.watched, () => answers.tellChange());
  return {
    url: `http://127.0.0.1:${taken}/`,
    close: () => {
      endWatching();
      return closeServer(server);
    },
  };
}

class Answers {
  hosts: ReadonlySet<string> = new Set();
  readonly #source: PreviewSource;
  readonly #listeners = new Set<ServerResponse>();
  readonly #mails = new Map<number, { readonly octets: Uint8Array; readonly email: Email }>();
  #last = 0;

  constructor(source: PreviewSource) {
    this.#source = source;
  }

  tellChange(): void {
    for (const listener of this.#listeners) listener.write('event: changed\ndata:\n\n');
  }

  async answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    try {
      const host = request.headers.host ?? '';
      if (!this.hosts.has(host)) return plain(response, 421, 'This page answers to 127.0.0.1 and localhost only.');
      if (!/^\/(?!\/)/.test(request.url ?? '')) return plain(response, 400, 'A path is wanted.');
      if (request.method !== 'GET') return plain(response, 405, 'This page answers to GET.');
      await this.#get(new URL(request.url ?? '/', `http://${host}`), response);
    } catch (error) {
      if (response.headersSent) response.destroy();
      else plain(response, 500, this.#source.explain(error));
    }
  }

  async #get(url: URL, response: ServerResponse): Promise<void> {
    const [file, type] = FILES[url.pathname] ?? [];
    if (file !== undefined && type !== undefined)
      return send(response, type, await readFile(new URL(file, import.meta.url)), PAGE_POLICY);
    if (url.pathname === '/api/changes') return this.#listen(response);
    if (url.pathname === '/api/campaigns') return json(response, await this.#source.campaigns());
    if (url.pathname === '/api/rows') return await this.#rows(url, response);
    if (url.pathname === '/api/mail') return await this.#mail(url, response);
    const [, id, what, part] = /^\/mail\/(\d{1,9})\/(html|source|part\/(\d{1,4}))$/.exec(url.pathname) ?? [];
    const mail = this.#mails.get(Number(id));
    if (mail === undefined) return plain(response, 404, 'There is no such page.');
    const partUrl = `${url.origin}/mail/${id}/part/`;
    if (what === 'source') return sendSource(response, mail.octets, url.searchParams.has('download'));
    if (what === 'html') return sendFrame(response, frameHtml(mail.email, partUrl), partUrl);
    const image = mail.email.attachments[Number(part)];
    if (image === undefined || !/^image\/[\w.+-]+$/.test(image.mimeType))
      return plain(response, 404, 'There is no such image.');
    send(response, image.mimeType, contentOf(image), CLOSED_POLICY);
  }

  #listen(response: ServerResponse): void {
    response.writeHead(200, { ...EVERY_ANSWER, 'Content-Type': 'text/event-stream' });
    response.write('retry: 500\n\n');
    this.#listeners.add(response);
    response.on('close', () => this.#listeners.delete(response));
  }

  async #rows({ searchParams }: URL, response: ServerResponse): Promise<void> {
    const after = Number(searchParams.get('after') ?? 0);
    const query = { search: searchParams.get('q') ?? '', after: Number.isSafeInteger(after) ? after : 0 };
    try {
      json(response, { ...(await this.#source.rows(searchParams.get('campaign') ?? '', query)), problem: null });
    } catch (error) {
      json(response, { rows: [], more: false, problem: this.#source.explain(error) });
    }
  }

  async #mail({ searchParams }: URL, response: ServerResponse): Promise<void> {
    const text = (name: string): string | null => searchParams.get(name) || null;
    const row = /^\d{1,9}$/.test(text('row') ?? '') ? Number(text('row')) : null;
    const choice = { row, isSample: searchParams.has('sample'), json: text('json'), locale: text('locale') };
    const { octets, ...shown } = await this.#source.mail(text('campaign') ?? '', choice);
    if (octets === null) return json(response, { ...shown, id: null, mail: null });
    const email = await parseMail(octets);
    const id = ++this.#last;
    this.#mails.set(id, { octets, email });
    this.#mails.delete(id - KEPT_MAILS);
    json(response, { ...shown, id, mail: viewOf(email, octets) });
  }
}

/** As octets: a browser told of a character set would show them by it. */
function sendSource(response: ServerResponse, octets: Uint8Array, isSaved: boolean): void {
  if (isSaved) response.setHeader('Content-Disposition', 'attachment; filename="preview.eml"');
  send(response, isSaved ? 'message/rfc822' : 'application/octet-stream', octets, CLOSED_POLICY);
}

/** Its own origin lets the page keep the place to which somebody has scrolled; nothing lets it run a script. */
function sendFrame(response: ServerResponse, html: string | null, partUrl: string): void {
  const policy = messagePolicy(partUrl).replace(/sandbox$/, 'sandbox allow-same-origin');
  if (html === null) plain(response, 404, 'This mail has no HTML.');
  else send(response, HTML, Buffer.from(html), policy);
}

function send(response: ServerResponse, type: string, content: Uint8Array, policy: string): void {
  response.writeHead(200, { ...EVERY_ANSWER, 'Content-Type': type, 'Content-Security-Policy': policy }).end(content);
}

function json(response: ServerResponse, value: unknown): void {
  send(response, 'application/json', Buffer.from(JSON.stringify(value)), CLOSED_POLICY);
}

function plain(response: ServerResponse, status: number, text: string): void {
  response.writeHead(status, { ...EVERY_ANSWER, 'Content-Type': 'text/plain; charset=utf-8' }).end(`${text}\n`);
}
