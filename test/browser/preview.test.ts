/** The preview page in Chromium: shown again on save, and what would be a script stays text. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { startPreviewPage } from '../../functions/local/preview/mod.ts';
import { launchChromium } from './chromium.ts';

const SCRIPT = '<script>top.ran=1;alert(1)</script>';

test('views by keys, a broken template and its recovery on save, and no script runs', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'preview-'));
  let problem: string | null = null;
  const source = {
    campaign: 'c',
    folders: [folder],
    compose: async () => {
      if (problem !== null) throw new Error(problem);
      return Buffer.from(`Subject: ${SCRIPT}\r\nContent-Type: text/html\r\n\r\n${SCRIPT}<p>Good morning\r\n`);
    },
    rows: async () => ({ rows: [{ row: 1, email: SCRIPT, problem: null }], more: false }),
    explain: (error: unknown) => (error instanceof Error ? error.message : ''),
  };
  const preview = await startPreviewPage(source, 0);
  const browser = await launchChromium();
  try {
    const page = await browser.newPage();
    await page.goto(preview.url);
    await page.frameLocator('iframe').getByText('Good morning').waitFor();
    await page.keyboard.press('j');
    await page.keyboard.press('3');
    await page.locator('iframe.dark').waitFor();
    problem = 'body.html.hbs:3:7: not closed';
    await writeFile(join(folder, 'body.html.hbs'), '{{#if');
    await page.getByRole('alert').getByText('body.html.hbs:3:7').waitFor();
    problem = null;
    await writeFile(join(folder, 'body.html.hbs'), '{{name}}');
    await page.getByRole('alert').waitFor({ state: 'hidden' });
    await page.frameLocator('iframe').getByText('Good morning').waitFor();
    expect(await page.evaluate(() => Reflect.get(globalThis, 'ran') ?? null)).toBeNull();
  } finally {
    await browser.close();
    await preview.close();
    await rm(folder, { recursive: true });
  }
});
