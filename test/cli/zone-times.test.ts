/** "9:00 where they are", as processes of their own and by the machine's clock. */
import { expect, test, vi } from 'vitest';
import { startRelay } from '../mailing/scripted-relay.ts';
import { cartero, lastJson, startCartero, temporaryFolder, writeCampaign } from './cartero.ts';

vi.setConfig({ testTimeout: 60_000 });

const HOUR_MS = 3_600_000;
/** In whole seconds. */
const iso = (at: number) => new Date(Math.floor(at / 1000) * 1000).toISOString();

/** The signs of these zones' names are POSIX's: Etc/GMT-2 is ahead of UTC. */
const LIST = `email,name,zone
now@example.com,Now,Etc/GMT-2
soon@example.com,Soon,Etc/GMT-1
later@example.com,Later,UTC
none@example.com,None,
`;

async function place(missed?: string) {
  const folder = temporaryFolder();
  const schedule = { cron: '0 9 * * ? *', recipientTimezone: 'zone', ...(missed === undefined ? {} : { missed }) };
  await writeCampaign(folder, 'letters', {
    'campaign.json': JSON.stringify({ from: 'news@example.com', audience: 'list.csv', schedule }),
    'list.csv': LIST,
  });
  return folder;
}

test('a run sends to each where their hour has come, and waits for the others', async () => {
  const [folder, relay] = [await place(), await startRelay()];
  const slot = iso(Date.now() + HOUR_MS + 4000);
  const { child, ended } = startCartero(['run', 'letters', '--relay', relay.url, '--at', slot, '--json'], folder);
  let told = '';
  child.stderr?.on('data', (chunk: Buffer) => {
    told += chunk.toString();
    if (told.includes(`too early where the next recipients are: nobody is sent to before ${slot}`))
      child.kill('SIGTERM');
  });
  const stopped = await ended;
  expect(stopped.code, stopped.stderr).toBe(3);
  expect(stopped.stderr).toContain(
    'Where the day comes first, that hour has gone by: those there are sent to at once.',
  );
  // On a slow machine both hours have come before the first mail leaves.
  expect(relay.accepted.toSorted()).toEqual(['now@example.com', 'soon@example.com']);
  expect(lastJson(stopped)).toMatchObject({ accepted: 2, pending: 2 });
});

test('plan --at says who is sent to when, a line a zone', async () => {
  const folder = await place('PT30M');
  const at = Date.parse(iso(Date.now() + HOUR_MS + 600_000));
  const local = new Date(at).toISOString().slice(0, 16);
  const planned = await cartero(['plan', 'letters', '--at', iso(at), '--json'], folder);
  expect(planned.code, planned.stderr).toBe(0);
  expect(lastJson(planned)).toMatchObject({
    toSend: 3,
    planBy: iso(Math.floor(at / (24 * HOUR_MS)) * 24 * HOUR_MS - 14 * HOUR_MS),
    zones: [
      { zone: 'Etc/GMT-2', local, at: iso(at - 2 * HOUR_MS), recipients: 1, missed: true },
      { zone: 'Etc/GMT-1', local, at: iso(at - HOUR_MS), recipients: 1, missed: false },
      { zone: 'UTC', local, at: iso(at), recipients: 2, missed: false },
    ],
  });
  const shown = await cartero(['plan', 'letters', '--at', iso(at)], folder);
  expect(shown.stdout).toContain(`${local.replace('T', ' ')}  UTC        ${iso(at)}  2\n`);
  expect(shown.stdout).toContain('  1  missed: nothing is sent\n');
});
