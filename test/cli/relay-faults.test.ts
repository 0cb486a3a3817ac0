/** A relay that cannot be used: exit code 1, the setting to change, and nobody burnt. */

import { type AddressInfo, createServer } from 'node:net';
import { describe, expect, onTestFinished, test } from 'vitest';
import { startRelay } from '../mailing/scripted-relay.ts';
import { cartero, lastJson, temporaryFolder, writeCampaign } from './cartero.ts';
import { expectNobodyBurnt, login, type Place, place } from './relay-place.ts';

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
});
