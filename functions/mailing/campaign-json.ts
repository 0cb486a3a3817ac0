/** campaign.json as its schema has it: written by test/mailing/schemas.test.ts from templates/campaign.schema.json. */

export interface CampaignJson {
  readonly $schema?: string;
  readonly from: string;
  readonly sender?: string;
  readonly replyTo?: string;
  readonly returnPath?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly audience?: string;
  readonly select?: {
    readonly birthday?: string;
    readonly anniversary?: string;
    readonly leapDay?: '02-28' | '03-01';
    readonly where?: Readonly<
      Record<
        string,
        | string
        | number
        | boolean
        | {
            readonly from?: number | string;
            readonly to?: number | string;
          }
      >
    >;
  };
  readonly schedule?: {
    readonly cron?: string;
    readonly at?: string;
    readonly timezone?: string;
    readonly recipientTimezone?: string;
    readonly window?: {
      readonly days?: string;
      readonly from?: string;
      readonly to?: string;
    };
    readonly missed?: string;
  };
  readonly attachments?: readonly {
    readonly object: string;
    readonly name?: string;
    readonly type?: string;
  }[];
  readonly inline?: readonly {
    readonly object: string;
    readonly cid: string;
    readonly type?: string;
  }[];
  readonly list?: {
    readonly id: string;
    readonly unsubscribe?: string;
    readonly oneClick?: boolean;
    readonly help?: string;
    readonly feedbackId?: string;
  };
  readonly relay?: string;
  readonly pace?: {
    readonly messagesPerSecond?: number;
    readonly connections?: number;
  };
  readonly canary?: {
    readonly recipients: number;
    readonly refused?: string;
    readonly deferred?: string;
    readonly uncertain?: string;
  };
  readonly growth?: string;
  readonly onUncertain?: 'hold' | 'resend' | 'skip';
  readonly expiresAfter?: string;
  readonly archive?: boolean;
}
