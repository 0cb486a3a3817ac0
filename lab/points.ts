/**
 * The named points: where the lab can kill a process. Each is passed by the program itself, any number of times in one
 * life; nothing in the program knows of them (`program/` has how they are put there).
 */

/** Which act passes a point; `any`: whatever is started. */
export type When = 'any' | 'planning' | 'sending' | 'switching' | 'controlling' | 'retrying' | 'suppressing';

/** How often a life passes it, about. `fault`: only where the relay says no. */
export type Often = 'once' | 'batch' | 'connection' | 'mail' | 'fault';

interface Place {
  readonly where: string;
  readonly when: When;
  readonly often: Often;
}

const place = (when: When, often: Often, where: string): Place => ({ where, when, often });

/** Writes to the ledger, each one transaction. `before`: nothing is written; `within`: all but its COMMIT; `after`: durable. */
const LEDGER_WRITES = {
  'create-run': place('planning', 'once', 'a run is written down'),
  'add-planning': place('planning', 'once', 'batch 0, by which a plan is held'),
  'add-batch': place('planning', 'batch', 'a batch and its recipients'),
  'complete-plan': place('planning', 'once', 'the plan is complete'),
  'claim-planning': place('planning', 'once', 'the planning is taken'),
  'release-planning': place('planning', 'once', 'the planning is given back'),
  claim: place('sending', 'batch', 'a batch is taken'),
  intend: place('sending', 'connection', 'intents alone'),
  settle: place('sending', 'batch', 'outcomes alone'),
  'settle-and-intend': place('sending', 'mail', 'outcomes, with the intents of the next mails'),
  release: place('sending', 'batch', 'a batch is given back, and closed where nothing is left'),
  policy: place('switching', 'once', 'another policy for uncertain recipients'),
  control: place('controlling', 'once', 'a run is paused, resumed or cancelled'),
  retry: place('retrying', 'once', 'chosen recipients are pending again'),
  suppress: place('suppressing', 'once', 'somebody is put on the suppression list'),
} as const;

/** Objects. `written`: the content is durable and has no name; `named`: it is there. */
const OBJECT_WRITES = {
  content: place('planning', 'batch', "a file of the campaign, or the audience, in the run's own copy"),
  manifest: place('planning', 'once', 'which file of the campaign had which content'),
  cause: place('planning', 'once', 'what a run stands for'),
  batch: place('planning', 'batch', "a batch's recipients with their variables"),
  results: place('sending', 'batch', "a batch's results"),
} as const;

/** What one write to a socket holds; several of them, where commands go in groups. */
const SOCKET_WRITES = {
  EHLO: place('sending', 'connection', 'EHLO'),
  MAIL: place('sending', 'mail', 'the reverse-path'),
  RCPT: place('sending', 'mail', 'a forward-path'),
  DATA: place('sending', 'mail', 'DATA'),
  content: place('sending', 'mail', 'mail data'),
  indicator: place('sending', 'mail', 'the end-of-mail-data indicator: `.`, or the end of a BDAT that is the last'),
  RSET: place('sending', 'mail', 'RSET'),
  QUIT: place('sending', 'connection', 'QUIT'),
} as const;

/** Replies, as they are understood. */
const REPLIES = {
  greeting: place('sending', 'connection', 'the greeting'),
  EHLO: place('sending', 'connection', 'the extensions'),
  RSET: place('sending', 'mail', 'the reply to RSET, where it was sent ahead'),
  MAIL: place('sending', 'mail', 'the reply to MAIL'),
  RCPT: place('sending', 'mail', 'the reply to RCPT'),
  DATA: place('sending', 'mail', 'a 354'),
  accepted: place('sending', 'mail', 'a final reply that accepts'),
  refused: place('sending', 'fault', 'a final reply that refuses'),
  deferred: place('sending', 'fault', 'a final reply that says "not now"'),
  closing: place('sending', 'fault', 'a 421'),
} as const;

const SINGLE = {
  'schema:within': place('planning', 'once', "the ledger's tables are made, but for the COMMIT"),
  'schema:after': place('planning', 'once', "the ledger's tables are made"),
  'lock:taken': place('any', 'once', "the process's lock is taken and has no name"),
  'lock:named': place('any', 'once', "the process's lock can be seen by others"),
  'lock:removed': place('any', 'once', "the process's lock is removed, at its end"),
  'object:begun': place('planning', 'batch', 'an object is about to be written'),
  'transcript:before': place('sending', 'once', 'transcripts are about to be written out'),
  'transcript:torn': place('sending', 'once', 'half of them are'),
  'transcript:after': place('sending', 'once', 'they are written out'),
  'compose:before': place('sending', 'mail', 'a mail is about to be rendered and composed'),
  'compose:after': place('sending', 'mail', 'it is composed'),
  'outcome:noted': place('sending', 'mail', 'an outcome is known to the process, and not yet to the ledger'),
  'write.content:torn': place('sending', 'mail', 'half of the mail data has left'),
  'write.indicator:torn': place('sending', 'mail', 'all but the last octet of the indicator has left'),
} as const;

export type LedgerWrite = keyof typeof LEDGER_WRITES;
export type ObjectWrite = keyof typeof OBJECT_WRITES;
export type SocketWrite = keyof typeof SOCKET_WRITES;
export type ReplyKind = keyof typeof REPLIES;

export type PointName =
  | `ledger.${LedgerWrite}:${'before' | 'within' | 'after'}`
  | `object.${ObjectWrite}:${'written' | 'named'}`
  | `write.${SocketWrite}:${'before' | 'after'}`
  | `reply.${ReplyKind}:${'before' | 'after'}`
  | keyof typeof SINGLE;

export interface Point extends Place {
  readonly name: PointName;
}

function stepsOf<Kind extends string, Step extends string, Name extends PointName>(
  kinds: Readonly<Record<Kind, Place>>,
  steps: readonly Step[],
  nameOf: (kind: Kind, step: Step) => Name,
): Point[] {
  return (Object.keys(kinds) as Kind[]).flatMap((kind) =>
    steps.map((step) => ({ ...kinds[kind], name: nameOf(kind, step), where: `${step}: ${kinds[kind].where}` })),
  );
}

export const POINTS: readonly Point[] = [
  ...stepsOf(LEDGER_WRITES, ['before', 'within', 'after'], (kind, step) => `ledger.${kind}:${step}` as const),
  ...stepsOf(OBJECT_WRITES, ['written', 'named'], (kind, step) => `object.${kind}:${step}` as const),
  ...stepsOf(SOCKET_WRITES, ['before', 'after'], (kind, step) => `write.${kind}:${step}` as const),
  ...stepsOf(REPLIES, ['before', 'after'], (kind, step) => `reply.${kind}:${step}` as const),
  ...(Object.keys(SINGLE) as (keyof typeof SINGLE)[]).map((name) => ({ ...SINGLE[name], name })),
];
