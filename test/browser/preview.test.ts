/** The preview page in Chromium, on the newsletter as it lies in a folder of a user's. */
import { cp, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, expect, onTestFinished, test } from 'vitest';
import { PROJECT } from '../../functions/cli/campaigns.ts';
import { preview } from '../../functions/cli/preview.ts';
import { type ServedPage, servePage } from '../cli/served-page.ts';
import { launchChromium } from './chromium.ts';

let browser: Browser;
let folder: string;
let served: ServedPage;
let page: Page;

beforeAll(async () => {
  browser = await launchChromium();
});
afterAll(() => browser.close());

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'preview-'));
  await mkdir(join(folder, 'templates'));
  for (const name of ['_layouts', '_partials', 'newsletter'])
    await cp(join(PROJECT, 'templates', name), join(folder, 'templates', name), { recursive: true });
  await writeFile(of('subscribers.csv'), ROWS);
  served = await servePage(preview, [], folder);
  // What a browser is made to prefer for a test, it tells every frame.
  page = await browser.newPage({ viewport: { width: 1280, height: 800 }, colorScheme: null });
});
afterEach(async () => {
  await page.context().close();
  await served.end();
  await rm(folder, { recursive: true });
});

const SCRIPT = '<script>top.ran = 1</script><img src=x onerror="top.ran = 1">';
const ROWS = `email,name,given_name,locale,timezone,city
marta@example.com,Marta Etxeberria,Marta,es-ES,Europe/Madrid,Bilbao
nobody@example.com,,,en-GB,Europe/London,
seren@example.org,Seren Ashworth,Seren,en-GB,Europe/London,Manchester
eve@example.net,"${SCRIPT.replaceAll('"', '""')}","${SCRIPT.replaceAll('"', '""')}",en-GB,Europe/London,Leeds
`;

const of = (file: string) => join(folder, 'templates', 'newsletter', file);
const mail = () => page.frameLocator('#panel iframe:last-of-type');
const heading = (text: string) => mail().getByRole('heading', { name: text }).waitFor();
const row = (text: string) => page.locator('#rows').getByRole('button').filter({ hasText: text });
const panel = () => page.getByRole('tabpanel');

async function edit(file: string, change: (text: string) => string): Promise<void> {
  await writeFile(of(file), change(await readFile(of(file), 'utf8')));
}

async function open(): Promise<void> {
  await page.goto(served.url);
  await heading('Ya está aquí la cosecha nueva');
}

test('each view is where it was left when somebody comes back to it', async () => {
  await open();
  const frame = page.locator('#panel iframe:last-of-type');
  const scrollTop = () => frame.evaluate((it) => Reflect.get(it, 'contentDocument').documentElement.scrollTop);
  await frame.evaluate((it) => Reflect.get(it, 'contentDocument').documentElement.scrollTo(0, 150));
  await page.getByRole('tab', { name: 'Text' }).click();
  await page.getByRole('tab', { name: 'Wide' }).click();
  await expect.poll(scrollTop).toBe(150);
  await page.getByRole('tab', { name: 'Phone' }).click();
  await heading('Ya está aquí la cosecha nueva');
  await expect.poll(scrollTop).toBe(0);
});

test('a save is shown, wherever the mail was scrolled to', async () => {
  await open();
  const frame = page.locator('#panel iframe:last-of-type');
  await frame.evaluate((it) => Reflect.get(it, 'contentDocument').documentElement.scrollTo(0, 200));
  await edit('body.es.html.hbs', (text) => text.replace('Ya está aquí la cosecha nueva', 'Otra cosecha'));
  await heading('Otra cosecha');
  await expect
    .poll(() => frame.evaluate((it) => Reflect.get(it, 'contentDocument').documentElement.scrollTop))
    .toBe(200);
  await edit('../_partials/footer.hbs', (text) => text.replace('Calle del Correo 12', 'Plaza Mayor 1'));
  await mail().getByText('Plaza Mayor 1').waitFor();
});

