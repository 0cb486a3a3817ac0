/** The verdict of the lab: what must not be is seen. */
import { describe, expect, it } from 'vitest';
import { type Facts, violationsOf } from '../../lab/invariants.ts';
import type { LedgerRow } from '../../lab/ledger.ts';
import type { OracleRecord } from '../../lab/oracle/records.ts';
import type { TraceEntry } from '../../lab/trace.ts';

const ana = 'ana@example.com';

function row(state: string, more: Partial<LedgerRow> = {}): LedgerRow {
  const identity = { batch: 1, index: 0, recipient: ana, messageId: 'a@example.com' };
  return { ...identity, state, attempts: 1, uncertainAttempts: state === 'uncertain' ? 1 : 0, nextAt: null, ...more };
}

function accepted(at = 10, more: Partial<Extract<OracleRecord, { kind: 'accepted' }>> = {}): OracleRecord {
  return { kind: 'accepted', at, recipient: ana, messageId: 'a@example.com', to: ana, content: 'same', ...more };
}

function committed(at: number, fence: number, intended: number[] = [], settled: number[] = []): TraceEntry {
  return { kind: 'committed', at, batch: 1, fence, intended, settled };
}

function claimed(at: number, fence: number): TraceEntry {
  return { kind: 'claimed', at, batch: 1, fence };
}

function facts(rows: readonly LedgerRow[], oracle: readonly OracleRecord[], more: Partial<Facts> = {}): Facts {
  return {
    runs: 1,
    openBatches: 0,
    rows,
    results: rows.map(({ recipient, state }) => ({ recipient, outcome: state })),
    oracle,
    traces: [],
    recipients: rows.length,
    invalid: new Set(),
    suppressed: new Set(),
    poison: null,
    mayResend: false,
    wasCancelled: false,
    kills: 1,
    placesOfProcess: 1,
    depth: 1,
    ...more,
  };
}

const no: OracleRecord = { kind: 'no', recipient: ana, code: 550 };
const listed: TraceEntry = { kind: 'suppressed', at: 20, recipients: [ana] };

describe('violationsOf', () => {
  it.each<[why: string, facts: Facts]>([
    ['an acceptance that both know', facts([row('accepted')], [accepted()])],
    ['a doubt that was one', facts([row('uncertain')], [accepted()])],
    ['a doubt that was none', facts([row('uncertain')], [])],
    ['a refusal', facts([row('refused')], [no])],
    ['poison that is quarantined', facts([row('quarantined', { attempts: 0 })], [], { poison: ana })],
    [
      'a mail that was sent again after a doubt',
      facts([row('accepted', { uncertainAttempts: 1 })], [accepted(), accepted()], { mayResend: true }),
    ],
    [
      'a refusal after a doubt',
      facts([row('refused', { uncertainAttempts: 1 })], [accepted(), no], { mayResend: true }),
    ],
    [
      'fences that rise',
      facts([], [], {
        traces: [
          [claimed(1, 1), committed(2, 1)],
          [claimed(3, 2), committed(4, 2)],
        ],
      }),
    ],
    [
      'a mail that was begun before',
      facts([row('accepted')], [accepted(30)], { traces: [[claimed(0, 1), committed(10, 1, [0])], [listed]] }),
    ],
  ])('takes %s', (_, given) => {
    expect(violationsOf(given)).toEqual([]);
  });

  it.each<[why: string, facts: Facts, violation: RegExp]>([
    ['a recipient who is lost', facts([], [], { recipients: 1 }), /^I1: 0 recipients/],
    ['one who waits for ever', facts([row('pending')], []), /^I1: .* is pending/],
    ['an intent that nobody settled', facts([row('intended')], [], { kills: 0 }), /^I1: .* is intended/],
    ['a batch that is open', facts([], [], { openBatches: 1 }), /^I1: 1 batches/],
    ['a second run of the same cause', facts([], [], { runs: 2 }), /^I1: .* 2 runs/],
    ['two mails under hold', facts([row('accepted', { uncertainAttempts: 1 })], [accepted(), accepted()]), /^I2: /],
    ['two mails without a doubt', facts([row('accepted')], [accepted(), accepted()], { mayResend: true }), /^I3: /],
    ['an acceptance that was none', facts([row('accepted')], []), /^I4: /],
    ['an acceptance that was forgotten', facts([row('refused')], [accepted(), no]), /^I5: /],
    ['a mail to a stranger', facts([], [accepted()]), /^I5: .* is not in the ledger/],
    ['a fence that does not rise', facts([], [], { traces: [[claimed(1, 1)], [claimed(2, 1)]] }), /^I6: .* taken/],
    [
      'a write under an old fence',
      facts([], [], { traces: [[claimed(1, 1), committed(3, 1)], [claimed(2, 2)]] }),
      /^I6: .* written/,
    ],
    [
      'a mail to who is on the list',
      facts([row('accepted')], [accepted(30)], { traces: [[claimed(0, 1), committed(25, 1, [0])], [listed]] }),
      /^I7: /,
    ],
    ['more doubts than places', facts([row('uncertain', { uncertainAttempts: 2 })], []), /^2 attempts are in doubt/],
    ['a refusal that nobody said', facts([row('refused')], []), /the relay never refused/],
    ['a row that is in order and invalid', facts([row('invalid')], []), /its row is in order/],
    ['one who is innocent and quarantined', facts([row('quarantined')], []), /its mail ends no process/],
    ['poison that was sent', facts([row('accepted')], [accepted()], { poison: ana }), /its mail ends each process/],
    [
      'a mail that changed',
      facts([row('accepted', { uncertainAttempts: 1 })], [accepted(), accepted(11, { content: 'other' })], {
        mayResend: true,
      }),
      /not the same/,
    ],
    ["another's mail", facts([row('accepted')], [accepted(10, { to: 'zoe@example.com' })]), /got the mail to zoe/],
    [
      'results that say something else',
      facts([row('accepted')], [accepted()], { results: [] }),
      /nothing in the results/,
    ],
  ])('sees %s', (_, given, violation) => {
    expect(violationsOf(given)).toEqual([expect.stringMatching(violation)]);
  });
});
