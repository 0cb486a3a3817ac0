/** What else lies in the table beside the ledger, on dynalite: suppressions, lanes, allowances. */
import { vi } from 'vitest';
import { AllowanceItems } from '../../functions/aws/allowance-items.ts';
import { LanePages } from '../../functions/aws/lane-pages.ts';
import { SuppressionItems } from '../../functions/aws/suppression-items.ts';
import { describeAllowanceBook } from '../ports/allowance-book.contract.ts';
import { describeLaneBook } from '../ports/lane-book.contract.ts';
import { describeSuppressionList } from '../ports/suppression-list.contract.ts';
import { newTableStore, type Process, useDynalite } from './ledger-table.ts';

useDynalite();
// Thousands of writes, one request each, to a table that is simulated in this process.
vi.setConfig({ testTimeout: 90_000 });

describeSuppressionList('SuppressionItems', async () => {
  const store = await newTableStore();
  return {
    join: async () => new SuppressionItems((await store.join()).table),
    remove: async () => store.remove(),
  };
});

describeAllowanceBook('AllowanceItems', async () => {
  const store = await newTableStore();
  return {
    join: async () => new AllowanceItems((await store.join()).table),
    remove: async () => store.remove(),
  };
});

describeLaneBook('LanePages', async () => {
  const store = await newTableStore();
  const joined = new Map<string, Process>();
  return {
    join: async () => {
      const process = await store.join();
      joined.set(process.owner, process);
      return { owner: process.owner, lanes: new LanePages(process.table, process.leases) };
    },
    die: async ({ owner }) => {
      const process = joined.get(owner);
      if (process !== undefined) await store.die(process);
    },
    remove: async () => store.remove(),
  };
});
