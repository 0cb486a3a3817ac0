/** A table as `infra/` makes it, on dynalite, and processes that join it. */
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import {
  CreateTableCommand,
  type DynamoDBClient,
  type DynamoDBClientConfig,
  waitUntilTableExists,
} from '@aws-sdk/client-dynamodb';
import dynalite from 'dynalite';
import { afterAll, beforeAll } from 'vitest';
import { tableClient } from '#aws/table';
import { systemClock } from '#local';
import type { Ledger } from '#mailing';
import { DynamoLedger } from '../../functions/aws/dynamo-ledger.ts';
import { LEASE_MS, ProcessLeases } from '../../functions/aws/process-leases.ts';
import { Table, type TableOptions } from '../../functions/aws/table.ts';
import table from '../../infra/ledger-table.json' with { type: 'json' };
import type { LedgerStore } from '../ports/ledger.harness.ts';

let server: Server;
let tables = 0;
export let endpoint: string;

/** Called once in a test file. */
export function useDynalite(): void {
  beforeAll(async () => {
    server = dynalite({ createTableMs: 0, deleteTableMs: 0, updateTableMs: 0 });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });
  afterAll(() => {
    server.closeAllConnections();
    server.close();
  });
}

export function clientOf(config: DynamoDBClientConfig = {}): DynamoDBClient {
  const credentials = { accessKeyId: 'x', secretAccessKey: 'x' };
  return tableClient({ endpoint, region: 'eu-south-2', credentials, ...config });
}

export async function newTable(client: DynamoDBClient): Promise<string> {
  tables += 1;
  const name = `ledger-${tables}`;
  const { partition, sort, open } = table;
  await client.send(
    new CreateTableCommand({
      TableName: name,
      BillingMode: 'PAY_PER_REQUEST',
      KeySchema: [
        { AttributeName: partition, KeyType: 'HASH' },
        { AttributeName: sort, KeyType: 'RANGE' },
      ],
      AttributeDefinitions: [
        { AttributeName: partition, AttributeType: 'S' },
        { AttributeName: sort, AttributeType: 'S' },
        { AttributeName: open.partition, AttributeType: 'S' },
        { AttributeName: open.sort, AttributeType: 'N' },
      ],
      GlobalSecondaryIndexes: [
        {
          IndexName: open.name,
          KeySchema: [
            { AttributeName: open.partition, KeyType: 'HASH' },
            { AttributeName: open.sort, KeyType: 'RANGE' },
          ],
          Projection: { ProjectionType: 'KEYS_ONLY' },
        },
      ],
    }),
  );
  await waitUntilTableExists({ client, maxWaitTime: 10, minDelay: 0.01, maxDelay: 0.1 }, { TableName: name });
  return name;
}

export interface Process {
  readonly owner: string;
  readonly table: Table;
  readonly leases: ProcessLeases;
  readonly ledger: DynamoLedger;
}

/** One table, and the processes on it. Leases end by a time of its own. */
export class TableStore {
  readonly client: DynamoDBClient;
  readonly name: string;
  readonly processes: Process[] = [];
  #now = Date.UTC(2026, 0, 1);
  #joined = 0;

  constructor(client: DynamoDBClient, name: string) {
    this.client = client;
    this.name = name;
  }

  /** By which leases end. */
  get now(): number {
    return this.#now;
  }

  async join(options: Partial<TableOptions> = {}): Promise<Process> {
    this.#joined += 1;
    const owner = `process-${this.#joined}`;
    const usual = { client: this.client, table: this.name, clock: systemClock(), chance: Math.random };
    const own = new Table({ ...usual, ...options });
    const leases = new ProcessLeases(own, () => this.#now, { owner });
    await leases.begin();
    const joined = { owner, table: own, leases, ledger: new DynamoLedger(own, leases) };
    this.processes.push(joined);
    return joined;
  }

  /** It beats no more, and time goes by until its lease is over; the others live on. */
  async die(process: Process): Promise<void> {
    process.leases.close();
    this.processes.splice(this.processes.indexOf(process), 1);
    for (let passed = 0; passed < LEASE_MS + 10_000; passed += 20_000) {
      this.#now += 20_000;
      for (const { leases } of this.processes) await leases.renew();
    }
  }

  remove(): void {
    for (const { leases } of this.processes) leases.close();
    this.client.destroy();
  }
}

export async function newTableStore(): Promise<TableStore> {
  const client = clientOf();
  return new TableStore(client, await newTable(client));
}

/** For the contract of the ledger. @param options of each process that joins */
export async function newLedgerStore(
  options: () => Promise<{ options: Partial<TableOptions>; close: () => void }> = async () => ({
    options: {},
    close: () => {},
  }),
): Promise<LedgerStore> {
  const store = await newTableStore();
  const closings: (() => void)[] = [];
  const processOf = (ledger: Ledger): Process => {
    const found = store.processes.find((each) => each.ledger === ledger);
    if (found === undefined) throw new Error('no process has this ledger');
    return found;
  };
  return {
    join: async () => {
      const joining = await options();
      closings.push(joining.close);
      return (await store.join(joining.options)).ledger;
    },
    die: (ledger) => store.die(processOf(ledger)),
    remove: async () => {
      store.remove();
      for (const close of closings) close();
    },
  };
}

/** The same object, by its wider type. */
export function dynamoOf(ledger: Ledger): DynamoLedger {
  if (!(ledger instanceof DynamoLedger)) throw new Error('this ledger is another one');
  return ledger;
}
