/** What DynamoDB says when it does not do what it was asked: what passes by itself, and what a person has to change. */
import { DynamoDBServiceException } from '@aws-sdk/client-dynamodb';
import { LedgerError } from '#mailing';

const PASSING: ReadonlySet<string> = new Set([
  'ProvisionedThroughputExceededException',
  'ThrottlingException',
  'RequestLimitExceeded',
  'InternalServerError',
  'TransactionConflictException',
]);

/** Whether it may go better the next time: the table is throttled or at fault, or its reply never came. */
export function isPassing(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  if (!(error instanceof DynamoDBServiceException)) return error.name === 'TimeoutError' || isOfNetwork(error);
  return PASSING.has(error.name) || (error.$metadata.httpStatusCode ?? 0) >= 500;
}

/** As Node names what the operating system says: ECONNRESET, EPIPE, ENOTFOUND. */
function isOfNetwork(error: Error): boolean {
  return 'code' in error && typeof error.code === 'string' && /^E[A-Z]+$/.test(error.code);
}

const PROBLEMS: Readonly<Record<string, (table: string) => string>> = {
  ResourceNotFoundException: (table) =>
    `there is no table ${JSON.stringify(table)} in this account and region; deploy the state stack`,
  AccessDeniedException: (table) => `this role has no right to it; allow it on the table ${JSON.stringify(table)}`,
  ProvisionedThroughputExceededException: () => 'DynamoDB takes no more requests at the moment; try again later',
  ThrottlingException: () => 'DynamoDB takes no more requests at the moment; try again later',
};

/** @param verb `read` or `write` */
export function toLedgerError(error: unknown, verb: string, table: string): unknown {
  if (error instanceof LedgerError || !(error instanceof Error)) return error;
  const said =
    error instanceof DynamoDBServiceException ? `DynamoDB says ${error.name}: ` : 'DynamoDB cannot be asked: ';
  const problem = PROBLEMS[error.name]?.(table) ?? `${said}${error.message}`;
  return new LedgerError(`Cannot ${verb} the ledger ${JSON.stringify(table)}: ${problem}`, { cause: error });
}
