/** A canary as a user meets it, and a run that is killed again and again within it. */
import { describe, expect, test } from 'vitest';
import { startRelay } from '../mailing/scripted-relay.ts';
import { cartero, jsonLines, lastJson, startCartero, temporaryFolder, writeCampaign } from './cartero.ts';

async function letters(people: number, canary: object): Promise<string> {
  const folder = temporaryFolder();
  await writeCampaign(folder, 'letters', {
    'campaign.json': JSON.stringify({ from: 'News <news@example.com>', audience: 'list.csv', canary }),
    'list.csv': `email,name\n${Array.from({ length: people }, (_, index) => `p${index}@example.com,P\n`).join('')}`,
  });
  return folder;
}

const numberOf = (recipient: string) => Number(/\d+/.exec(recipient)?.[0]);

describe('cartero run with a canary', () => {
  test('stops with 3, says what it saw and what lets it go on, and goes on then', { timeout: 60_000 }, async () => {
    const folder = await letters(30, { recipients: 10, refused: '10%' });
    const relay = await startRelay(({ at, recipient }) =>
      at === 'RCPT' && numberOf(recipient) < 2 ? '550 5.1.1 no such person' : null,
    );
    const args = ['run', 'letters', '--relay', relay.url, '--json'];
    const stopped = await cartero(args, folder);
    expect(stopped.code, stopped.stderr).toBe(3);
    const { run } = lastJson(stopped);
    const seen = '2 of 10 refused, at most 10% wanted';
    expect(stopped.stderr).toContain(`stopped by its canary: ${seen}`);
    expect(stopped.stderr).toContain(`npx cartero resume ${run}`);
    expect(lastJson(stopped)).toMatchObject({ accepted: 8, refused: 2, pending: 20 });
    const status = await cartero(['status'], folder);
    expect(status.stdout).toContain(`stopped by its canary: ${seen}`);
    expect(jsonLines(await cartero(['status', '--json'], folder))).toMatchObject([
      { control: 'paused', canary: { verdict: 'stopped', tried: 10, problems: [seen] } },
    ]);
    expect((await cartero(args, folder)).code).toBe(3);
    expect((await cartero(['resume', String(run)], folder)).code).toBe(0);
    const finished = await cartero(args, folder);
    expect(finished.code, finished.stderr).toBe(2);
    expect(lastJson(finished)).toMatchObject({ accepted: 28, refused: 2, pending: 0 });
  });

  test('is the same canary however often it is killed: nobody is sent to beyond it', { timeout: 120_000 }, async () => {
    const folder = await letters(300, { recipients: 60, refused: '5%' });
    const told: string[] = [];
    let kill = () => {};
    const relay = await startRelay(({ at, recipient }) => {
      if (at !== 'RCPT') return null;
      told.push(recipient);
      if (told.length % 9 === 0) kill();
      return numberOf(recipient) % 3 === 0 ? '550 5.1.1 no such person' : null;
    });
    const args = ['run', 'letters', '--relay', relay.url, '--connections', '3', '--on-uncertain', 'skip', '--json'];
    let kills = 0;
    for (;;) {
      const { child, ended } = startCartero(args, folder);
      // In the middle of it, and once when all are told and nothing is judged.
      kill = () => child.kill('SIGKILL');
      const end = await ended;
      if (end.signal === 'SIGKILL') {
        kills += 1;
        continue;
      }
      expect(end.code, end.stderr).toBe(3);
      expect(end.stderr).toContain('stopped by its canary');
      const { accepted, refused, uncertain, pending } = lastJson(end);
      expect(pending).toBe(240);
      expect(Number(accepted) + Number(refused) + Number(uncertain)).toBe(60);
      break;
    }
    expect(kills).toBeGreaterThan(2);
    expect(Math.max(...told.map(numberOf))).toBe(59);
    expect(new Set(relay.accepted).size).toBe(relay.accepted.length);
  });
});
