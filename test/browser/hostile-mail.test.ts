/** A message that tries everything: no script runs, and nothing is asked of anybody but the inbox itself. */
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type InboxPage, InboxStore, startInboxPage } from '../../functions/local/inbox/mod.ts';
import { addMessage, mail } from '../local/inbox/messages.ts';
import { launchChromium } from './chromium.ts';

/** Where hostile mail wants the browser to go. */
class Trap {
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  connections = 0;
  octets = 0;

  private constructor(server: Server) {
    this.#server = server.on('connection', (socket) => {
      this.connections++;
      this.#sockets.add(socket);
      socket.on('error', () => {});
      socket.on('data', (chunk) => {
        this.octets += chunk.length;
        socket.end('HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n');
      });
    });
  }

  static async open(): Promise<Trap> {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return new Trap(server);
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  close(): void {
    this.#server.close();
    for (const socket of this.#sockets) socket.destroy();
  }
}

/** An inbox with a page open on it, and a record of all that should not happen. */
class Scene {
  readonly store: InboxStore;
  readonly inbox: InboxPage;
  readonly trap: Trap;
  readonly page: Page;
  readonly #folder: string;
  readonly #dialogs: string[] = [];
  /** Requests to others that were answered. */
  readonly #left: string[] = [];

  private constructor(folder: string, store: InboxStore, inbox: InboxPage, trap: Trap, page: Page) {
    this.#folder = folder;
    this.store = store;
    this.inbox = inbox;
    this.trap = trap;
    this.page = page;
    // What a policy stopped fails; what went out and failed all the same, the trap has seen.
    page.context().on('requestfinished', (request) => this.#note(request.url()));
    page.context().on('dialog', (dialog) => {
      this.#dialogs.push(dialog.message());
      void dialog.dismiss();
    });
  }

  static async open(browser: Browser): Promise<Scene> {
    const folder = await mkdtemp(join(tmpdir(), 'inbox-'));
    const store = await InboxStore.open(folder);
    const context = await browser.newContext();
    return new Scene(folder, store, await startInboxPage({ store }), await Trap.open(), await context.newPage());
  }

  get url(): string {
    return this.inbox.url;
  }

  #note(url: string): void {
    if (!url.startsWith(this.url) && !url.startsWith('data:')) this.#left.push(url);
  }

  /** Time for what a message may have set off: the page asks for its list once more. */
  async settle(): Promise<void> {
    await this.page.waitForResponse((answer) => answer.url().includes('/api/messages?'));
    await this.page.waitForResponse((answer) => answer.url().includes('/api/messages?'));
  }

  async expectHarmless(): Promise<void> {
    await this.settle();
    expect({ left: this.#left, dialogs: this.#dialogs, octets: this.trap.octets }).toEqual({
      left: [],
      dialogs: [],
      octets: 0,
    });
    expect(await this.page.evaluate(() => Reflect.get(globalThis, 'ran') ?? null)).toBeNull();
    expect(new URL(this.page.url()).origin).toBe(new URL(this.url).origin);
  }

  async close(): Promise<void> {
    await this.page.context().close();
    await this.inbox.close();
    this.trap.close();
    await rm(this.#folder, { recursive: true });
  }
}

let browser: Browser;
beforeAll(async () => {
  browser = await launchChromium();
});
afterAll(() => browser.close());

const inScene = (play: (scene: Scene) => Promise<void>) => async (): Promise<void> => {
  const scene = await Scene.open(browser);
  await play(scene).finally(() => scene.close());
};

/** TRAP is the trap's URL, OWN the inbox's, RUN a script that would tell. Each vector has a message of its own. */
const VECTORS: Record<string, string> = {
  'a script': '<script>RUN</script>',
  'a script from elsewhere': '<script src="TRAP/x.js"></script>',
  'a script of the page': '<script type="module" src="OWN/main.js"></script>',
  'event handlers':
    '<img src="x" onerror="RUN"><body onload="RUN"><svg onload="RUN"><details open ontoggle="RUN"><input autofocus onfocus="RUN">',
  'a script within SVG': '<svg xmlns="http://www.w3.org/2000/svg"><script>RUN</script></svg>',
  'SVG that animates a link':
    '<svg><a><animate attributeName="href" to="javascript:RUN"/><text y="20">x</text></a></svg>',
  'SVG that uses another': '<svg><use href="TRAP/x.svg#x"/><image href="TRAP/x.png"/></svg>',
  'remote images':
    '<img src="TRAP/a.png"><img srcset="TRAP/b.png 1x"><picture><source srcset="TRAP/c.png"><img src="data:,"></picture>' +
    '<table background="TRAP/d.png"><tr><td style="background:url(TRAP/e.png)">x</td></tr></table><input type="image" src="TRAP/f.png">',
  'remote styles':
    '<link rel="stylesheet" href="TRAP/a.css"><style>@import "TRAP/b.css"; @font-face{font-family:f;src:url(TRAP/f.woff)} ' +
    'p{font-family:f;background:image-set(url(TRAP/g.png) 1x);cursor:url(TRAP/c.cur),auto}p::after{content:url(TRAP/h.png)}</style><p>x</p>',
  'connections ahead of time': [
    'preconnect',
    'dns-prefetch',
    'prefetch',
    'preload',
    'modulepreload',
    'prerender',
    'icon',
  ]
    .map((rel) => `<link rel="${rel}" as="image" href="TRAP/${rel}">`)
    .join(''),
  'a refresh': '<meta http-equiv="refresh" content="0;url=TRAP/refresh">',
  'a refresh to a script': '<meta http-equiv="refresh" content="0;url=javascript:RUN">',
  'another base': '<base href="TRAP/"><img src="x.png"><script src="x.js"></script>',
  'a policy of its own': '<meta http-equiv="Content-Security-Policy" content="img-src *"><img src="TRAP/x.png">',
  'frames and plug-ins':
    '<iframe src="TRAP/a"></iframe><iframe srcdoc="<script>RUN</script>"></iframe><object data="TRAP/b"></object>' +
    '<embed src="TRAP/c"><portal src="TRAP/e"></portal><fencedframe src="TRAP/f"></fencedframe>',
  media:
    '<video src="TRAP/a" poster="TRAP/b" autoplay></video><audio src="TRAP/c" autoplay></audio><video><track src="TRAP/d" default></video>',
  'a frame of the page itself': '<iframe src="OWN/"></iframe><object data="OWN/api/messages"></object>',
  'an image of the page’s API': '<img src="OWN/api/messages"><img src="OWN/messages/1/source">',
  'an unclosed comment and attribute': '<!--><img src="x" onerror="RUN">--><p title="</p><img src=x onerror=RUN>',
  'a tag that NUL hides': '<li\0nk rel=preconnect href="TRAP/"><scr\0ipt>RUN</scr\0ipt><\0script>RUN</script>',
};

function aimed(scene: Scene, html: string): string {
  const run = `top.ran=1;parent.ran=1;alert(1);fetch('${scene.trap.url}/run')`;
  return html.replaceAll('RUN', run).replaceAll('TRAP', scene.trap.url).replaceAll('OWN/', scene.url);
}

const htmlMail = (scene: Scene, html: string): Buffer =>
  mail('Subject: x', 'Content-Type: text/html; charset=utf-8', '', aimed(scene, html));

describe.concurrent('a message with', () => {
  for (const [name, html] of Object.entries(VECTORS)) {
    test(
      `${name} is harmless in its frame, to the list of links, and in a window of its own`,
      inScene(async (scene) => {
        await addMessage(
          scene.store,
          htmlMail(scene, `<!doctype html><html><head></head><body><p>here</p>${html}</body></html>`),
        );
        const { page } = scene;
        await page.goto(`${scene.url}#1`);
        await page.frameLocator('iframe').getByText('here').waitFor();
        const alone = await page.context().newPage();
        await alone.goto(`${scene.url}messages/1/html`);
        await alone.getByText('here').waitFor();
        await page.getByRole('tab', { name: 'Links' }).click();
        await scene.expectHarmless();
        expect(scene.trap.connections).toBe(0);
        expect(alone.url()).toBe(`${scene.url}messages/1/html`);
      }),
    );
  }

  // Where a link names its own frame, Chromium connects on the click, before it asks the policy; nothing is sent.
  for (const [label, html] of [
    ['plain', '<a href="TRAP/a">press</a>'],
    ['top', '<a href="TRAP/b" target="_top">press</a>'],
    ['self', '<a href="TRAP/c" target="_self" ping="TRAP/p">press</a>'],
    ['script', '<a href="javascript:RUN" target="_self">press</a>'],
    ['data', '<a href="data:text/html,<script>RUN</script>" target="_self">press</a>'],
    ['form', '<form action="TRAP/d" method="post"><button>press</button></form>'],
    ['form of scripts', '<form target="_self"><button formaction="javascript:RUN">press</button></form>'],
  ] as const) {
    test(
      `a ${label} link leads nowhere when it is pressed`,
      inScene(async (scene) => {
        await addMessage(scene.store, htmlMail(scene, `<!doctype html>${html}`));
        await scene.page.goto(`${scene.url}#1`);
        await scene.page.frameLocator('iframe').getByText('press').click();
        await scene.expectHarmless();
        expect(scene.page.context().pages()).toHaveLength(1);
      }),
    );
  }

  test(
    'markup in every field shows it as text',
    inScene(async (scene) => {
      const { page } = scene;
      const markup = `<img src=x onerror='top.ran=1;alert(1)'><script>alert(2)</script>`;
      const octets = mail(
        `From: "${markup}" <a@example.com>`,
        `To: "${markup}" <b@example.com>`,
        `Subject: ${markup}`,
        `X-Markup: ${markup}`,
        'Content-Type: multipart/mixed; boundary=m',
        '',
        '--m',
        'Content-Type: text/plain',
        '',
        markup,
        '--m',
        `Content-Type: text/x${markup}`,
        `Content-Disposition: attachment; filename="${markup}.txt"`,
        '',
        'x',
        '--m--',
      );
      const session = { id: markup, client: markup, clientName: markup, tls: markup, user: markup };
      const opening = [{ at: 1, by: 'client' as const, text: markup }];
      const transaction = [{ at: 2, by: 'server' as const, text: `<secret>${markup}` }];
      const facts = { reversePath: markup, forwardPaths: [markup], session };
      await addMessage(scene.store, octets, facts, { opening, transaction });
      await page.goto(`${scene.url}#1`);
      await page.getByRole('heading', { name: markup }).waitFor();
      for (const tab of ['Text', 'Headers', 'Source', 'Attachments', 'SMTP conversation']) {
        await page.getByRole('tab', { name: tab }).click();
        await page.getByRole('tabpanel').getByText('onerror').first().waitFor();
      }
      await scene.expectHarmless();
      expect(await page.locator('main img, main script').count()).toBe(0);
    }),
  );

  test(
    'links that are scripts lists them without a way to follow',
    inScene(async (scene) => {
      const { page } = scene;
      const html =
        '<a href="javascript:RUN">js</a><a href=" JaVaScRiPt:1">JS</a><a href="java&#10;script:1">nl</a>' +
        '<a href="data:text/html,x">d</a><a href="https://example.com/?a=1&amp;b=2">web</a>';
      await addMessage(scene.store, htmlMail(scene, html));
      await page.goto(`${scene.url}#1`);
      await page.getByRole('tab', { name: 'Links' }).click();
      await page.getByText('https://example.com/?a=1&b=2').waitFor();
      const followed = page.getByRole('tabpanel').locator('a');
      const targets = await followed.evaluateAll((links) => links.map((link) => link.getAttribute('href')));
      expect(targets).toEqual(['https://example.com/?a=1&b=2']);
      expect(await followed.getAttribute('rel')).toBe('noopener noreferrer');
      await scene.expectHarmless();
    }),
  );

  for (const [what, parameter, saved] of [
    ['a path', 'filename="../../../evil.sh"', 'evil.sh'],
    ['an encoded line break', `filename*=UTF-8''a%0D%0AX-Evil%3A%201.txt`, 'a__X-Evil_ 1.txt'],
    ['a turned direction', `filename*=UTF-8''invoice%E2%80%AEfdp.exe`, 'invoice_fdp.exe'],
  ] as const) {
    test(
      `an attachment named by ${what} saves it under a harmless name`,
      inScene(async (scene) => {
        const { page } = scene;
        const disposition = `Content-Disposition: attachment; ${parameter}`;
        const part = ['--m', 'Content-Type: text/html', disposition, '', '<script>alert(1)</script>', '--m--'];
        await addMessage(scene.store, mail('Subject: x', 'Content-Type: multipart/mixed; boundary=m', '', ...part));
        await page.goto(`${scene.url}#1`);
        await page.getByRole('tab', { name: 'Attachments' }).click();
        const saving = page.waitForEvent('download');
        await page.getByRole('link', { name: 'Save' }).click();
        const download = await saving;
        expect(download.suggestedFilename()).toBe(saved);
        expect(await readFile(await download.path(), 'utf8')).toContain('<script>');
        await scene.expectHarmless();
      }),
    );
  }

  test(
    'an SVG image that has a script shows the image alone',
    inScene(async (scene) => {
      const { page } = scene;
      const svg = aimed(
        scene,
        '<svg xmlns="http://www.w3.org/2000/svg" width="40" height="30"><script>RUN</script><image href="TRAP/x.png"/></svg>',
      );
      const html = ['--m', 'Content-Type: text/html', '', '<img src="cid:a"><p>here</p>'];
      const image = ['--m', 'Content-Type: image/svg+xml', 'Content-ID: <a>', '', svg, '--m--'];
      const octets = mail('Subject: x', 'Content-Type: multipart/related; boundary=m', '', ...html, ...image);
      await addMessage(scene.store, octets);
      await page.goto(`${scene.url}#1`);
      const shown = page.frameLocator('iframe').locator('img');
      await shown.waitFor();
      await scene.expectHarmless();
      expect(await shown.evaluate((element) => Reflect.get(element, 'naturalWidth'))).toBe(40);
    }),
  );
});

test(
  'the trap catches who comes, and a script that runs tells',
  inScene(async ({ page, trap }) => {
    await page.goto(trap.url);
    expect([trap.connections > 0, trap.octets > 0]).toEqual([true, true]);
    await page.goto('about:blank');
    await page.setContent('<script>top.ran=1</script>');
    expect(await page.evaluate(() => Reflect.get(globalThis, 'ran'))).toBe(1);
  }),
);
