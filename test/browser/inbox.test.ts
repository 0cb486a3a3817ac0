/** The inbox page as a person uses it, mail arriving by SMTP. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createTransport, type Transporter } from 'nodemailer';
import type { Browser, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { type OpenInbox, openInbox } from '../../functions/local/inbox/mod.ts';
import { launchChromium } from './chromium.ts';

const GIF = Buffer.from('R0lGODlhAQABAPAAAAAAAP8AACH5BAAAAAAALAAAAAABAAEAAAICRAEAOw==', 'base64');

let browser: Browser;
let folder: string;
let inbox: OpenInbox;
let transport: Transporter;
let page: Page;

beforeAll(async () => {
  browser = await launchChromium();
});
afterAll(() => browser.close());

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'inbox-'));
  inbox = await openInbox({ folder });
  const { server } = inbox;
  transport = createTransport({
    host: 'localhost',
    port: server.startTlsPort,
    requireTLS: true,
    auth: { user: server.user, pass: server.password },
    tls: { ca: server.ca },
  });
  page = await browser.newPage();
});
afterEach(async () => {
  await page.context().close();
  transport.close();
  await inbox.close();
  await rm(folder, { recursive: true });
});

const row = (subject: string) => page.getByRole('navigation').getByRole('link').filter({ hasText: subject });

async function send(subject: string, to = 'reader@example.org'): Promise<void> {
  await transport.sendMail({
    from: 'Cartero News <news@example.com>',
    to,
    subject,
    text: 'Grüße in text',
    html: '<h1>Grüße</h1><img src="cid:logo@x" alt="logo">',
    attachments: [
      { filename: 'logo.gif', content: GIF, cid: 'logo@x' },
      { filename: 'Übersicht 2026.pdf', content: Buffer.alloc(3_000, 1) },
    ],
  });
}

test('an empty inbox says where to send mail, and mail appears without a reload', async () => {
  await page.goto(inbox.page.url);
  await page.getByText(`smtp://127.0.0.1:${inbox.server.startTlsPort}`).waitFor();
  await page.getByText(`smtps://127.0.0.1:${inbox.server.implicitTlsPort}`).waitFor();
  expect(await page.content()).not.toContain(inbox.server.password);
  await send('First of all');
  await row('First of all').waitFor();
  expect(await row('First of all').textContent()).toContain('reader@example.org');
  await send('Second');
  await row('Second').waitFor();
  expect(await page.getByRole('navigation').getByRole('link').allTextContents()).toMatchObject([
    expect.stringContaining('Second'),
    expect.stringContaining('First of all'),
  ]);
  await page.getByText('2 messages').waitFor();
});

test('a message is shown as HTML with its image, text, headers, source, attachments and conversation', async () => {
  await send('All of it');
  await page.goto(inbox.page.url);
  await row('All of it').click();
  await page.getByRole('heading', { name: 'All of it' }).waitFor();
  const frame = page.frameLocator('iframe');
  await frame.getByRole('heading', { name: 'Grüße' }).waitFor();
  expect(await frame.getByAltText('logo').evaluate((image) => Reflect.get(image, 'naturalWidth'))).toBe(1);
  expect(await page.locator('iframe').getAttribute('sandbox')).toBe('');
  const panel = page.getByRole('tabpanel');
  const views: [string, string][] = [
    ['Text', 'Grüße in text'],
    ['Headers', 'Cartero News <news@example.com>'],
    ['Source', 'Content-Type: multipart/mixed'],
    ['Attachments', 'Übersicht 2026.pdf'],
    ['SMTP conversation', 'RCPT TO:<reader@example.org>'],
  ];
  for (const [tab, shown] of views) {
    await page.getByRole('tab', { name: tab }).click();
    await panel.getByText(shown).first().waitFor();
  }
  const conversation = (await panel.textContent()) ?? '';
  for (const said of [
    'STARTTLS',
    'TLS: TLSv1.3',
    'AUTH PLAIN <secret>',
    '235 2.7.0',
    '354',
    '<mail data, ',
    '250 2.6.0 Queued as 000001',
  ]) {
    expect(conversation).toContain(said);
  }
  expect(conversation).not.toContain(Buffer.from(`\0cartero\0${inbox.server.password}`).toString('base64'));
  expect(conversation).not.toContain('Grüße');
});

test('the tab that was chosen stays chosen for the next message', async () => {
  await send('One');
  await send('Two');
  await page.goto(`${inbox.page.url}#1`);
  await page.getByRole('tab', { name: 'SMTP conversation' }).click();
  await row('Two').click();
  await page.getByRole('heading', { name: 'Two' }).waitFor();
  expect(await page.getByRole('tab', { selected: true }).textContent()).toBe('SMTP conversation');
});

test('search finds recipients and subjects, and says when nothing matches', async () => {
  await send('Autumn', 'ana@example.org');
  await send('Winter', 'bob@example.org');
  await page.goto(inbox.page.url);
  await row('Winter').waitFor();
  await page.getByLabel('Search by sender').fill('ANA@');
  await page.getByText('1 match of 2').waitFor();
  await row('Autumn').waitFor();
  expect(await row('Winter').count()).toBe(0);
  await send('Spring', 'ana@example.org');
  await row('Spring').waitFor();
  await page.getByLabel('Search by sender').fill('nobody');
  await page.getByText('No message matches.').waitFor();
  await page.getByLabel('Search by sender').fill('');
  await row('Winter').waitFor();
});

test('everything is done without a mouse', async () => {
  for (const subject of ['One', 'Two', 'Three']) await send(subject);
  await page.goto(inbox.page.url);
  await row('Three').waitFor();
  await page.keyboard.press('/');
  await page.keyboard.type('example');
  await page.getByText('3 matches of 3').waitFor();
  await page.keyboard.press('Enter');
  await page.keyboard.press('ArrowDown');
  await page.keyboard.press('j');
  await page.keyboard.press('k');
  await page.keyboard.press('Enter');
  await page.getByRole('heading', { name: 'Two' }).waitFor();
  expect(await row('Two').getAttribute('aria-current')).toBe('true');
  await page.getByRole('tab', { name: 'HTML' }).focus();
  await page.keyboard.press('End');
  expect(await page.getByRole('tab', { selected: true }).textContent()).toBe('SMTP conversation');
  await page.keyboard.press('ArrowRight');
  expect(await page.getByRole('tab', { selected: true }).textContent()).toBe('HTML');
  await page.keyboard.press('Escape');
  expect(await page.locator(':focus').textContent()).toContain('Two');
});

test('on a narrow screen, list and message take turns', async () => {
  await send('Narrow');
  await page.setViewportSize({ width: 390, height: 780 });
  await page.goto(inbox.page.url);
  await row('Narrow').click();
  await page.getByRole('heading', { name: 'Narrow' }).waitFor();
  expect(await row('Narrow').isVisible()).toBe(false);
  expect(await page.locator('html').evaluate((html) => Reflect.get(html, 'scrollWidth'))).toBeLessThanOrEqual(390);
  await page.getByRole('button', { name: '← Messages' }).click();
  expect(await row('Narrow').isVisible()).toBe(true);
});

test('more messages than one window are reached, and new ones come in above them', async () => {
  for (let number = 1; number <= 130; number++) {
    const incoming = await inbox.store.receive();
    await incoming.write(Buffer.from(`Subject: number ${number}\r\n\r\n`));
    const session = { id: '', client: '127.0.0.1', clientName: 'x', tls: null, user: null };
    await incoming.commit(
      { at: number, reversePath: '', forwardPaths: ['a@b'], session },
      { opening: [], transaction: [] },
    );
  }
  await page.goto(inbox.page.url);
  const rows = page.getByRole('navigation').getByRole('link');
  await page.getByText('130 messages').waitFor();
  expect(await rows.count()).toBe(100);
  await page.getByRole('button', { name: 'Show older messages' }).click();
  await page.getByText('number 1', { exact: true }).waitFor();
  expect(await rows.count()).toBe(130);
  await send('The newest');
  await row('The newest').waitFor();
  expect(await rows.count()).toBe(131);
  expect(await page.getByRole('button', { name: 'Show older messages' }).isVisible()).toBe(false);
});

test('clearing asks first, then empties list and folder', async () => {
  await send('Gone soon');
  await page.goto(`${inbox.page.url}#1`);
  await row('Gone soon').waitFor();
  page.once('dialog', (dialog) => void dialog.dismiss());
  await page.getByRole('button', { name: 'Clear' }).click();
  expect((await inbox.store.list()).total).toBe(1);
  page.once('dialog', (dialog) => void dialog.accept());
  await page.getByRole('button', { name: 'Clear' }).click();
  await page.getByText('No mail yet').waitFor();
  expect((await inbox.store.list()).total).toBe(0);
});

test('the page says when the inbox is gone', async () => {
  await page.goto(inbox.page.url);
  await page.getByText('0 messages').waitFor();
  await inbox.page.close();
  await page.getByText('The inbox does not answer.').waitFor();
});
