/** `trace` as typed: one person across runs, however the address is written, and nobody. */
import { expect, test } from 'vitest';
import { startRelay } from '../mailing/scripted-relay.ts';
import { cartero, lastJson, temporaryFolder, writeCampaign } from './cartero.ts';

const settings = (audience: string) => JSON.stringify({ from: 'News <news@example.com>', audience });

test('everything that is known of one person is told, whichever run and spelling', { timeout: 60_000 }, async () => {
  const folder = temporaryFolder();
  await writeCampaign(folder, 'letters', { 'list.csv': 'email,name\nana@bücher.example,Ana\nzoe@example.com,Zoë\n' });
  await writeCampaign(folder, 'invoices', {
    'campaign.json': settings('people.csv'),
    'people.csv': 'email,name\nana@xn--bcher-kva.example,Ana\n',
  });
  const relay = await startRelay(({ at, recipient, mail }) =>
    at === 'RCPT' && recipient.startsWith('ana@') && mail === 1 ? '550 5.1.1 no such user' : null,
  );
  const send = async (campaign: string) => {
    const words = ['run', campaign, '--relay', relay.url, '--connections', '1', '--json'];
    return String(lastJson(await cartero(words, folder)).run);
  };
  const first = await send('letters');
  const second = await send('invoices');
  expect(await cartero(['suppress', 'add', 'ANA@BÜCHER.example', '--reason', 'asked by phone'], folder)).toMatchObject({
    code: 0,
  });
  const asked = ['ana@xn--bcher-kva.example', 'ana@BÜCHER.example'].map((each) => cartero(['trace', each], folder));
  for (const { code, stdout, stderr } of await Promise.all(asked)) {
    expect(code, stderr).toBe(0);
    expect(stdout).toMatch(/is suppressed since 20\S+Z: asked by phone/);
    expect(stdout.indexOf(first)).toBeGreaterThan(0);
    expect(stdout.indexOf(second)).toBeGreaterThan(stdout.indexOf(first));
    expect(stdout).toMatch(/refused after 1 attempt, 20\S+Z\n {2}the relay said: 550 5\.1\.1 no such user\n/);
    expect(stdout).toContain(`npx cartero transcript ${first} --recipient ana@xn--bcher-kva.example\n`);
    expect(stdout).not.toContain('zoe@');
  }
  const traced = lastJson(await cartero(['trace', 'ana@bücher.example', '--json'], folder));
  expect(traced).toMatchObject({
    address: 'ana@bücher.example',
    suppressed: { reason: 'asked by phone' },
    deliveries: [
      {
        run: first,
        campaign: 'letters',
        standing: 'finished',
        outcome: 'refused',
        enhancedStatus: '5.1.1',
        attempts: 1,
      },
      { run: second, campaign: 'invoices', outcome: 'refused', conversations: [] },
    ],
    unplanned: [],
  });
});

test('where there were several attempts each is told, with its moments and the last reply', {
  timeout: 60_000,
}, async () => {
  const folder = temporaryFolder();
  await writeCampaign(folder, 'letters', { 'list.csv': 'email,name\nana@example.com,Ana\n' });
  let asked = 0;
  const relay = await startRelay(({ at }) => {
    if (at === 'RCPT') asked += 1;
    return at === 'RCPT' && asked === 1 ? '550 5.2.1 over for today' : null;
  });
  const run = ['run', 'letters', '--relay', relay.url, '--json'];
  const { run: id } = lastJson(await cartero(run, folder));
  await cartero(['retry', String(id)], folder);
  expect((await cartero(run, folder)).code).toBe(0);
  const { code, stdout } = await cartero(['trace', 'ana@EXAMPLE.com'], folder);
  expect(code).toBe(0);
  expect(stdout).toContain('  is not suppressed\n');
  expect(stdout).toMatch(/accepted after 2 attempts, 20\S+Z\n {2}the relay said: 250 2\.0\.0 Ok: queued as Q1\n/);
  expect(stdout).toMatch(/ {2}queue id Q1\n/);
  expect(stdout).toMatch(/attempt 1: 20\S+Z to 20\S+Z, the relay said 550 5\.2\.1 over for today\n/);
  expect(stdout).toMatch(/attempt 2: 20\S+Z to 20\S+Z, the relay said 250 2\.0\.0 Ok: queued as Q1\n/);
  expect(stdout).toMatch(/ {2}Message-ID <[0-9a-f]{32}@example\.com>\n/);
});

test('of a stranger nothing is known, and that is said, also for machines', { timeout: 60_000 }, async () => {
  const folder = temporaryFolder();
  expect(await cartero(['trace', 'ana@example.com'], folder)).toMatchObject({ code: 1, stdout: '' });
  await writeCampaign(folder, 'letters', {
    'list.csv': "email,name\nAna.Lopez@example.com,Ana\n`id`'s@example.com,B\n",
  });
  const relay = await startRelay();
  await cartero(['run', 'letters', '--relay', relay.url], folder);
  const stranger = await cartero(['trace', 'eve@example.com', '--json'], folder);
  expect(stranger.code).toBe(1);
  expect(stranger.stderr).toContain('Nothing is known of eve@example.com in the 1 run of this state.');
  expect(lastJson(stranger)).toEqual({ address: 'eve@example.com', suppressed: null, deliveries: [], unplanned: [] });
  const otherCase = await cartero(['trace', 'ana.lopez@example.com'], folder);
  expect([otherCase.code, otherCase.stderr]).toEqual([1, expect.stringContaining('--any-case')]);
  const anyCase = await cartero(['trace', 'ana.lopez@example.com', '--any-case'], folder);
  expect([anyCase.code, anyCase.stdout]).toEqual([0, expect.stringContaining('Ana.Lopez@example.com: accepted')]);
  const quoted = await cartero(['trace', "`id`'s@example.com", '--state', '.cartero'], folder);
  expect(quoted.stdout).toContain("--recipient '`id`'\\''s@example.com' --state .cartero\n");
  for (const wrong of [['trace'], ['trace', ''], ['trace', 'a@example.com', 'b@example.com']])
    expect((await cartero(wrong, folder)).code).toBe(1);
});

test('a person who is suppressed and was never mailed is known', { timeout: 60_000 }, async () => {
  const folder = temporaryFolder();
  await cartero(['suppress', 'add', 'ana@example.com'], folder);
  const { code, stdout } = await cartero(['trace', 'Ana@example.com'], folder);
  expect(code).toBe(0);
  expect(stdout).toMatch(/^Ana@example\.com\n {2}is suppressed since 20\S+Z: gets no mail, of any run\n$/);
});
