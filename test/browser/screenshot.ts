/**
 * Takes a picture of a page that is being served:
 *
 *     node test/browser/screenshot.ts http://127.0.0.1:8025/#1 inbox.png [width] [height] [light|dark] [tab]
 *
 * `tab` is the label of a tab to choose first, such as "SMTP conversation".
 */
import { launchChromium } from './chromium.ts';

const [url, target, width = '1280', height = '800', colorScheme = 'light', tab] = process.argv.slice(2);
if (!url || !target || (colorScheme !== 'light' && colorScheme !== 'dark')) {
  throw new Error('Cannot take a picture: the URL of a page and the name of a PNG file are wanted');
}
const browser = await launchChromium();
const page = await browser.newPage({
  viewport: { width: Number(width), height: Number(height) },
  deviceScaleFactor: 2,
  colorScheme,
});
await page.goto(url);
if (tab) await page.getByRole('tab', { name: tab }).click();
// A page that is told of changes never ends its last request.
await page.waitForLoadState('networkidle', { timeout: 5_000 }).catch(() => {});
await page.waitForTimeout(500);
await page.screenshot({ path: target });
await browser.close();
