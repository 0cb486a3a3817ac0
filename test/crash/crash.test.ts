/**
 * Deaths at any instant: `cartero run` is killed by SIGKILL again and again, and started again, until it ends by itself.
 * A server in a process of its own has written down what it accepted. CRASH_KILLS: how many deaths in all.
 */
import { describe, expect, test } from 'vitest';
import { cartero, jsonLines, lastJson, type Started, startCartero, temporaryFolder } from '../cli/cartero.ts';
import { expectTruth, ORACLE, startWitness, type Witness, writeLargeCampaign } from './witness.ts';

const KILLS = Number(process.env.CRASH_KILLS ?? 12);
const RECIPIENTS = 300;
const CONNECTIONS = 4;
const LONGEST_DELAY_MS = 24;
/** From the start of the process: a life without death takes about two seconds. */
const LATEST_DEATH_MS = 1600;

/** A run of which some mails are accepted already. */
async function startInTheMiddle(args: readonly string[], folder: string, oracle: Witness): Promise<Started> {
  const started = startCartero(args, folder);
  while (oracle.accepted().size < 20) await new Promise((resolve) => setTimeout(resolve, 20));
  return started;
}

describe('cartero run', () => {
  test(
    `loses nobody and mails nobody twice when it is killed ${KILLS} times at random instants`,
    async () => {
      let kills = 0;
      let uncertain = 0;
      while (kills < KILLS) {
        const folder = temporaryFolder();
        await writeLargeCampaign(folder, RECIPIENTS);
        const oracle = await startWitness(ORACLE, folder, LONGEST_DELAY_MS);
        const args = ['run', 'letters', '--relay', oracle.url, '--connections', String(CONNECTIONS), '--json'];
        let killsOfRound = 0;
        for (;;) {
          const { child, ended } = startCartero(args, folder);
          const death =
            kills < KILLS ? setTimeout(() => child.kill('SIGKILL'), Math.random() * LATEST_DEATH_MS) : undefined;
          const { signal, code, stderr } = await ended;
          clearTimeout(death);
          if (signal === 'SIGKILL') {
            kills += 1;
            killsOfRound += 1;
            continue;
          }
          expect([0, 2], stderr).toContain(code);
          break;
        }
        const status = jsonLines(await cartero(['status', '--recipients', '--json'], folder));
        const uncertainOfRound = expectTruth(status, oracle.accepted(), RECIPIENTS);
        expect(uncertainOfRound).toBeLessThanOrEqual(killsOfRound * CONNECTIONS);
        uncertain += uncertainOfRound;
      }
      console.log(`${kills} kills: 0 lost, 0 mailed twice, ${uncertain} uncertain (at most ${kills * CONNECTIONS})`);
    },
    60_000 + KILLS * 6_000,
  );

  test('goes on at once after a death: a dead process holds no lease', { timeout: 60_000 }, async () => {
    const folder = temporaryFolder();
    await writeLargeCampaign(folder, RECIPIENTS);
    const oracle = await startWitness(ORACLE, folder, LONGEST_DELAY_MS);
    const args = ['run', 'letters', '--relay', oracle.url, '--json'];
    const first = await startInTheMiddle(args, folder, oracle);
    first.child.kill('SIGKILL');
    await first.ended;
    const second = await cartero(args, folder);
    expect(second.stderr).not.toContain("another process's hands");
    const { accepted, uncertain, pending } = lastJson(second);
    expect(pending).toBe(0);
    expect(Number(accepted) + Number(uncertain)).toBe(RECIPIENTS);
  });

  test('shares a state with another process, and no recipient is mailed by both', { timeout: 60_000 }, async () => {
    const folder = temporaryFolder();
    await writeLargeCampaign(folder, RECIPIENTS);
    const oracle = await startWitness(ORACLE, folder, LONGEST_DELAY_MS);
    const args = ['run', 'letters', '--relay', oracle.url, '--json'];
    await Promise.all([cartero(args, folder), cartero(args, folder), cartero(args, folder)]);
    const status = jsonLines(await cartero(['status', '--recipients', '--json'], folder));
    expect(expectTruth(status, oracle.accepted(), RECIPIENTS)).toBe(0);
  });

  test('settles what is in flight on SIGTERM, ends with 3 and goes on when started again', {
    timeout: 60_000,
  }, async () => {
    const folder = temporaryFolder();
    await writeLargeCampaign(folder, RECIPIENTS);
    const oracle = await startWitness(ORACLE, folder, LONGEST_DELAY_MS);
    const args = ['run', 'letters', '--relay', oracle.url, '--json'];
    const first = await startInTheMiddle(args, folder, oracle);
    first.child.kill('SIGTERM');
    const stopped = await first.ended;
    expect(stopped.code).toBe(3);
    const told = lastJson(stopped);
    expect(told.uncertain).toBe(0);
    expect(told.accepted).toBe(oracle.accepted().size);
    expect(Number(told.pending)).toBeGreaterThan(0);
    const second = await cartero(args, folder);
    expect(second.code).toBe(0);
    const status = jsonLines(await cartero(['status', '--recipients', '--json'], folder));
    expect(expectTruth(status, oracle.accepted(), RECIPIENTS)).toBe(0);
  });
});
