/** A run over real sockets whose transcripts and metrics go into a function's log: everybody is in it, and nobody's address. */
import { createSecretKey } from 'node:crypto';
import { expect, test } from 'vitest';
import { openLogLines, openMetrics, openTranscriptLog, readTranscriptLines } from '#aws';
import { openCampaignFolder, openState, systemClock } from '#local';
import { loadCampaign, MailComposer, namesBy, readContent, type SendOptions, sendRun, startRun } from '#mailing';
import { openSession } from '#smtp';
import { temporaryFolder, writeCampaign } from '../cli/cartero.ts';
import { type Script, startRelay } from '../mailing/scripted-relay.ts';
import { CapturedLog } from './captured-log.ts';

const PEOPLE = ['ana@example.com', 'ben@example.com', 'cleo@example.com'];
const nameOf = namesBy(createSecretKey(Buffer.alloc(32, 5)));

/** @returns the log, and the row of each recipient with its batch */
async function runInto(output: CapturedLog, script: Script) {
  const relay = await startRelay(script);
  const folder = temporaryFolder();
  const campaign = await writeCampaign(folder, 'letters', {
    'list.csv': `email,name\n${PEOPLE.map((email) => `${email},Name\n`).join('')}`,
  });
  const live = await loadCampaign(await openCampaignFolder(campaign, { projectTemplates: folder }));
  const state = openState(`${folder}/state`);
  const clock = systemClock();
  const { signal } = new AbortController();
  try {
    const audience = { name: 'list.csv', open: () => live.source.files.stream('list.csv') };
    const choice = { slot: null, another: false, rehearsal: false, signal };
    const started = await startRun({ ...state, clock }, live, audience, choice);
    if (started === null) throw new Error('the run was stopped');
    const { run, loaded } = started;
    const readFile = (content: string) => readContent(state.objects, content);
    const composer = await MailComposer.open(loaded, { date: run.createdAt, readFile });
    const settings = { host: '127.0.0.1', port: relay.port, security: 'none', clientName: '[127.0.0.1]' } as const;
    const log = openLogLines(output, clock);
    const metrics = openMetrics({ log, clock, environment: 'test', relay: 'main', nameOf });
    const transcripts = openTranscriptLog({ log, nameOf, relay: 'main' });
    const options = metrics.watching<SendOptions>({
      connections: 1,
      openSession: (record) => openSession(settings, { time: clock, record }),
      signal,
      owner: state.owner,
    });
    await sendRun(run, composer, { ...state, clock, transcripts }, options);
    metrics.flush();
    await log.flush();
    return { run: run.id };
  } finally {
    state.close();
  }
}

test('each mail is there with its outcome and its conversation, and the counts of all', async () => {
  const output = new CapturedLog();
  const { run } = await runInto(output, ({ at, recipient }) => {
    if (at === 'RCPT' && recipient.startsWith('ben')) return '550 5.1.1 ben, that is <BEN@example.com>, has left';
    return at === '.' && recipient.startsWith('cleo') ? 'close' : null;
  });
  const mails = output.entries.filter(({ event }) => event === 'transaction');
  const found = Object.fromEntries(mails.map(({ recipient, outcome, reply }) => [recipient, [outcome, reply]]));
  expect(found).toEqual({
    [nameOf('ana@example.com')]: ['accepted', undefined],
    [nameOf('ben@example.com')]: [
      'refused',
      `550 5.1.1 ${nameOf('ben@example.com')}, that is <${nameOf('ben@example.com')}>, has left`,
    ],
    [nameOf('cleo@example.com')]: ['uncertain', undefined],
  });
  expect(output.text).not.toMatch(/\b(?:ana|ben|cleo)\b|@/i);
  expect(output.text).not.toContain('this is for you');
  const counts = output.entries.filter(({ event }) => event === 'mails counted');
  expect(counts).toMatchObject([{ Accepted: 1, Refused: 1, Uncertain: 1, Answered: 2, RelayTripped: 0 }]);
  const ana = mails.find(({ recipient }) => recipient === nameOf('ana@example.com'));
  const where = { run, batch: Number(ana?.batch), row: Number(ana?.row) };
  const [conversation] = await readTranscriptLines(output.lines, where);
  expect(conversation?.opening.map(({ by, text }) => `${by} ${text}`)).toContain('server 220 scripted.test');
  expect(conversation?.transaction.map(({ by, text }) => `${by} ${text}`)).toContain(
    `client RCPT TO:<${nameOf('ana@example.com')}>`,
  );
});
