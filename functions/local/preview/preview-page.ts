/**
 * The preview as a web page for the people at this machine.
 *
 *     GET /                          the page
 *     GET /api/rows?q=&after=        { rows, more }: rows of the audience by address
 *     GET /api/mail?row=7            (or sample, or json={…}; locale=es on top) { id, mail } or { problem }
 *     GET /api/changes               server-sent events: `changed` whenever a file was saved
 *     GET /mail/3/html               the HTML of a mail that was shown, for the sandboxed frame
 *     GET /mail/3/source             its octets as text
 *     GET /mail/3/part/0             an image within it
 *
 * It listens on loopback only, answers to its own names only, changes nothing and sends nothing anywhere.
 */
import { readFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { Email } from 'postal-mime';
import { listenOn } from '../inbox/listening.ts';
import { CLOSED_POLICY, EVERY_ANSWER, messagePolicy, ownHosts, PAGE_POLICY } from '../inbox/page-guard.ts';
import { watchFolders } from './changes.ts';
import { contentOf, frameHtml, parseMail, viewOf } from './mail-view.ts';
import type { FoundRow } from './row-search.ts';

/** Whose mail: a row of the audience from 1, what somebody typed, or the campaign's sample. */
export interface Choice {
  readonly row: number | null;
  readonly json: string | null;
  /** In place of the row's own. */
  readonly locale: string | null;
}

export interface PreviewSource {
  readonly campaign: string;
  /** Whatever lies below them is watched. */
  readonly folders: readonly string[];
  /** The octets as they would be sent. Rejects with an error whose message is for the reader. */
  compose(choice: Choice): Promise<Uint8Array>;
  rows(query: {
    readonly search: string;
    readonly after: number;
  }): Promise<{ readonly rows: readonly FoundRow[]; readonly more: boolean }>;
  /** What is wrong, in words. */
  explain(error: unknown): string;
}

export interface PreviewPage {
  readonly url: string;
  close(): Promise<void>;
}

const FILES: Readonly<Record<string, readonly [file: string, type: string]>> = {
  '/': ['./page/index.html', 'text/html; charset=utf-8'],
  '/theme.css': ['../inbox/page/theme.css', 'text/css; charset=utf-8'],
  '/preview.css': ['./page/preview.css', 'text/css; charset=utf-8'],
  '/icon.svg': ['../inbox/page/icon.svg', 'image/svg+xml'],
  '/elements.js': ['../inbox/page/elements.js', 'text/javascript; charset=utf-8'],
  '/main.js': ['./page/main.js', 'text/javascript; charset=utf-8'],
};

/** A page asks for the frame, the source and the images of what it shows. */
const KEPT_MAILS = 8;

/** @param port 0 for any that is free. @throws InboxError when the port is taken */
export async function startPreviewPage(source: PreviewSource, port: number): Promise<PreviewPage> {
  const answers = new Answers(source);
  const server = createServer((request, response) => void answers.answer(request, response));
  const taken = await listenOn(server, '127.0.0.1', port);
  answers.hosts = ownHosts(taken);
  const endWatching = watchFolders(source.folders, () => answers.tellChange());
  return {
    url: `http://127.0.0.1:${taken}/`,
    close: () => {
      endWatching();
      return new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      });
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
    } catch {
      if (response.headersSent) response.destroy();
      else plain(response, 500, 'The preview could not answer.');
    }
  }

  async #get(url: URL, response: ServerResponse): Promise<void> {
    const [file, type] = FILES[url.pathname] ?? [];
    if (file !== undefined && type !== undefined)
      return send(response, type, await readFile(new URL(file, import.meta.url)), PAGE_POLICY);
    if (url.pathname === '/api/changes') return this.#listen(response);
    if (url.pathname === '/api/rows') return await this.#rows(url, response);
    if (url.pathname === '/api/mail') return await this.#compose(url, response);
    const [, id, what, part] = /^\/mail\/(\d{1,9})\/(html|source|part\/(\d{1,4}))$/.exec(url.pathname) ?? [];
    const mail = this.#mails.get(Number(id));
    if (mail === undefined) return plain(response, 404, 'There is no such page.');
    if (what === 'source') return send(response, 'text/plain; charset=utf-8', mail.octets, CLOSED_POLICY);
    const partUrl = `${url.origin}/mail/${id}/part/`;
    if (what === 'html') {
      const html = frameHtml(mail.email, partUrl);
      if (html === null) return plain(response, 404, 'This mail has no HTML.');
      return send(response, 'text/html; charset=utf-8', Buffer.from(html), messagePolicy(partUrl));
    }
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

  async #rows(url: URL, response: ServerResponse): Promise<void> {
    const after = Number(url.searchParams.get('after') ?? 0);
    const search = url.searchParams.get('q') ?? '';
    try {
      json(response, await this.#source.rows({ search, after: Number.isSafeInteger(after) ? after : 0 }));
    } catch (error) {
      json(response, { rows: [], more: false, problem: this.#source.explain(error) });
    }
  }

  async #compose(url: URL, response: ServerResponse): Promise<void> {
    const { campaign } = this.#source;
    const text = (name: string): string | null => url.searchParams.get(name) || null;
    const row = /^\d{1,9}$/.test(text('row') ?? '') ? Number(text('row')) : null;
    try {
      const octets = await this.#source.compose({ row, json: text('json'), locale: text('locale') });
      const email = await parseMail(octets);
      const id = ++this.#last;
      this.#mails.set(id, { octets, email });
      this.#mails.delete(id - KEPT_MAILS);
      json(response, { campaign, id, mail: viewOf(email, octets.byteLength) });
    } catch (error) {
      json(response, { campaign, problem: this.#source.explain(error) });
    }
  }
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
