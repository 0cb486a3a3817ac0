/** The end of a cancelled run, on a real ledger of which processes join and die. */
import { expect, test } from 'vitest';
import { openState } from '#local';
import { endCancelled } from '#mailing';
import { temporaryFolder } from '../cli/cartero.ts';
import { MINUTE, outcomes, plannedRun, START } from '../ports/ledger.harness.ts';
import { VirtualClock } from './virtual-clock.ts';

test('endCancelled ends what a process had in hand that died after the cancellation, and leaves the living alone', async () => {
  const folder = temporaryFolder();
  const [sender, living, person] = [openState(folder), openState(folder), openState(folder)];
  try {
    const run = await plannedRun(sender.ledger, { sizes: [2, 1] });
    const claim = await sender.ledger.claim(run, 1, { now: START });
    if (claim === null || (await living.ledger.claim(run, 2, { now: START })) === null) throw new Error('not claimed');
    await sender.ledger.commit(claim, { settled: [], intended: [{ index: 0, attempt: 1 }] });
    await person.ledger.setControl(run, 'cancelled', START + MINUTE);
    sender.close();
    const ports = { ...person, clock: new VirtualClock() };
    await endCancelled(run, ports);
    expect(await outcomes(person.ledger, run)).toEqual(['uncertain', 'cancelled', 'pending']);
    living.close();
    await endCancelled(run, ports);
    await endCancelled(run, ports);
    expect(await outcomes(person.ledger, run)).toEqual(['uncertain', 'cancelled', 'cancelled']);
    expect(await person.ledger.run(run)).toMatchObject({ finished: true });
    const results = Buffer.from(await person.objects.read(`runs/${run}/results/000002.jsonl`)).toString();
    expect(JSON.parse(results)).toMatchObject({ outcome: 'cancelled' });
  } finally {
    for (const state of [sender, living, person]) state.close();
  }
});
