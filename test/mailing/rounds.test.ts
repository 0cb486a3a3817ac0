/** A run to its end in virtual time: hours pass, and nobody waits for them. */
import { expect, test } from 'vitest';
import { MailComposer, readContent, type SendReport, sendToEnd } from '#mailing';
import type { Reply, Session } from '#smtp';
import { temporaryFolder, writeCampaign } from '../cli/cartero.ts';
import { scriptedSession } from './scripted-session.ts';
import { NOW, opened, start } from './starting.ts';
import { VirtualClock } from './virtual-clock.ts';

const MINUTE = 60_000;
const OK: Reply = { code: 250, lines: ['ok'], enhancedStatus: null };
const GREY: Reply = { code: 451, lines: ['4.7.1 greylisted'], enhancedStatus: '4.7.1' };

class RunClock extends VirtualClock {
  override now(): number {
    return NOW + this.monotonic();
  }
}

/** A session that defers who is to be deferred, at RCPT. */
function sessionOf(answer: (to: string) => Reply): Session {
  return scriptedSession(async (to, release) => {
    const reply = answer(to);
    if (reply.code >= 400) return { outcome: 'deferred', step: 'RCPT', reply };
    await release();
    return { outcome: 'accepted', reply, queueId: null };
  });
}

async function place(answer: (to: string, attempt: number) => Reply) {
  const folder = await writeCampaign(temporaryFolder(), 'letters');
  const state = opened(temporaryFolder());
  const { run, loaded } = await start(state, folder);
  const clock = new RunClock();
  const attempts: { to: string; minute: number }[] = [];
  const stop = new AbortController();
  const resting: number[] = [];
  const composer = await MailComposer.open(loaded, {
    date: run.createdAt,
    readFile: (content) => readContent(state.objects, content),
  });
  const session = () =>
    sessionOf((to) => {
      attempts.push({ to, minute: Math.floor(clock.monotonic() / MINUTE) });
      return answer(to, attempts.filter((each) => each.to === to).length);
    });
  const ended = { report: null as SendReport | null };
  const send = (once: boolean) =>
    sendToEnd(
      run,
      composer,
      { ...state, clock },
      {
        connections: 1,
        once,
        openSession: async () => session(),
        signal: stop.signal,
        owner: 'sender',
        onResting: (nextAt) => resting.push(nextAt),
      },
    ).then((report) => {
      ended.report = report;
    });
  /** Time passes only where somebody waits for it: files are written in real time. */
  const passUntil = async (isEnough: () => boolean) => {
    while (!isEnough()) {
      if (clock.timers > 0) await clock.pass(MINUTE / 2);
      await new Promise((resolve) => setTimeout(resolve, 2));
    }
  };
  return { state, run, attempts, resting, stop, ended, send, passUntil };
}

test('whoever is deferred is asked for again when due, and the run ends when nobody is left', async () => {
  const { state, run, attempts, resting, ended, send, passUntil } = await place((to, attempt) =>
    to === 'zoe@example.com' && attempt < 3 ? GREY : OK,
  );
  const sending = send(false);
  await passUntil(() => ended.report !== null);
  await sending;
  expect(ended.report).toEqual({ stopped: false, elsewhere: 0 });
  const [first, second, third] = attempts.filter(({ to }) => to === 'zoe@example.com').map(({ minute }) => minute);
  expect(first).toBe(0);
  expect(second).toBeGreaterThanOrEqual(5);
  expect(second).toBeLessThanOrEqual(7);
  expect(third).toBeGreaterThanOrEqual(20);
  expect(third).toBeLessThanOrEqual(26);
  expect(attempts.filter(({ to }) => to === 'ana@example.com')).toHaveLength(1);
  expect(resting).toHaveLength(2);
  expect(await state.ledger.totals(run.id)).toMatchObject({ accepted: 2 });
  expect((await state.ledger.run(run.id))?.finished).toBe(true);
});

test('with `once` one attempt is made, and nobody is waited for', async () => {
  const { state, run, attempts, ended, send, passUntil } = await place(() => GREY);
  const sending = send(true);
  await passUntil(() => ended.report !== null);
  await sending;
  expect(ended.report?.stopped).toBe(false);
  expect(attempts).toHaveLength(2);
  expect(await state.ledger.totals(run.id)).toMatchObject({ deferred: 2 });
});

test('a signal ends the wait at once, and nobody is lost', async () => {
  const { state, run, resting, stop, ended, send, passUntil } = await place(() => GREY);
  const sending = send(false);
  await passUntil(() => resting.length > 0);
  expect(resting).toHaveLength(1);
  stop.abort();
  await sending;
  expect(ended.report?.stopped).toBe(true);
  expect(await state.ledger.totals(run.id)).toMatchObject({ deferred: 2 });
});