test('every view shows the same mail, by keys', async () => {
  await open();
  for (const [key, name] of ['wide', 'phone', 'dark'].entries()) {
    await page.keyboard.press(String(key + 1));
    await page.locator(`.stage[data-view=${name}]`).waitFor();
    await heading('Ya está aquí la cosecha nueva');
  }
  const colour = await mail()
    .locator('.card')
    .evaluate((card) => Reflect.get(globalThis, 'getComputedStyle')(card).backgroundColor);
  expect(colour).toBe('rgb(43, 35, 32)');
  const views: [string, string][] = [
    ['4', 'Hola, Ximena:'],
    ['5', 'Content-Transfer-Encoding: quoted-printable'],
    ['6', 'Ximena, ya está aquí la cosecha nueva ☕'],
  ];
  for (const [key, text] of views) {
    await page.keyboard.press(key);
    await panel().getByText(text).first().waitFor();
  }
  await page.getByRole('tab', { name: 'Headers' }).focus();
  await page.keyboard.press('ArrowRight');
  expect(await page.getByRole('tab', { selected: true }).textContent()).toBe('Wide');
  await heading('Ya está aquí la cosecha nueva');
  // The keys work on, also where the mail has the focus.
  await mail().getByRole('heading').first().click();
  await page.keyboard.press('4');
  await panel().getByText('Hola, Ximena:').waitFor();
});

test('a row that lacks a variable says which, where the template uses it, and what to change', async () => {
  await open();
  await row('given_name').click();
  const unmade = page.locator('#unmade');
  await unmade.getByRole('heading', { name: 'This mail cannot be made' }).waitFor();
  await unmade.getByText('templates/newsletter/subject.hbs:1').waitFor();
  await unmade.getByText('{{default given_name "…"}}').waitFor();
  await unmade.locator('.line.it').getByText('{{given_name}}, the new harvest is here').waitFor();
  await unmade.getByText(/^2 errors\./).waitFor();
  await page.keyboard.press('j');
  await heading('The new harvest is here');
});

test('a template that cannot be read is shown with its line, and the mail again when it is mended', async () => {
  await open();
  const whole = await readFile(of('body.es.html.hbs'), 'utf8');
  await writeFile(of('body.es.html.hbs'), whole.replace('<bdi>{{given_name}}</bdi>', '<bdi>{{given_name}</bdi>'));
  const unmade = page.locator('#unmade');
  await unmade.getByText(/templates\/newsletter\/body\.es\.html\.hbs:\d+:\d+/).waitFor();
  await unmade.locator('.line.it').getByText('{{given_name}</bdi>').waitFor();
  expect(await unmade.locator('mark').count()).toBe(1);
  await writeFile(of('body.es.html.hbs'), whole);
  await heading('Ya está aquí la cosecha nueva');
  expect(await unmade.isVisible()).toBe(false);
});

test('what check says stands beside the mail, and goes when it is changed', async () => {
  await open();
  await page.getByRole('heading', { name: 'Nothing to change' }).waitFor();
  await edit('body.es.html.hbs', (text) => text.replace('<h1 ', '<img src="https://example.com/a.png"><h1 '));
  const problem = page.locator('.problem.warning');
  await problem.getByText('templates/newsletter/body.es.html.hbs:').waitFor();
  await edit('body.es.html.hbs', (text) => text.replace('<img src="https://example.com/a.png">', ''));
  await problem.waitFor({ state: 'detached' });
});

test('rows are found by address and name; the sample stays at hand', async () => {
  await open();
  await page.keyboard.press('/');
  await page.keyboard.type('ASHWORTH');
  await page.getByText('1 row', { exact: true }).waitFor();
  await page.keyboard.press('Escape');
  await page.keyboard.press('j');
  await heading('The new harvest is here');
  await mail().getByText('Seren').waitFor();
  await page.keyboard.press('s');
  await mail().getByText('Ximena').waitFor();
  await page.getByLabel('Search by address or name').fill('nobody at all');
  await page.getByText('Nobody matches.').waitFor();
});

