/** The ledger on DynamoDB, on dynalite: the contract that every ledger keeps. */
import { describeLedger } from '../ports/ledger.contract.ts';
import { describeLedgerControl } from '../ports/ledger.control.ts';
import { describeEvidence } from '../ports/ledger.evidence.ts';
import { describeLedgerMoves } from '../ports/ledger.moves.ts';
import { describePoison } from '../ports/ledger.poison.ts';
import { describePoisonProperties } from '../ports/ledger.poison-property.ts';
import { describeLedgerProperties } from '../ports/ledger.property.ts';
import { describeLedgerSearch } from '../ports/ledger-search.contract.ts';
import { dynamoOf, newLedgerStore, useDynalite } from './ledger-table.ts';

useDynalite();

describeLedger('DynamoLedger', () => newLedgerStore());
describeLedgerMoves('DynamoLedger', () => newLedgerStore());
describeLedgerControl('DynamoLedger', () => newLedgerStore());
describePoison('DynamoLedger', () => newLedgerStore());
describeEvidence('DynamoLedger', () => newLedgerStore(), dynamoOf);
describeLedgerSearch('DynamoLedger', () => newLedgerStore(), dynamoOf);
describeLedgerProperties('DynamoLedger', () => newLedgerStore());
describePoisonProperties('DynamoLedger', () => newLedgerStore(), 20);
