/** What any message says, four readers written by others say as well; what one of them says otherwise is its own way. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { generated } from './messages.ts';
import { asReadBy, sourceOf } from './own-ways.ts';
import { openReaders, type Reader, readBy } from './readers.ts';
import { type Difference, differences } from './reading.ts';

/** `DIFFERENTIAL_MESSAGES=10000 DIFFERENTIAL_SEED=1` for more, or others. */
const MESSAGES = Number(process.env.DIFFERENTIAL_MESSAGES ?? 300);
const SEED = Number(process.env.DIFFERENTIAL_SEED ?? 1);
const BATCH = 100;

let readers: readonly Reader[] = [];
beforeAll(() => {
  readers = openReaders();
});
afterAll(() => {
  for (const reader of readers) reader.close();
});

it(`${MESSAGES} messages of seed ${SEED} are read as they were meant`, async () => {
  const found: string[] = [];
  const ownWays = new Map<string, number>();
  let octetsRead = 0;
  for (let first = 0; first < MESSAGES; first += BATCH) {
    for (const [index, { octets, meant }] of generated(Math.min(BATCH, MESSAGES - first), SEED + first).entries()) {
      octetsRead += octets.length;
      const source = sourceOf(octets);
      for (const reader of readers) {
        const unexplained: Difference[] = [];
        for (const difference of differences(meant, await readBy(reader, octets))) {
          const { path } = difference;
          const isOwn = asReadBy(reader.name, path, String(difference.meant), source) === difference.read;
          if (isOwn) count(ownWays, `${reader.name}: ${path.replace(/\d+/, 'N')}`);
          else unexplained.push(difference);
        }
        if (unexplained.length === 0) continue;
        found.push(`message ${index} of seed ${SEED + first}, ${reader.name}: ${JSON.stringify(unexplained)}`);
      }
    }
  }
  console.log(
    `${MESSAGES} messages, ${octetsRead} octets; readings in a reader's own way:`,
    Object.fromEntries(ownWays),
  );
  expect(found.slice(0, 20)).toEqual([]);
});

function count(counts: Map<string, number>, key: string): void {
  counts.set(key, (counts.get(key) ?? 0) + 1);
}
