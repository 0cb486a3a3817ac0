/** What every ledger knows of one person, whatever it is made of. */
import { describe, expect, test } from 'vitest';
import type { Ledger, LedgerSearch } from '#mailing';
import { type NewLedgerStore, newRun, planOf, recipients, START, useLedger } from './ledger.harness.ts';

/** @param searchOf the same store's search */
export function describeLedgerSearch(
  name: string,
  newStore: NewLedgerStore,
  searchOf: (ledger: Ledger) => LedgerSearch,
): void {
  describe(`${name} keeps the contract of LedgerSearch`, () => {
    const at = useLedger(newStore);

    /** One batch of those keys, under a plan that is complete. */
    const planned = async (id: string, keys: readonly string[]) => {
      await at.ledger.createRun(newRun(id));
      const deliveries = recipients(keys.length).map((each, index) => ({ ...each, key: keys[index] ?? '' }));
      await at.ledger.addBatch(id, 1, deliveries);
      await at.ledger.completePlan(id, planOf(1, keys.length));
    };

    test('trace finds a person in every run, in the order of the runs, with what became of the mail', async () => {
      await planned('z', ['ana@example.com', 'ben@example.com']);
      await planned('a', ['cleo@example.com', 'ana@example.com']);
      await planned('m', ['ben@example.com']);
      await at.work(await at.claimed('a'), () => ({ state: 'refused', reply: '550 no', enhancedStatus: '5.1.1' }));
      expect(await searchOf(at.ledger).trace(['ana@example.com'])).toMatchObject([
        { run: 'z', batch: 1, row: 1, outcome: 'pending', attempts: 0, at: null },
        { run: 'a', batch: 1, row: 2, outcome: 'refused', attempts: 1, at: START, enhancedStatus: '5.1.1' },
      ]);
    });

    test('trace takes several keys, one of them twice, and finds each delivery once', async () => {
      await planned('run-1', ['ana@example.com', 'Ana@example.com']);
      const keys = ['Ana@example.com', 'ana@example.com', 'ana@example.com'];
      expect((await searchOf(at.ledger).trace(keys)).map(({ row }) => row)).toEqual([1, 2]);
      expect(await searchOf(at.ledger).trace([])).toEqual([]);
      expect(await searchOf(at.ledger).trace(["'); DROP TABLE run;--", 'eve@example.com'])).toEqual([]);
    });

    test('nobody is found in a plan that is not complete', async () => {
      await at.ledger.createRun(newRun('run-1'));
      await at.ledger.addBatch('run-1', 1, recipients(1));
      expect(await searchOf(at.ledger).trace(['r1@example.org'])).toEqual([]);
    });

    test('an intent of a process that died is told as uncertain', async () => {
      await planned('run-1', ['ana@example.com']);
      await at.ledger.commit(await at.claimed('run-1'), { settled: [], intended: [{ index: 0, attempt: 1 }] });
      expect(await searchOf(at.ledger).trace(['ana@example.com'])).toMatchObject([{ outcome: 'pending' }]);
      await at.restart();
      expect(await searchOf(at.ledger).trace(['ana@example.com'])).toMatchObject([{ outcome: 'uncertain' }]);
    });

    test('spellings are the keys that differ in case alone, each once', async () => {
      await planned('run-1', ['Ana.Lopez@example.com', 'ana.lopez@example.com', 'ana-lopez@example.com']);
      await planned('run-2', ['ana.lopez@example.com', '%@example.com', 'ana_lopez@example.com']);
      expect(await searchOf(at.ledger).spellings('ANA.LOPEZ@example.com')).toEqual([
        'Ana.Lopez@example.com',
        'ana.lopez@example.com',
      ]);
      expect(await searchOf(at.ledger).spellings('ana%@example.com')).toEqual([]);
    });
  });
}
