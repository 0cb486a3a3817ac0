/** Holds what happened in a scene against the oracle, and against what must hold whatever happens. */
import { expect } from 'vitest';
import { type DeliveryState, isLegalMove } from '#mailing';
import { SmtpError } from '#smtp';
import type { Cell } from './cells.ts';
import { courseOf, type Fate, fateBefore, fateBehind, fateOf, isAhead, isRight, type Seen } from './oracle.ts';
import { PASSWORD_TEXT, type Scene, type Story, type Told } from './scene.ts';

const STATES = {
  a: 'accepted',
  r: 'refused',
  d: 'deferred',
  '?': 'uncertain',
  u: 'pending',
  f: 'pending',
} as const satisfies Record<Fate, DeliveryState>;

const MINUTE = 60_000;

export function judge(scene: Scene, story: Story): void {
  const { cell, target } = scene;
  const fate = fateOf(cell, target, seenOf(scene, story, target.mail));
  expect(fate, 'what was seen of the mail that is met').not.toMatch(/^-?$/);
  if (fate === 'f') {
    expect(story.openingError).toBeInstanceOf(SmtpError);
    expect(story.wire.relay.mails).toEqual([]);
  } else {
    expect(story.openingError).toBeNull();
    judgeFates(scene, story, fate);
    for (let mail = 0; mail < scene.mails; mail += 1) judgeMail(scene, story, mail);
  }
  judgeWords(scene, story, fate);
  judgeTime(scene, story, fate);
  judgeEnd(story);
}

function seenOf({ isJoined }: Scene, { wire }: Story, mail: number): Seen {
  return { hasLeft: wire.relay.mail(mail)?.isIndicated === true, isJoined };
}

/** What became of each recipient of each mail. */
function judgeFates(scene: Scene, story: Story, fate: string): void {
  const told = story.told.map(({ fates }) => fates.join(''));
  const right = story.told.map((_, mail) => rightOf(scene, story, fate, mail));
  expect(told).toHaveLength(scene.mails);
  const shown = story.told.map(({ fates }, mail) =>
    fates
      .map((each, index) => (isRight(each, right[mail]?.[index] ?? '') ? (right[mail]?.[index] ?? '') : each))
      .join(''),
  );
  expect(shown, `fates told: ${told.join(' ')}`).toEqual(right);
}

function rightOf(scene: Scene, story: Story, fate: string, mail: number): string {
  const { cell, target } = scene;
  const seen = seenOf(scene, story, mail);
  // Replies decide mails in their order, also behind a 421.
  if (scene.farewell === 'in order' && story.wire.relay.mail(mail)?.isTaken) return forEach(cell, 'a');
  const distance = distanceOf(scene, story, mail);
  if (distance < 0) return forEach(cell, fateBefore(cell, target, -distance, seen));
  if (distance > 0 && scene.farewell === 'without a word') return forEach(cell, seen.hasLeft ? '?' : 'u');
  if (distance > 0) return forEach(cell, fateBehind(cell, target, fate, seen));
  return forTarget(scene, fate);
}

/** How far behind the mail that is met it came to the relay, or would have come. */
function distanceOf({ target, mails }: Scene, { wire }: Story, mail: number): number {
  const came = wire.relay.mails.map(({ number }) => number);
  const left = Array.from({ length: mails }, (_, number) => number).filter((number) => !came.includes(number));
  const order = [...came, ...left];
  return order.indexOf(mail) - order.indexOf(target.mail);
}

/** The third of several recipients is refused where it is asked for. */
function forEach({ mode }: Cell, fate: string): string {
  if (mode !== 'several recipients') return fate;
  return fate === 'u' ? 'uuu' : `${fate}${fate}r`;
}

function forTarget({ cell: { mode, step, fault }, target }: Scene, fate: string): string {
  if (mode !== 'several recipients') return fate;
  if (step === 'RCPT' && (fate === 'd' || fate === 'r')) return fault === '421' ? 'udu' : `a${fate}r`;
  if (step === 'MAIL' && fate !== 'a') return fate.repeat(3);
  if (step === 'RSET or idle' && target.rest === 'RSET') return fate === 'u' ? 'rru' : 'rrr';
  const isRefusalHeard =
    fate !== 'u' || (step !== 'RCPT' && !(step === 'DATA or BDAT' && fault === 'reply in advance'));
  return fate.repeat(2) + (isRefusalHeard ? 'r' : fate);
}

