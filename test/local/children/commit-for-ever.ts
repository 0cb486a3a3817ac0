/**
 * Claims batch 1 and commits until it is killed: each delivery in turn is intended, then deferred, then intended again.
 * A line per commit, written to the pipe once the commit has returned: `{ fence, rev, settled, intended }`.
 * Argument: folder.
 */
import { writeSync } from 'node:fs';
import { openState } from '#local';
import type { Intent, Settlement } from '#mailing';

const [folder = ''] = process.argv.slice(2);
const { ledger } = openState(folder);
const claim = await ledger.claim('run-1', 1, { now: 0, eager: true });
if (claim === null) throw new Error('batch 1 is held');
const attempts = new Map(claim.due.map(({ index, attempt }) => [index, attempt]));
const indexes = [...attempts.keys()];
let rev = claim.rev;
let before: Intent[] = [];
for (let turn = 0; ; turn += 1) {
  const settled: Settlement[] = before.map(({ index, attempt }) => {
    return { index, attempt, state: 'deferred', at: turn, nextAt: 0, reply: `451 attempt ${attempt}` };
  });
  const intended = [0, 1, 2, 3].map((place) => {
    const index = indexes[(turn * 4 + place) % indexes.length] ?? 0;
    const attempt = (attempts.get(index) ?? 0) + 1;
    attempts.set(index, attempt);
    return { index, attempt };
  });
  rev = await ledger.commit({ ...claim, rev }, { settled, intended });
  writeSync(1, `${JSON.stringify({ fence: claim.fence, rev, settled, intended })}\n`);
  before = intended;
}
