/** A deployment's table, joined by one process: all that is true of it, and who this process is in it. */
import { DynamoDBClient, type DynamoDBClientConfig } from '@aws-sdk/client-dynamodb';
import type { AllowanceBook, Clock, LaneBook, SuppressionList } from '#mailing';
import { AllowanceItems } from './allowance-items.ts';
import { DynamoLedger } from './dynamo-ledger.ts';
import { LanePages } from './lane-pages.ts';
import { ProcessLeases } from './process-leases.ts';
import { SuppressionItems } from './suppression-items.ts';
import { Table } from './table.ts';
import { tableTimeOf } from './table-clock.ts';

/** A client that tries nothing again by itself: the table does, within its patience. To be kept from one use to the next. */
export function tableClient(config: DynamoDBClientConfig = {}): DynamoDBClient {
  return new DynamoDBClient({ maxAttempts: 1, ...config });
}

export interface TableStateOptions {
  /** From `tableClient`. */
  readonly client: DynamoDBClient;
  readonly table: string;
  /** A name that no process has or had. An environment that is used again has another for each invocation. */
  readonly owner: string;
  readonly clock: Clock;
  /** A number from 0 to below 1. */
  readonly chance: () => number;
  /** Milliseconds until this invocation is ended from outside. Left out: a process that stays, and renews its lease. */
  readonly endsInMs?: number;
  /** How long a request is tried again before it is a LedgerError. Default 20,000 ms. */
  readonly patienceMs?: number;
}

export interface TableState {
  readonly ledger: DynamoLedger;
  readonly suppressions: SuppressionList;
  readonly lanes: LaneBook;
  readonly allowances: AllowanceBook;
  /** This process's name in the ledger. */
  readonly owner: string;
  /** Renews the lease no more: what was not given back is over when it is. The client is its maker's to close. */
  close(): void;
}

/** @throws LedgerError where the table cannot be used, or another process has that name */
export async function joinTable(options: TableStateOptions): Promise<TableState> {
  const { client, clock, owner, endsInMs } = options;
  const table = new Table(options);
  const leases = new ProcessLeases(table, tableTimeOf(client, clock), { owner, endsInMs });
  await leases.begin();
  return {
    ledger: new DynamoLedger(table, leases),
    suppressions: new SuppressionItems(table),
    lanes: new LanePages(table, leases),
    allowances: new AllowanceItems(table),
    owner,
    close: () => leases.close(),
  };
}
