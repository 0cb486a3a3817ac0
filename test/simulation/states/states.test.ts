/**
 * The ledger's states, all of them, for two workers and three recipients, within a budget of deaths, thefts and deeds; and
 * SQLite's ledger beside the model on random walks through them. STATES=deep: with a larger budget.
 */
import { describe, expect, test } from 'vitest';
import { sqliteStage } from '../stage.ts';
import { walkAlong } from './conformance.ts';
import { explore } from './explore.ts';
import type { Budget } from './machine.ts';

const POLICIES = ['hold', 'resend', 'skip'] as const;
const IS_DEEP = process.env.STATES === 'deep';
const DEEP: readonly [recipients: number, budget: Budget][] = [
  [1, { crashes: 1, thefts: 1, deeds: 2, attempts: 2 }],
  [2, { crashes: 1, thefts: 0, deeds: 1, attempts: 1 }],
  [3, { crashes: 1, thefts: 1, deeds: 0, attempts: 1 }],
];

describe('every state of two workers', () => {
  const budgets: readonly [recipients: number, budget: Budget][] = [
    [1, { crashes: 1, thefts: 1, deeds: 1, attempts: 2 }],
    [2, { crashes: 1, thefts: 1, deeds: 0, attempts: 1 }],
    [3, { crashes: 1, thefts: 0, deeds: 0, attempts: 1 }],
    ...(IS_DEEP ? DEEP : []),
  ];
  const cases = POLICIES.flatMap((policy) => budgets.map(([recipients, budget]) => ({ policy, recipients, budget })));

  test.each(cases)(
    'keeps every promise under $policy with $recipients recipients and $budget',
    {
      timeout: 600_000,
    },
    ({ policy, recipients, budget }) => {
      const { states, steps, failure } = explore(recipients, policy, budget);
      expect(failure).toBeNull();
      console.log(`${policy}, ${recipients} recipients: ${states} states, ${steps} steps`);
    },
  );
});

describe('SqliteLedger beside the model', () => {
  const WALKS = IS_DEEP ? 1000 : 50;
  test.each(POLICIES)(`says the same on ${WALKS} walks under %s`, { timeout: 600_000 }, async (policy) => {
    const budget: Budget = { crashes: 4, thefts: 3, deeds: 6, attempts: 4 };
    let living: readonly string[] = [];
    for (let seed = 0; seed < WALKS; seed += 1) {
      const stage = sqliteStage((owner) => living.includes(owner));
      const difference = await walkAlong(
        { seed, recipients: 3, policy, budget, steps: 80 },
        (owner) => stage.ledgerOf(owner),
        (now) => {
          living = now;
        },
      );
      expect(difference, `walk ${seed}`).toBeNull();
    }
  });
});
