/** The ledger's table: by what its items are found, and when they leave it. `functions/aws/` says what stands in them. */
import { RemovalPolicy } from 'aws-cdk-lib';
import { AttributeType, Billing, TableEncryptionV2, TableV2 } from 'aws-cdk-lib/aws-dynamodb';
import type { Construct } from 'constructs';

/** The attributes by which items are found, and the one by which they expire (epoch seconds). */
export const LEDGER_KEYS = { partition: 'PK', sort: 'SK', expiry: 'expiresAt' } as const;

/** Billed by request, so that it costs nothing while nobody sends; kept when the stack goes. */
export function ledgerTable(scope: Construct, id: string): TableV2 {
  return new TableV2(scope, id, {
    partitionKey: { name: LEDGER_KEYS.partition, type: AttributeType.STRING },
    sortKey: { name: LEDGER_KEYS.sort, type: AttributeType.STRING },
    billing: Billing.onDemand(),
    encryption: TableEncryptionV2.dynamoOwnedKey(),
    pointInTimeRecoverySpecification: { pointInTimeRecoveryEnabled: true },
    timeToLiveAttribute: LEDGER_KEYS.expiry,
    deletionProtection: true,
    removalPolicy: RemovalPolicy.RETAIN,
  });
}