test('a row is changed by hand, and another language is put in place of its own', async () => {
  await open();
  await page.keyboard.press('e');
  await page.getByLabel('The row as JSON').fill('{"email":"kim@example.com","given_name":"Kim","city":"Oslo"}');
  await page.keyboard.press('Control+Enter');
  await mail().getByText('Kim').waitFor();
  await page.getByLabel('The row as JSON').fill('{');
  await page.getByRole('button', { name: 'Show this row' }).click();
  await page.locator('#unmade').getByText('what you typed is not JSON').waitFor();
  await page.getByRole('button', { name: 'Sample' }).click();
  await mail().getByText('Ximena').waitFor();
  await page.getByLabel('Language').fill('en-GB');
  await page.keyboard.press('Enter');
  await heading('The new harvest is here');
  await page.getByRole('heading', { name: 'Ximena, the new harvest is here' }).waitFor();
  await page.reload();
  await heading('The new harvest is here');
  await page.getByLabel('Language').fill('');
  await page.keyboard.press('Enter');
  await heading('Ya está aquí la cosecha nueva');
});

test('a script in a name is text wherever the name is shown', async () => {
  await open();
  await row('<script>').click();
  await mail().getByText('<script>').waitFor();
  for (const key of ['2', '3', '4', '5', '6']) {
    await page.keyboard.press(key);
    await page.locator('#panel > *').first().waitFor();
  }
  expect(await page.evaluate(() => Reflect.get(globalThis, 'ran') ?? null)).toBeNull();
});

test('nothing is loaded from elsewhere, whatever a mail asks for, in any view', async () => {
  let connections = 0;
  const elsewhere = createServer((socket) => {
    connections += 1;
    socket.destroy();
  });
  await new Promise<void>((resolve) => elsewhere.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void elsewhere.close());
  const url = `http://127.0.0.1:${(elsewhere.address() as AddressInfo).port}`;
  const asks = `<link rel="stylesheet" href="${url}/a.css"><style>@import "${url}/b.css"; h1 { background: url(${url}/c.png) }</style>
    <img src="${url}/d.png" alt=""><iframe src="${url}/e"></iframe><div style="background: url(${url}/f.png)">x</div>
    <meta http-equiv="refresh" content="0; url=${url}/g">`;
  await open();
  await edit('body.es.html.hbs', (text) =>
    text.replace('<h1 ', `${asks}<h1 `).replace('Ya está aquí', 'Ahora sí está'),
  );
  for (const key of ['1', '2', '3']) {
    await page.keyboard.press(key);
    await heading('Ahora sí está la cosecha nueva');
  }
  await page.waitForTimeout(500);
  expect(connections).toBe(0);
  expect(page.url()).toContain(served.url);
});

test('a name that turns the direction of what is behind it leaves the address as it is', async () => {
  await writeFile(
    of('subscribers.csv'),
    `${ROWS.split('\n')[0]}\nzoe@example.com,Zoe\u202eabc,Zoe,en-GB,Europe/London,Leeds\n`,
  );
  await open();
  await row('zoe@example.com').click();
  await heading('The new harvest is here');
  const [name = 0, address = 0] = await page
    .locator('#to bdi')
    .evaluateAll((parts) => parts.map((part) => Reflect.get(part, 'offsetLeft')));
  expect(address).toBeGreaterThan(name);
  expect(await page.locator('#to bdi').last().textContent()).toBe('<zoe@example.com>');
  await page.locator('.problem.warning').getByText('turns the direction').waitFor();
});

test('a page whose server has gone says so, and goes on with the next one', async () => {
  await open();
  const { port } = new URL(served.url);
  await served.end();
  await page.getByRole('alert').getByText('The preview does not answer.').waitFor();
  await edit('body.es.html.hbs', (text) => text.replace('Ya está aquí la cosecha nueva', 'Otra cosecha'));
  served = await servePage(preview, ['--port', port], folder);
  await heading('Otra cosecha');
  expect(await page.getByRole('alert').isVisible()).toBe(false);
});

test('several campaigns are chosen from, and back leads to the choice again', async () => {
  await cp(join(PROJECT, 'templates', 'invoice'), join(folder, 'templates', 'invoice'), { recursive: true });
  await page.goto(served.url);
  await page.getByRole('heading', { name: 'Which campaign?' }).waitFor();
  await page.getByRole('link', { name: 'newsletter' }).click();
  await heading('Ya está aquí la cosecha nueva');
  await page.getByLabel('Campaign').selectOption('invoice');
  await page.getByRole('heading', { name: /CC-2026/ }).waitFor();
  await page.goBack();
  await heading('Ya está aquí la cosecha nueva');
  await page.goBack();
  await page.getByRole('heading', { name: 'Which campaign?' }).waitFor();
});