/** What holds for every mail: the relay is the witness. */
function judgeMail({ cell, target }: Scene, story: Story, mail: number): void {
  const told = story.told[mail];
  const heard = story.wire.relay.mail(mail);
  if (told === undefined) throw new Error(`nothing was told of mail ${mail}`);
  const isDoubtful = told.fates.includes('?');
  const isAccepted = told.fates.includes('a');
  if (heard?.isTaken) expect(isAccepted || isDoubtful, `mail ${mail} was taken`).toBe(true);
  if (isAccepted) expect(heard?.isTaken, `mail ${mail} is accepted`).toBe(true);
  if (isDoubtful) expect(heard?.isIndicated, `mail ${mail} is uncertain`).toBe(true);
  // The caller was asked once, before the indicator, and never for nothing where it left.
  expect(told.isEarly).toBe(false);
  expect(told.releases).toBeLessThanOrEqual(1);
  if (heard?.isIndicated) expect(told.releases).toBe(1);
  judgeLedger(told);
  if (heard !== undefined) {
    for (const path of heard.recipients) expect(path).toMatch(new RegExp(`-${mail}@example\\.org$`));
    if (heard.head !== '') expect(heard.head).toContain(`Subject: mail ${mail}\r\n`);
  }
  const isShifted = cell.fault === 'surplus reply' || cell.fault === 'reply in advance' || cell.step === 'half a reply';
  for (const result of told.results) {
    // Replies decide mails in their order.
    if (result.outcome === 'accepted' && !isShifted) expect(result.queueId).toBe(`Q${mail}`);
    if (result.outcome === 'deferred' && mail === target.mail) expect([421, 451]).toContain(result.reply.code);
  }
}

/** What a ledger would have written down: the intent before the indicator, and then what became of it. */
function judgeLedger({ fates, releases }: Told): void {
  const from = releases > 0 ? 'intended' : 'pending';
  if (releases > 0) expect(isLegalMove('pending', 'intended', 'hold')).toBe(true);
  for (const fate of fates) {
    const to = STATES[fate];
    if (to === 'pending' && from === 'pending') continue;
    // What was intended and provably not sent is due again.
    expect(isLegalMove(from, to === 'pending' ? 'deferred' : to, 'hold'), `${from} to ${to}`).toBe(true);
  }
}

/** What the client said, and when it was silent. */
function judgeWords({ cell, target }: Scene, { wire }: Story, fate: string): void {
  const { heard } = wire.relay;
  const inClear = heard.slice(0, heard.includes('<TLS>') ? heard.indexOf('<TLS>') : heard.length).join('\n');
  expect(inClear).toMatch(
    cell.security === 'starttls' ? /^(?:EHLO client\.example\.com(?:\nSTARTTLS)?(?:\nQUIT)?|QUIT)?$/ : /^$/,
  );
  if (fate === 'f') expect(heard.filter((line) => /^(?:MAIL|RCPT|DATA|BDAT)/.test(line))).toEqual([]);
  const behind = heard.slice(wire.heardUntilDeed ?? heard.length).filter((line) => line !== '<TLS>');
  const course = courseOf(cell, target, fate);
  const isTold = cell.fault !== 'silence' && cell.fault !== 'drip';
  // Of a reply too many among many that are awaited nothing is seen at once.
  const isSeen = !(isAhead(cell) && (cell.fault === 'surplus reply' || cell.fault === 'reply in advance'));
  if (course === 'over' && isSeen && (isTold || !isAhead(cell))) expect(behind).toEqual([]);
  if (course === 'QUIT') expect(behind.filter((line) => line !== '*')).toEqual(['QUIT']);
}

/** How long the client waited for what did not come. */
function judgeTime({ cell, target, isLarge }: Scene, { wire }: Story, fate: string): void {
  if (cell.fault !== 'silence' && cell.fault !== 'drip') return;
  const waited = (wire.closedAt ?? Number.NaN) - (wire.doneAt ?? Number.NaN);
  if (cell.step === 'withheld' || (cell.step === 'RSET or idle' && target.rest === 'idle')) return;
  expect(waited).toBe(deadlineOf(cell, fate, isLarge));
}

/** RFC 5321 §4.5.3.2. */
function deadlineOf({ step, mode }: Cell, fate: string, isLarge: boolean): number {
  switch (step) {
    case 'name':
    case 'connection':
    case 'TLS':
      return MINUTE / 2;
    case 'greeting':
    case 'EHLO':
    case 'EHLO over TLS':
    case 'MAIL':
    case 'RCPT':
      return 5 * MINUTE;
    case 'STARTTLS':
    case 'AUTH':
    case 'end of AUTH':
    case 'RSET or idle':
      return 2 * MINUTE;
    case 'DATA or BDAT':
      return mode === 'CHUNKING' ? (isLarge ? 3 : 10) * MINUTE : 2 * MINUTE;
    case 'first of content':
    case 'middle of content':
      return fate === 'u' || isLarge ? 3 * MINUTE : 10 * MINUTE;
    case 'QUIT':
      return MINUTE / 12;
    default:
      return 10 * MINUTE;
  }
}

/** Nothing is left behind, and nothing secret or harmful is shown. */
function judgeEnd({ wire, left, isUsable, records, openingError, told }: Story): void {
  expect(wire.closed).not.toBeNull();
  expect(wire.lateOctets).toBe(0);
  expect(left).toEqual({ timers: 0, listeners: 0 });
  expect(isUsable).toBe(false);
  const errors = told.flatMap(({ results }) =>
    results.map((result) => ('error' in result ? result.error.message : '')),
  );
  const shown = [
    ...records.map(({ text }) => text),
    ...errors,
    openingError instanceof Error ? openingError.message : '',
  ];
  for (const secret of [PASSWORD_TEXT, Buffer.from(PASSWORD_TEXT).toString('base64')])
    expect(shown.some((text) => text.includes(secret))).toBe(false);
  expect(shown.filter((text) => /[\0-\x1f\x7f-\x9f]/.test(text))).toEqual([]);
}
