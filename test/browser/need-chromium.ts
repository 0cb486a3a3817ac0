/** Ends the run at once where there is no browser: a test that was skipped has shown nothing. */
import { existsSync } from 'node:fs';
import { CHROMIUM } from './chromium.ts';

export default function needChromium(): void {
  if (!existsSync(CHROMIUM)) {
    throw new Error(`Cannot test pages: no Chromium at ${CHROMIUM}, it is wanted: apt-get install chromium`);
  }
}
