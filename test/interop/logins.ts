/** Sessions that open, and those that must not. */
import { expect } from 'vitest';
import { AuthError, MECHANISM_NAMES, type MechanismName, TlsRequiredError } from '#smtp';
import { type Bench, cell, securitiesOf } from './cells.ts';
import { send } from './client.ts';
import { lineBody, mailOf } from './mails.ts';
import { KEYWORDS, type Security } from './servers.ts';

export function logins(bench: Bench): void {
  for (const security of securitiesOf(bench.kind)) {
    offers(bench, security);
    const mechanisms = usable(bench, security);
    for (const mechanism of mechanisms) {
      goodLogin(bench, security, mechanism);
      badLogin(bench, security, mechanism);
    }
    const [best] = mechanisms.filter((mechanism) => mechanism !== 'XOAUTH2');
    if (best !== undefined) choice(bench, security, best);
  }
  loginInClear(bench);
}

/** What server and engine both know, best first; in clear nothing. */
function usable({ kind }: Bench, security: Security): MechanismName[] {
  const offered = security === 'none' ? [] : (kind.mechanisms[security] ?? []);
  return MECHANISM_NAMES.filter((mechanism) => offered.includes(mechanism));
}

/** No fewer and no more than `servers.ts` says: the table names what is not offered anywhere. */
function offers(bench: Bench, security: Security): void {
  cell(bench, { row: 'EHLO without login', security, proved: 'offers as expected' }, async () => {
    const session = await bench.open({ security });
    const { extensions } = session;
    expect(KEYWORDS.filter((keyword) => extensions.has(keyword))).toEqual(
      KEYWORDS.filter((keyword) => bench.kind.keywords.includes(keyword)),
    );
    expect(extensions.mechanisms.toSorted()).toEqual(bench.kind.mechanisms[security]?.toSorted());
    expect(session.peer === null).toBe(security === 'none');
    await session.quit();
  });
}

function goodLogin(bench: Bench, security: Security, mechanism: MechanismName): void {
  cell(bench, { row: `AUTH ${mechanism}, right secret`, security, proved: 'logged in, a mail accepted' }, async () => {
    const said: string[] = [];
    const session = await bench.open({ security, login: { mechanism, secret: 'right' }, said });
    expect(said).toContainEqual(expect.stringMatching(new RegExp(`^AUTH ${mechanism}\\b`)));
    const mail = mailOf(`login-${security}-${mechanism}`, lineBody('logged in'));
    expect(await send(session, mail.data)).toMatchObject({ recipients: [{ outcome: 'accepted' }], error: null });
    await session.quit();
    await bench.delivered.take([mail.name]);
  });
}

function badLogin(bench: Bench, security: Security, mechanism: MechanismName): void {
  cell(bench, { row: `AUTH ${mechanism}, wrong secret`, security, proved: 'refused' }, async () => {
    const opening = bench.open({ security, login: { mechanism, secret: 'wrong' } });
    const error = await opening.then(
      () => null,
      (reason: unknown) => reason,
    );
    expect(error).toBeInstanceOf(AuthError);
    expect(error).toMatchObject({ temporary: false, reply: { code: 535 } });
  });
}

function choice(bench: Bench, security: Security, best: MechanismName): void {
  cell(bench, { row: 'AUTH, left to the engine', security, proved: best }, async () => {
    const said: string[] = [];
    const session = await bench.open({ security, login: { secret: 'right' }, said });
    await session.quit();
    expect(said.filter((line) => line.startsWith('AUTH '))).toEqual([
      expect.stringMatching(new RegExp(`^AUTH ${best}( |$)`)),
    ]);
  });
}

function loginInClear(bench: Bench): void {
  cell(bench, { row: 'AUTH without TLS', security: 'none', proved: 'nothing said' }, async () => {
    const said: string[] = [];
    const opening = bench.open({ security: 'none', login: { secret: 'right' }, said });
    await expect(opening).rejects.toThrow(TlsRequiredError);
    expect(said).toEqual([]);
  });
}
