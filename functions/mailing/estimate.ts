/** What a run will take: time from pace and connections, money from what the same mails cost on AWS. */

/** A mail on one connection, where nothing was measured: four round trips of 25 ms to a relay of the same continent. */
const SECONDS_PER_MAIL = 0.1;

/** AWS list prices in dollars, us-east-1, arm64. Queue and schedule are lost in the rounding. */
const PRICE = {
  /** Lambda, a GB-second. */
  lambdaGigabyteSecond: 0.0000133,
  /** DynamoDB on demand, a write of 1 KB. */
  ledgerWrite: 0.625 / 1e6,
  /** CloudWatch Logs, an octet. */
  logOctet: 0.5 / 1e9,
};
const SENDER_GIGABYTES = 0.5;
/** Two writes of a batch's item and one detail item a mail, shared by groups of about ten. */
const LEDGER_WRITES_PER_MAIL = 0.3;
const TRANSCRIPT_OCTETS_PER_MAIL = 1500;

export interface Estimate {
  readonly seconds: number;
  readonly dollars: number;
}

/** @param messagesPerSecond the effective pace, `undefined` where there is none */
export function estimate(mails: number, connections: number, messagesPerSecond: number | undefined): Estimate {
  const rate = Math.min(connections / SECONDS_PER_MAIL, messagesPerSecond ?? Number.POSITIVE_INFINITY);
  const seconds = mails / rate;
  const perMail = LEDGER_WRITES_PER_MAIL * PRICE.ledgerWrite + TRANSCRIPT_OCTETS_PER_MAIL * PRICE.logOctet;
  const dollars = seconds * SENDER_GIGABYTES * PRICE.lambdaGigabyteSecond + mails * perMail;
  return { seconds: round(seconds, 1), dollars: round(dollars, 6) };
}

function round(value: number, digits: number): number {
  return Number(value.toFixed(digits));
}
