/** A relay that cannot be used: exit code 1, the setting to change, and nobody burnt. */

import { writeFile } from 'node:fs/promises';
import { type AddressInfo, createServer } from 'node:net';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { type EmbeddedServer, InboxStore, startEmbeddedServer } from '#local';
import { startRelay } from '../mailing/scripted-relay.ts';
import { cartero, jsonLines, lastJson, temporaryFolder, writeCampaign } from './cartero.ts';

interface Place {
  readonly folder: string;
  readonly server: EmbeddedServer;
  /** `?ca=…` for this server. */
  readonly ca: string;
}

async function place(): Promise<Place> {
  const folder = temporaryFolder();
  await writeCampaign(folder, 'letters');
  const server = await startEmbeddedServer({
    store: await InboxStore.open(join(folder, 'inbox')),
    credentials: { user: 'ana', password: 'S3cr3t-CANARY' },
  });
  onTestFinished(() => server.close());
  await writeFile(join(folder, 'ca.pem'), server.ca);
  return { folder, server, ca: '?ca=ca.pem' };
}

async function expectNobodyBurnt(folder: string): Promise<void> {
  const people = jsonLines(await cartero(['status', '--recipients', '--json'], folder));
  expect(people.map(({ outcome, attempts }) => [outcome, attempts])).toEqual([
    ['pending', 0],
    ['pending', 0],
  ]);
}

const login = 'ana:S3cr3t-CANARY@';

const faults: readonly [what: string, url: (place: Place) => string, told: readonly string[]][] = [
  [
    'speaks no TLS where it is expected',
    ({ server }) => `smtps://${login}127.0.0.1:${server.startTlsPort}`,
    ['write smtp:// for STARTTLS'],
  ],
  ['is not trusted', ({ server }) => `smtps://${login}127.0.0.1:${server.implicitTlsPort}`, ['?ca=FILE']],
  [
    'has a certificate for another name',
    ({ server, ca }) => `smtps://${login}127.0.0.1:${server.implicitTlsPort}${ca}&servername=mail.example.com`,
    ['servername=NAME'],
  ],
  [
    'refuses the login',
    ({ server, ca }) => `smtps://ana:wr0ng-CANARY@127.0.0.1:${server.implicitTlsPort}${ca}`,
    ['535', 'user and password'],
  ],
  [
    'wants a login, and none is given',
    ({ server, ca }) => `smtps://127.0.0.1:${server.implicitTlsPort}${ca}`,
    ['530', 'wants a login'],
  ],
  [
    'has no such mechanism',
    ({ server, ca }) => `smtps://${login}127.0.0.1:${server.implicitTlsPort}${ca}&auth=SCRAM`,
    ['"auth"', 'PLAIN'],
  ],
];

describe('cartero run, when the relay', () => {
  for (const [what, url, told] of faults) {
    test(`${what}, ends with 1, says which setting to change, and burns nobody`, async () => {
      const here = await place();
      const ended = await cartero(['run', 'letters', '--relay', url(here), '--json'], here.folder);
      expect(ended.code, ended.stderr).toBe(1);
      for (const words of told) expect(ended.stderr).toContain(words);
      expect(ended.stderr + ended.stdout).not.toContain('CANARY');
      expect(ended.stderr).not.toContain('    at ');
      if (ended.stdout !== '') await expectNobodyBurnt(here.folder);
    });
  }

  test('is down, ends with 1 and burns nobody', async () => {
    const folder = temporaryFolder();
    await writeCampaign(folder, 'letters');
    const relay = await startRelay();
    await relay.close();
    const ended = await cartero(['run', 'letters', '--relay', relay.url, '--json'], folder);
    expect(ended.code).toBe(1);
    expect(ended.stderr).toContain('Check host and port');
    expect(lastJson(ended)).toMatchObject({ recipients: 2, pending: 2 });
    await expectNobodyBurnt(folder);
  });

  test('offers no STARTTLS, ends with 1, sends nothing in clear and burns nobody', async () => {
    const folder = temporaryFolder();
    await writeCampaign(folder, 'letters');
    const relay = await startRelay();
    const ended = await cartero(['run', 'letters', '--relay', `smtp://${login}127.0.0.1:${relay.port}`], folder);
    expect(ended.code).toBe(1);
    expect(ended.stderr).toContain('offers no STARTTLS');
    expect(relay.received.join('')).toMatch(/^EHLO \S+\r\n(QUIT\r\n)?$/);
    await expectNobodyBurnt(folder);
  });

  test('speaks TLS from the first octet where STARTTLS is expected, ends with 1 and says so', {
    timeout: 60_000,
  }, async () => {
    const { folder, server } = await place();
    const ended = await cartero(
      ['run', 'letters', '--relay', `smtp://${login}127.0.0.1:${server.implicitTlsPort}`],
      folder,
    );
    expect(ended.code).toBe(1);
    expect(ended.stderr).toContain('write smtps://');
    await expectNobodyBurnt(folder);
  });

  test('accepts connections and hangs up, ends with 1 and burns nobody', async () => {
    const folder = temporaryFolder();
    await writeCampaign(folder, 'letters');
    const server = createServer((socket) => socket.destroy());
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    onTestFinished(() => {
      server.close();
    });
    const { port } = server.address() as AddressInfo;
    const ended = await cartero(['run', 'letters', '--relay', `smtp+insecure://127.0.0.1:${port}`], folder);
    expect(ended.code).toBe(1);
    await expectNobodyBurnt(folder);
  });

  test('is in order again, sends to everybody on the next start', async () => {
    const { folder, server, ca } = await place();
    expect(
      (
        await cartero(
          ['run', 'letters', '--relay', `smtps://ana:wrong@127.0.0.1:${server.implicitTlsPort}${ca}`],
          folder,
        )
      ).code,
    ).toBe(1);
    const ended = await cartero(
      ['run', 'letters', '--relay', `smtp://${login}127.0.0.1:${server.startTlsPort}${ca}&auth=LOGIN`, '--json'],
      folder,
    );
    expect(ended.code, ended.stderr).toBe(0);
    expect(lastJson(ended)).toMatchObject({ accepted: 2, pending: 0 });
  });

  test('dies in the middle of a run, ends with 1, and the next start sends the rest', { timeout: 90_000 }, async () => {
    const folder = temporaryFolder();
    const people = Array.from({ length: 40 }, (_, index) => `p${index}@example.com,P${index}\n`);
    await writeCampaign(folder, 'letters', { 'list.csv': `email,name\n${people.join('')}` });
    let mails = 0;
    const dying = await startRelay(({ at }) => {
      if (at === 'MAIL') mails += 1;
      if (mails === 20) void dying.close();
      return null;
    });
    const first = await cartero(['run', 'letters', '--relay', dying.url, '--connections', '2', '--json'], folder);
    expect(first.code, first.stderr).toBe(1);
    expect(first.stderr).toContain('trying again in');
    const after = lastJson(first);
    expect(Number(after.accepted) + Number(after.pending) + Number(after.uncertain)).toBe(40);
    const healthy = await startRelay();
    const second = await cartero(['run', 'letters', '--relay', healthy.url, '--json'], folder);
    expect(lastJson(second)).toMatchObject({
      pending: 0,
      uncertain: after.uncertain,
      accepted: 40 - Number(after.uncertain),
    });
    const twice = dying.accepted.filter((person) => healthy.accepted.includes(person));
    expect(twice).toEqual([]);
  });
});
