/** The ledger's table: by what its items are found, and when they leave it. `functions/aws/` says what stands in them. */
import { RemovalPolicy } from 'aws-cdk-lib';
import { AttributeType, Billing, ProjectionType, TableEncryptionV2, TableV2 } from 'aws-cdk-lib/aws-dynamodb';
import type { Construct } from 'constructs';
import ledgerTableKeys from './ledger-table.json' with { type: 'json' };

/**
 * The attributes by which the ledger's items are found, the one by which they expire (epoch seconds), and the index by which
 * batches are found that are due. `functions/aws/ledger-keys.ts` reads the same file, and says what the items are.
 */
export const LEDGER_KEYS = ledgerTableKeys;

/** Billed by request, so that it costs nothing while nobody sends; kept when the stack goes. */
export function ledgerTable(scope: Construct, id: string, tableName: string): TableV2 {
  return new TableV2(scope, id, {
    tableName,
    partitionKey: { name: LEDGER_KEYS.partition, type: AttributeType.STRING },
    sortKey: { name: LEDGER_KEYS.sort, type: AttributeType.STRING },
    // Sparse: a batch that has nobody left is not in it. Its keys are all that whoever rings batches wants to know.
    globalSecondaryIndexes: [
      {
        indexName: LEDGER_KEYS.open.name,
        partitionKey: { name: LEDGER_KEYS.open.partition, type: AttributeType.STRING },
        sortKey: { name: LEDGER_KEYS.open.sort, type: AttributeType.NUMBER },
        projectionType: ProjectionType.KEYS_ONLY,
      },
    ],
    billing: Billing.onDemand(),
    encryption: TableEncryptionV2.dynamoOwnedKey(),
    pointInTimeRecoverySpecification: { pointInTimeRecoveryEnabled: true },
    timeToLiveAttribute: LEDGER_KEYS.expiry,
    deletionProtection: true,
    removalPolicy: RemovalPolicy.RETAIN,
  });
}
