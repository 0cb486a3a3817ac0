/** Relays that make a run wait before it gives up: in a file of their own, beside which others go on. */
import { describe, expect, test } from 'vitest';
import { startRelay } from '../mailing/scripted-relay.ts';
import { cartero, lastJson, startCartero, temporaryFolder, writeCampaign } from './cartero.ts';
import { expectNobodyBurnt, login, place } from './relay-place.ts';

describe('cartero run, when the relay', () => {
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

  test('dies in the middle of a run that is sent once, ends with 1, and the next start sends the rest', {
    timeout: 90_000,
  }, async () => {
    const folder = temporaryFolder();
    const people = Array.from({ length: 40 }, (_, index) => `p${index}@example.com,P${index}\n`);
    await writeCampaign(folder, 'letters', { 'list.csv': `email,name\n${people.join('')}` });
    let mails = 0;
    const dying = await startRelay(({ at }) => {
      if (at === 'MAIL') mails += 1;
      if (mails === 20) void dying.close();
      return null;
    });
    const first = await cartero(
      ['run', 'letters', '--relay', dying.url, '--connections', '2', '--once', '--json'],
      folder,
    );
    expect(first.code, first.stderr).toBe(1);
    expect(first.stderr).toContain('trying again in');
    const after = lastJson(first);
    // Deferred, and due at once: whose connection was lost between its intent and its indicator.
    const { accepted, pending, uncertain, deferred } = after;
    expect(Number(accepted) + Number(pending) + Number(uncertain) + Number(deferred)).toBe(40);
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

  test('is silent, ends with 3 soon after SIGTERM, and nobody is in doubt', { timeout: 60_000 }, async () => {
    const folder = temporaryFolder();
    await writeCampaign(folder, 'letters');
    let heard = () => {};
    const reached = new Promise<void>((resolve) => {
      heard = resolve;
    });
    const silent = await startRelay(({ at }) => {
      if (at === 'MAIL') heard();
      return at === 'MAIL' ? '' : null;
    });
    const { child, ended } = startCartero(['run', 'letters', '--relay', silent.url, '--json'], folder);
    await reached;
    const began = performance.now();
    child.kill('SIGTERM');
    const stopped = await ended;
    expect(stopped.code, stopped.stderr).toBe(3);
    // Five seconds of grace, and not the five minutes of RFC 5321 §4.5.3.2.2.
    expect(performance.now() - began).toBeLessThan(30_000);
    expect(lastJson(stopped)).toMatchObject({ pending: 2, uncertain: 0 });
  });
});
