/** On the way to a relay: a proxy, a pinned certificate, and a client certificate from files. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { systemClock } from '#local';
import { openSession } from '#smtp';
import { createAuthority } from '../smtp/certificates.ts';
import { startProxy, type TunnellingProxy } from '../smtp/proxies.ts';
import { cartero, lastJson } from './cartero.ts';
import { expectNobodyBurnt, login, type Place, place } from './relay-place.ts';

async function proxyOf(kind: 'socks5' | 'http'): Promise<TunnellingProxy> {
  const proxy = await startProxy(kind);
  onTestFinished(() => proxy[Symbol.asyncDispose]());
  return proxy;
}

function urlOf({ server, ca }: Place, more: string, host = '127.0.0.1'): string {
  return `smtps://${login}${host}:${server.implicitTlsPort}${ca}${more}`;
}

async function fingerprintOf({ server }: Place): Promise<string> {
  const settings = {
    host: server.host,
    port: server.implicitTlsPort,
    security: 'implicit-tls',
    clientName: 'client.example.com',
    ca: server.ca,
  } as const;
  const session = await openSession(settings, { time: systemClock(), record: () => {} });
  await session.quit();
  return session.peer?.fingerprint ?? '';
}

describe('cartero run', () => {
  test.each(['socks5', 'http'] as const)('goes through a %s proxy, which looks the name up', async (kind) => {
    const here = await place();
    const proxy = await proxyOf(kind);
    const way = `&servername=localhost&proxy=${kind}://127.0.0.1:${proxy.port}`;
    const ended = await cartero(
      ['run', 'letters', '--relay', urlOf(here, way, 'relay.invalid'), '--json'],
      here.folder,
    );
    expect(ended.code, ended.stderr).toBe(0);
    expect(lastJson(ended)).toMatchObject({ recipients: 2, accepted: 2 });
    expect(new Set(proxy.asked)).toEqual(new Set([`relay.invalid:${here.server.implicitTlsPort}`]));
  });

  test('says that it is the proxy that is not there, and tells nobody its login', async () => {
    const here = await place();
    const proxy = await startProxy('http');
    await proxy[Symbol.asyncDispose]();
    const way = `&proxy=http%3A%2F%2Fu%3APr0xy-CANARY%40127.0.0.1%3A${proxy.port}`;
    const ended = await cartero(['run', 'letters', '--relay', urlOf(here, way), '--json'], here.folder);
    expect(ended.code).toBe(1);
    expect(ended.stderr).toContain(`the proxy http://127.0.0.1:${proxy.port} failed: connect ECONNREFUSED`);
    expect(ended.stderr).toContain('Check the proxy');
    expect(ended.stderr + ended.stdout).not.toContain('CANARY');
    await expectNobodyBurnt(here.folder);
  });

  test('goes to the certificate that is pinned', async () => {
    const here = await place();
    const way = `&fingerprint=${(await fingerprintOf(here)).replaceAll(':', '').toLowerCase()}`;
    const ended = await cartero(['run', 'letters', '--relay', urlOf(here, way), '--json'], here.folder);
    expect(ended.code, ended.stderr).toBe(0);
  });

  test('goes to no other', async () => {
    const here = await place();
    const fingerprint = 'AB:'.repeat(31).concat('CD');
    const relay = urlOf(here, `&fingerprint=${fingerprint}`);
    const ended = await cartero(['run', 'letters', '--relay', relay, '--json'], here.folder);
    expect(ended.code).toBe(1);
    expect(ended.stderr).toContain(`${await fingerprintOf(here)}, ${fingerprint} is wanted by the settings`);
    expect(ended.stderr).toContain('ask who runs the relay');
    await expectNobodyBurnt(here.folder);
  });

  const files: readonly (readonly [what: string, way: string, told: string])[] = [
    ['is not there', '&cert=gone.pem', 'its client certificate\'s file "gone.pem" cannot be read'],
    ['has no key', '&cert=cert.pem', "its client certificate's key cannot be read, a private key in PEM is wanted"],
    ['is no certificate', '&cert=key.pem', 'its client certificate cannot be read, a certificate in PEM is wanted'],
    ['has the key of another one', '&cert=cert.pem&key=other.pem', 'its client certificate is not that of its key'],
  ];
  test.each(files)('with a client certificate that %s, ends before anything is planned', async (_what, way, told) => {
    const here = await place();
    const authority = await createAuthority();
    const [own, other] = [await authority.issue({ names: ['mailer'] }), await authority.issue({ names: ['other'] })];
    await writeFile(join(here.folder, 'cert.pem'), own.cert);
    await writeFile(join(here.folder, 'key.pem'), own.key);
    await writeFile(join(here.folder, 'other.pem'), other.key);
    const ended = await cartero(['run', 'letters', '--relay', urlOf(here, way), '--json'], here.folder);
    expect(ended.code).toBe(1);
    expect(ended.stderr).toContain(told);
    expect(ended.stderr).not.toContain('    at ');
    expect(ended.stdout).toBe('');
  });
});
