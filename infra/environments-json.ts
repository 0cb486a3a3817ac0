/** environments.json as its schema has it: written by test/mailing/schemas.test.ts from infra/environments.schema.json. */

export interface EnvironmentsJson {
  readonly $schema?: string;
  readonly environments: Readonly<
    Record<
      string,
      {
        readonly account?: string;
        readonly region: string;
        readonly tags?: Readonly<Record<string, string>>;
        readonly permissionsBoundary?: string;
        readonly relays?: Readonly<
          Record<
            string,
            {
              readonly senders?: number;
            }
          >
        >;
        readonly schedules?: boolean;
        readonly alarms?: {
          readonly email?: string;
          readonly refused?: string;
          readonly waitingMinutes?: number;
        };
        readonly logs?: {
          readonly days?: number;
          readonly transcripts?: string;
          readonly addresses?: 'hashed' | 'clear';
        };
        readonly jobs?: {
          readonly from: readonly string[];
          readonly recipients: number;
        };
        readonly network?: {
          readonly cidr: string;
        };
      }
    >
  >;
}
