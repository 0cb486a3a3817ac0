/** A run as an item: what it was made with, its plan, what a person wants of it, and what its canary came to. */
import type { CanaryVerdict, PlanCounts, RunControl, RunRecord } from '#mailing';
import { batchesOf, expirySeconds, KEPT_MS } from './ledger-keys.ts';
import { type Changes, type Item, number, text } from './table-values.ts';

export type RunFacts = Omit<RunRecord, 'plan' | 'finished' | 'canary'>;

export interface Run {
  readonly rev: number;
  /** Place in the order of their making. */
  readonly made: number;
  /** Rises when a run of other content takes its place. */
  readonly generation: number;
  readonly facts: RunFacts;
  readonly plan: PlanCounts | null;
  readonly canary: CanaryVerdict | null;
  readonly control: RunControl;
  /** When it was last paused, resumed or cancelled. */
  readonly controlAt: number | null;
  /** Every batch was found closed, and none has been opened since; `false`: nobody has looked. */
  readonly finished: boolean;
}

export function newRun(facts: RunFacts, made: number, generation: number): Run {
  const fresh = { plan: null, canary: null, control: 'going', controlAt: null, finished: false } as const;
  return { rev: 0, made, generation, facts, ...fresh };
}

/** As it is written: under the next rev. */
export function runItem(run: Run): Changes {
  const { facts, plan, canary, control, controlAt, finished } = run;
  return {
    rev: run.rev + 1,
    made: run.made,
    generation: run.generation,
    campaign: facts.campaign,
    facts: JSON.stringify(facts),
    plan: plan === null ? null : JSON.stringify(plan),
    canary: canary === null ? null : JSON.stringify(canary),
    control,
    controlAt,
    finished: finished ? 1 : null,
    expiresAt: expiryOfRun(run),
  };
}

export function runOf(item: Item): Run {
  const [plan, canary] = [text(item, 'plan'), text(item, 'canary')];
  return {
    rev: number(item, 'rev'),
    made: number(item, 'made'),
    generation: number(item, 'generation'),
    facts: JSON.parse(text(item, 'facts') ?? '{}') as RunFacts,
    plan: plan === null ? null : (JSON.parse(plan) as PlanCounts),
    canary: canary === null ? null : (JSON.parse(canary) as CanaryVerdict),
    control: (text(item, 'control') ?? 'going') as RunControl,
    controlAt: text(item, 'control') !== null && 'controlAt' in item ? number(item, 'controlAt') : null,
    finished: number(item, 'finished') === 1,
  };
}

export function batchesOfRun({ facts, generation }: Run): string {
  return batchesOf(facts.id, generation);
}

export function expiryOfRun({ facts }: Run): number {
  return expirySeconds(facts.expiresAt + KEPT_MS);
}

/** A person lets the others go, whatever became of the canary. */
export function overruled(canary: CanaryVerdict | null): CanaryVerdict | null {
  return canary?.verdict === 'stopped' ? { ...canary, verdict: 'overruled' } : canary;
}
