/** Runs over real sockets and a real ledger against a relay that does what the test says. */
import { describe, expect, test } from 'vitest';
import { openCampaignFolder, openState, systemClock } from '#local';
import {
  loadCampaign,
  MailComposer,
  type Outcome,
  RelayFault,
  readContent,
  resultLine,
  sendRun,
  startRun,
} from '#mailing';
import { openSession } from '#smtp';
import { temporaryFolder, writeCampaign } from '../cli/cartero.ts';
import { type ScriptedRelay, startRelay } from './scripted-relay.ts';

const PEOPLE = ['ana@example.com', 'ben@example.com', 'cleo@example.com'];

const MINUTE = 60_000;

interface Sent {
  readonly outcomes: Record<string, Outcome>;
  readonly results: ReturnType<typeof resultLine>[];
  readonly error: unknown;
  readonly transcripts: string;
}

/** Sends a campaign to the people once, over one connection unless said otherwise. */
async function sendTo(
  relay: ScriptedRelay,
  options: {
    people?: readonly string[];
    connections?: number;
    folder?: string;
    onUncertain?: 'resend';
    laterMs?: number;
  } = {},
): Promise<Sent> {
  const { people = PEOPLE, connections = 1, folder = temporaryFolder() } = options;
  const campaignFolder = await writeCampaign(folder, 'letters', {
    'list.csv': `email,name\n${people.map((email) => `${email},Name\n`).join('')}`,
  });
  const live = await loadCampaign(await openCampaignFolder(campaignFolder, { projectTemplates: folder }));
  const state = openState(`${folder}/state`);
  const clock = { ...systemClock(), now: () => Date.now() + (options.laterMs ?? 0) };
  const signal = new AbortController().signal;
  const audience = { name: 'list.csv', open: () => live.source.files.stream('list.csv') };
  try {
    const started = await startRun({ ...state, clock }, live, audience, {
      slot: null,
      another: false,
      rehearsal: false,
      signal,
      ...(options.onUncertain === undefined ? {} : { onUncertain: options.onUncertain }),
    });
    if (started === null) throw new Error('the run was stopped');
    const { run, loaded } = started;
    const composer = await MailComposer.open(loaded, {
      date: run.createdAt,
      readFile: (content) => readContent(state.objects, content),
    });
    const settings = { host: '127.0.0.1', port: relay.port, security: 'none', clientName: '[127.0.0.1]' } as const;
    const time = systemClock();
    let error: unknown = null;
    await sendRun(
      run,
      composer,
      { ...state, clock },
      {
        connections,
        openSession: (record) => openSession(settings, { time, record }),
        signal,
        owner: state.owner,
      },
    ).catch((thrown: unknown) => {
      error = thrown;
    });
    const results: ReturnType<typeof resultLine>[] = [];
    let transcripts = '';
    for await (const record of state.ledger.deliveries(run.id)) {
      results.push(resultLine(record));
      for (const { opening, transaction } of await state.transcripts.read(run.id, record.batch, record.row)) {
        transcripts += [...opening, ...transaction].map(({ by, text }) => `${by}: ${text}\n`).join('');
      }
    }
    const outcomes = Object.fromEntries(results.map(({ recipient, outcome }) => [recipient, outcome as Outcome]));
    return { outcomes, results, error, transcripts };
  } finally {
    state.close();
  }
}

const everyone = (outcome: Outcome) => Object.fromEntries(PEOPLE.map((person) => [person, outcome]));

