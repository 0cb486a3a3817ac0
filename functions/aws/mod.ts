/**
 * Cartero on AWS: the outside that the mailing room asks for, made of the team's own account.
 *
 * Each port takes its client from whoever wires things up, so that a door loads no other. `s3-store.ts`: objects in a
 * bucket. Everything else that is true is in one table of DynamoDB:
 *
 * ledger-keys: the table's design. table-values ► table-errors ► table ► table-clock: items, requests, and the table's time.
 * process-leases: which processes live.
 * batch ► batch-item ► standing: a batch's moves, its octets, and what its run makes of it.
 * batch-items, run-item, run-items: both in the table. planning, claims (the hot path), run-control, people: what is done
 * with them. dynamo-ledger: all of it as the ledger.
 * suppression-items, lane-pages, allowance-items: the other ports. table-state: how a process joins all of it.
 */
export type { DynamoLedger } from './dynamo-ledger.ts';
export { openS3Store, type S3StoreOptions } from './s3-store.ts';
export { joinTable, type TableState, type TableStateOptions } from './table-state.ts';
