/**
 * Uses up a day's allowance, and says so of each mail when its indicator may leave. Arguments: folder, limit.
 * Ends when nothing is left.
 */
import { writeSync } from 'node:fs';
import { openState, systemClock } from '#local';
import { Allowance } from '#mailing';

const [folder = '', limit = '0'] = process.argv.slice(2);
const state = openState(folder);
const warmUp = { relay: 'news', from: '2026-12-01', perDay: [Number(limit)], timezone: 'UTC' };
const now = Date.parse('2026-12-01T12:00:00Z');
const allowance = new Allowance(warmUp, { book: state.allowances, clock: { ...systemClock(), now: () => now } });
for (let mail = 0; ; mail += 1) {
  const permit = await allowance.take();
  if (permit === null) break;
  // Every third mail is refused before its end.
  if (mail % 3 !== 0 && (await permit.use())) writeSync(1, 'used\n');
  permit.close();
}
await allowance.giveBack();
state.close();