describe('sendRun', () => {
  test('sends every mail on one session, and keeps reply, queue id and conversation', async () => {
    const relay = await startRelay();
    const { outcomes, results, transcripts } = await sendTo(relay);
    expect(outcomes).toEqual(everyone('accepted'));
    expect(relay.accepted).toEqual(PEOPLE);
    expect(relay.received).toHaveLength(1);
    expect(results[0]).toMatchObject({
      reply: '250 2.0.0 Ok: queued as Q1',
      enhancedStatus: '2.0.0',
      queueId: 'Q1',
      attempts: 1,
    });
    expect(relay.received[0]).toContain('QUIT\r\n');
    expect(transcripts).toContain('client: RCPT TO:<ben@example.com>');
    expect(transcripts).not.toContain('this is for you');
  });

  const perRecipient: readonly [string, string, string, Outcome][] = [
    ['RCPT', 'refused for good', '550 5.1.1 no such user', 'refused'],
    ['RCPT', 'refused for now', '451 4.7.1 greylisted', 'deferred'],
    ['MAIL', 'refused for good', '550 5.7.1 not from you', 'refused'],
    ['DATA', 'refused for now', '451 4.3.0 later', 'deferred'],
    ['.', 'refused for good', '554 5.6.0 not this content', 'refused'],
    ['.', 'refused for now', '452 4.2.2 mailbox full', 'deferred'],
    ['.', 'refused by an unknown code', '459 whatever', 'deferred'],
    ['.', 'answered by a code that ends nothing', '354 go on', 'uncertain'],
    ['.', 'answered by no code', 'garbage', 'uncertain'],
    ['.', 'answered by two digits', '25 ok', 'uncertain'],
    ['.', 'not answered: the connection is reset', 'reset', 'uncertain'],
    ['.', 'not answered: the connection is closed', 'close', 'uncertain'],
  ];
  for (const [at, how, answer, expected] of perRecipient) {
    test(`settles a mail ${how} at ${at} as ${expected}, and its neighbours as accepted`, async () => {
      // Ben's is the second mail; a lost connection makes Cleo's the first of the next one.
      const relay = await startRelay((moment) =>
        moment.at === at && moment.mail === 2 && moment.connection === 1 ? answer : null,
      );
      const { outcomes, results } = await sendTo(relay);
      expect(outcomes).toEqual({ ...everyone('accepted'), 'ben@example.com': expected });
      expect(relay.accepted.filter((person) => person !== 'ben@example.com')).toEqual([
        'ana@example.com',
        'cleo@example.com',
      ]);
      expect(results[1]?.attempts).toBe(1);
      if (expected === 'refused' || expected === 'deferred') expect(results[1]?.reply).toBe(answer);
      else expect(results[1]?.problem).toBeTruthy();
    });
  }

  test('takes another connection when one is lost before the indicator, and counts no attempt', async () => {
    const relay = await startRelay(({ at, connection, mail }) =>
      at === 'DATA' && connection === 1 && mail === 2 ? 'reset' : null,
    );
    const { outcomes, results } = await sendTo(relay);
    expect(outcomes).toEqual(everyone('accepted'));
    expect(results.map(({ attempts }) => attempts)).toEqual([1, 1, 1]);
    expect(relay.received).toHaveLength(2);
    expect(relay.accepted).toEqual(PEOPLE);
  });

  test('defers a mail under which every connection is lost, and goes on with the others', async () => {
    const relay = await startRelay(({ at, recipient }) =>
      at === 'DATA' && recipient === 'ben@example.com' ? 'reset' : null,
    );
    const { outcomes, results } = await sendTo(relay);
    expect(outcomes).toEqual({ ...everyone('accepted'), 'ben@example.com': 'deferred' });
    expect(results[1]?.problem).toContain('connections were lost under this mail');
  });

  for (const answer of ['452 4.3.1 too many mails', '421 4.7.0 enough for one session']) {
    test(`opens another session where one takes no more mails (${answer.slice(0, 3)}), and counts no attempt`, async () => {
      const relay = await startRelay(({ at, mail }) => (at === 'MAIL' && mail === 2 ? answer : null));
      const { outcomes, results } = await sendTo(relay);
      expect(outcomes).toEqual(everyone('accepted'));
      expect(results.map(({ attempts }) => attempts)).toEqual([1, 1, 1]);
      expect(relay.received).toHaveLength(3);
    });
  }

  test('defers where a fresh session answers 4yz to MAIL', async () => {
    const relay = await startRelay(({ at }) => (at === 'MAIL' ? '451 4.3.2 not now' : null));
    const { outcomes } = await sendTo(relay);
    expect(outcomes).toEqual(everyone('deferred'));
  });

  test('burns nobody when the relay wants a login', async () => {
    const relay = await startRelay(({ at }) => (at === 'MAIL' ? '530 5.7.0 authentication required' : null));
    const { outcomes, error } = await sendTo(relay);
    expect(error).toBeInstanceOf(RelayFault);
    expect(outcomes).toEqual(everyone('pending'));
  });

  test('burns nobody when the relay does not greet, and asks it once only', async () => {
    const relay = await startRelay(({ at }) => (at === 'greeting' ? '554 no service' : null));
    const { outcomes, error } = await sendTo(relay, { connections: 8 });
    expect(error).toBeInstanceOf(RelayFault);
    expect(outcomes).toEqual(everyone('pending'));
    expect(relay.received).toHaveLength(1);
  });

  test('does not send again what is uncertain under hold, whatever is started', async () => {
    const folder = temporaryFolder();
    const first = await startRelay(({ at, recipient }) =>
      at === '.' && recipient === 'ben@example.com' ? 'reset' : null,
    );
    await sendTo(first, { folder });
    const second = await startRelay();
    const { outcomes } = await sendTo(second, { folder });
    expect(outcomes).toEqual({ ...everyone('accepted'), 'ben@example.com': 'uncertain' });
    expect(second.ended).toEqual([]);
  });

  test('does not send again what is deferred and not due', async () => {
    const folder = temporaryFolder();
    await sendTo(await startRelay(({ at }) => (at === 'RCPT' ? '451 4.7.1 greylisted' : null)), { folder });
    const second = await startRelay();
    const { outcomes } = await sendTo(second, { folder });
    expect(outcomes).toEqual(everyone('deferred'));
    expect(second.received).toEqual([]);
  });

  test('sends a deferred mail again when it is due, the same octet for octet', async () => {
    const folder = temporaryFolder();
    const first = await startRelay(({ at }) => (at === '.' ? '451 4.7.1 greylisted' : null));
    await sendTo(first, { folder });
    const early = await startRelay();
    expect((await sendTo(early, { folder, laterMs: 4.9 * MINUTE })).outcomes).toEqual(everyone('deferred'));
    expect(early.received).toEqual([]);
    const second = await startRelay();
    const { outcomes, results } = await sendTo(second, { folder, laterMs: 6.1 * MINUTE });
    expect(outcomes).toEqual(everyone('accepted'));
    expect(results.map(({ attempts }) => attempts)).toEqual([2, 2, 2]);
    expect(second.ended).toEqual(first.ended);
    expect(second.ended[0]?.content).toContain(`Message-ID: <${results[0]?.messageId}>`);
  });

  test('gives a deferred mail up when the run has expired', async () => {
    const folder = temporaryFolder();
    await sendTo(await startRelay(({ at }) => (at === 'RCPT' ? '451 4.7.1 greylisted' : null)), { folder });
    const second = await startRelay();
    expect((await sendTo(second, { folder, laterMs: 49 * 60 * MINUTE })).outcomes).toEqual(everyone('expired'));
    expect(second.received).toEqual([]);
  });

  test('sends an uncertain mail again under resend alone, 15 minutes later, the same octet for octet', async () => {
    const folder = temporaryFolder();
    const first = await startRelay(({ at, recipient }) =>
      at === '.' && recipient === 'ben@example.com' ? 'reset' : null,
    );
    expect((await sendTo(first, { folder, onUncertain: 'resend' })).outcomes['ben@example.com']).toBe('uncertain');
    const early = await startRelay();
    expect((await sendTo(early, { folder, laterMs: 14 * MINUTE })).outcomes['ben@example.com']).toBe('uncertain');
    expect(early.received).toEqual([]);
    const second = await startRelay();
    expect((await sendTo(second, { folder, laterMs: 16 * MINUTE })).outcomes).toEqual(everyone('accepted'));
    expect(second.ended).toEqual(first.ended.filter(({ recipient }) => recipient === 'ben@example.com'));
  });

  test('keeps no mail for connections that cannot be had: the one that stands sends them all', async () => {
    const people = Array.from({ length: 10 }, (_, index) => `p${index}@example.com`);
    const relay = await startRelay(({ at, connection }) =>
      at === 'greeting' && connection > 1 ? '421 4.7.0 one at a time' : null,
    );
    const { outcomes, error } = await sendTo(relay, { people, connections: 4 });
    expect(error).toBeNull();
    expect(new Set(Object.values(outcomes))).toEqual(new Set(['accepted']));
  });

  test('asks a recipient that is answered as the session would be again later, and goes on with the others', async () => {
    const relay = await startRelay(({ at, line }) =>
      at === 'RCPT' && line.includes('ben@') ? '530 5.7.0 log in first' : null,
    );
    const { outcomes, error } = await sendTo(relay);
    expect(error).toBeNull();
    expect(outcomes).toEqual({ ...everyone('accepted'), 'ben@example.com': 'deferred' });
  });

  for (const answer of ['550 5.7.1 not from you', '451 4.3.2 not now', '421 4.3.2 not now']) {
    test(`stops after ten mails in a row that are answered ${answer.slice(0, 3)} to MAIL, and burns no more`, async () => {
      const people = Array.from({ length: 40 }, (_, index) => `p${index}@example.com`);
      const relay = await startRelay(({ at }) => (at === 'MAIL' ? answer : null));
      const { outcomes, error } = await sendTo(relay, { people });
      expect(error).toBeInstanceOf(RelayFault);
      expect(Object.values(outcomes).filter((outcome) => outcome !== 'pending')).toHaveLength(10);
      expect(relay.ended).toEqual([]);
    });
  }

  test('goes on with as many connections as the relay takes', async () => {
    const people = Array.from({ length: 40 }, (_, index) => `p${index}@example.com`);
    const relay = await startRelay(({ at, connection }) =>
      at === 'greeting' && connection > 2 ? '421 4.7.0 too many connections' : null,
    );
    const { outcomes, error } = await sendTo(relay, { people, connections: 5 });
    expect(error).toBeNull();
    expect(new Set(Object.values(outcomes))).toEqual(new Set(['accepted']));
    expect(relay.accepted.toSorted()).toEqual(people.toSorted());
  });

  test('shares the work among its connections', async () => {
    const people = Array.from({ length: 60 }, (_, index) => `p${index}@example.com`);
    const relay = await startRelay();
    const { outcomes } = await sendTo(relay, { people, connections: 6 });
    expect(new Set(Object.values(outcomes))).toEqual(new Set(['accepted']));
    expect(relay.received.length).toBeGreaterThan(1);
    expect(relay.received.length).toBeLessThanOrEqual(6);
    expect(relay.accepted.toSorted()).toEqual(people.toSorted());
  });
});
