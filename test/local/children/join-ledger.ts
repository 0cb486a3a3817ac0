/** Opens a state, does what any process may do at once with the others, and prints the batches it got. Argument: folder. */
import { openState } from '#local';
import { newRun, planOf, recipients } from '../../ports/ledger.harness.ts';

const BATCHES = 8;
const [folder = ''] = process.argv.slice(2);
const { ledger } = openState(folder);
await ledger.createRun(newRun('run-1'));
for (let batch = 1; batch <= BATCHES; batch += 1) await ledger.addBatch('run-1', batch, recipients(20, batch * 20));
await ledger.completePlan('run-1', planOf(BATCHES, BATCHES * 20));
const got: number[] = [];
for (let batch = 1; batch <= BATCHES; batch += 1) {
  if (await ledger.claim('run-1', batch, { now: 0 })) got.push(batch);
}
process.stdout.write(`${JSON.stringify(got)}\n`);
process.stdin.resume();
