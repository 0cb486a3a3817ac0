/**
 * The contract of the ledger over a network that loses the reply to the first try of every write, to a table that throttles
 * every third request: nothing of it is to be seen.
 */
import { vi } from 'vitest';
import { describeLedger } from '../ports/ledger.contract.ts';
import { describeLedgerControl } from '../ports/ledger.control.ts';
import { describeEvidence } from '../ports/ledger.evidence.ts';
import { describeLedgerMoves } from '../ports/ledger.moves.ts';
import { FaultyRequests, unkind } from './faulty-requests.ts';
import { dynamoOf, newLedgerStore, useDynalite } from './ledger-table.ts';

useDynalite();
vi.setConfig({ testTimeout: 60_000 });

const newStore = () =>
  newLedgerStore(async () => {
    const requests = new FaultyRequests();
    const client = await requests.open();
    requests.fateOf = unkind();
    return { options: { client, chance: () => 0.01 }, close: () => requests.close() };
  });

describeLedger('DynamoLedger behind an unkind network', newStore);
describeLedgerMoves('DynamoLedger behind an unkind network', newStore);
describeLedgerControl('DynamoLedger behind an unkind network', newStore);
describeEvidence('DynamoLedger behind an unkind network', newStore, dynamoOf);
