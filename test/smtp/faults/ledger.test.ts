/**
 * The same faults, met by a whole run. Whatever happens, nobody gets two mails, nobody is lost, and the ledger says no more
 * than is known.
 */
import { rmSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { RelayFault } from '#mailing';
import { APPLICABLE, type Cell } from './cells.ts';
import type { Fate } from './oracle.ts';
import { indicatedTo, mailsTo, PEOPLE, prepare, type Stock, send } from './whole-run.ts';

/** Those that differ for a whole run: the opening in one mode, and what became of mails in each that has one recipient. */
const OPENING = new Set<Cell['step']>([
  'name',
  'connection',
  'greeting',
  'EHLO',
  'STARTTLS',
  'TLS',
  'EHLO over TLS',
  'AUTH',
  'end of AUTH',
]);
const PLAYED = APPLICABLE.filter(
  ({ mode, security, step, fault }) =>
    security === 'starttls' &&
    mode !== 'several recipients' &&
    (mode === 'lockstep' || !OPENING.has(step)) &&
    step !== 'middle of content' &&
    fault !== '100,000 lines',
);

let stock: Stock;

beforeAll(async () => {
  stock = await prepare();
});

afterAll(() => {
  stock.state.close();
  rmSync(stock.folder, { recursive: true, force: true });
});

const OUTCOMES: Partial<Record<Fate, string>> = { a: 'accepted', r: 'refused', d: 'deferred', '?': 'uncertain' };

describe('a run', () => {
  it.each(PLAYED)('$mode, $step: $fault', async (cell) => {
    const { fault, rows, told, intents, early, wires, timers } = await send(stock, cell);
    const isOpeningFault = OPENING.has(cell.step) && !(cell.fault === 'NUL, 8-bit, ANSI' && told.size > 0);
    if (isOpeningFault) expect(fault).toBeInstanceOf(RelayFault);
    else expect(fault).toBeNull();
    expect(rows).toHaveLength(PEOPLE);
    for (const { recipient, outcome, attempts, uncertainAttempts } of rows) {
      const taken = mailsTo(wires, recipient).filter(({ isTaken }) => isTaken).length;
      const last = told.get(recipient)?.at(-1);
      // Nobody gets two mails; who has got one is accepted, or it is not known.
      expect(taken).toBeLessThanOrEqual(1);
      if (outcome === 'accepted') expect(taken).toBe(1);
      if (taken === 1) expect(['accepted', 'uncertain']).toContain(outcome);
      // The last word counts, and who was not begun is pending.
      expect(outcome).toBe(isOpeningFault ? 'pending' : OUTCOMES[last ?? 'u']);
      expect(attempts).toBeGreaterThanOrEqual(outcome === 'pending' ? 0 : 1);
      expect(attempts).toBeLessThanOrEqual(told.get(recipient)?.length ?? 0);
      expect(indicatedTo(wires, recipient)).toBeLessThanOrEqual(intents.get(recipient) ?? 0);
      expect(uncertainAttempts).toBe(outcome === 'uncertain' ? 1 : 0);
    }
    expect(early).toEqual([]);
    expect(wires.every(({ closed, lateOctets }) => closed !== null && lateOctets === 0)).toBe(true);
    expect(timers).toBe(0);
  });
});
