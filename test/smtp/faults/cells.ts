/**
 * The fault matrix: each step of a session, met by each thing that a server can do instead of what it should, in each
 * course of mail transactions, with TLS from the first octet and after STARTTLS. 19 × 24 × 4 × 2 = 3,648 cells; those that
 * cannot be are listed with the reason.
 */

/** In the order of a session. `withheld`: all was said but the end-of-mail-data indicator, and the caller is being asked. */
export const STEPS = [
  'name',
  'connection',
  'greeting',
  'EHLO',
  'STARTTLS',
  'TLS',
  'EHLO over TLS',
  'AUTH',
  'end of AUTH',
  'MAIL',
  'RCPT',
  'DATA or BDAT',
  'first of content',
  'middle of content',
  'withheld',
  'end of data',
  'half a reply',
  'RSET or idle',
  'QUIT',
] as const;

export const FAULTS = [
  'FIN',
  'RST',
  'silence',
  'drip',
  'half-close',
  'TLS alert',
  'truncation',
  '421',
  '4yz',
  '5yz',
  'another 2yz',
  'another 3yz',
  '1yz or 6yz',
  'two digits',
  'garbage',
  'empty line',
  'two codes',
  'FIN within lines',
  'long line',
  '100,000 lines',
  'NUL, 8-bit, ANSI',
  'bare LF',
  'surplus reply',
  'reply in advance',
] as const;

export const MODES = ['lockstep', 'PIPELINING', 'CHUNKING', 'several recipients'] as const;

export const SECURITIES = ['implicit-tls', 'starttls'] as const;

export type FaultStep = (typeof STEPS)[number];
export type Fault = (typeof FAULTS)[number];
export type Mode = (typeof MODES)[number];
export type Security = (typeof SECURITIES)[number];

export interface Cell {
  readonly step: FaultStep;
  readonly fault: Fault;
  readonly mode: Mode;
  readonly security: Security;
}

export const CELLS: readonly Cell[] = MODES.flatMap((mode) =>
  SECURITIES.flatMap((security) => STEPS.flatMap((step) => FAULTS.map((fault) => ({ step, fault, mode, security })))),
);

/** Why a cell cannot be; `cells`: how many there are, counting each cell under the first reason that holds. */
export interface Reason {
  readonly why: string;
  readonly cells: number;
  holds(cell: Cell): boolean;
}

const BEFORE_STARTTLS: ReadonlySet<FaultStep> = new Set(['greeting', 'EHLO', 'STARTTLS', 'TLS']);

export const REASONS: readonly Reason[] = [
  {
    why: 'a name is looked up before there is a connection: the resolver says no, for now or for good, or nothing',
    cells: 168,
    holds: ({ step, fault }) => step === 'name' && !['silence', '4yz', '5yz'].includes(fault),
  },
  {
    why: 'a connection that is not there yet is refused, or not answered',
    cells: 176,
    holds: ({ step, fault }) => step === 'connection' && !['RST', 'silence'].includes(fault),
  },
  {
    why: 'with TLS from the first octet there is no STARTTLS, and one EHLO',
    cells: 192,
    holds: ({ step, security }) => security === 'implicit-tls' && (step === 'STARTTLS' || step === 'EHLO over TLS'),
  },
  {
    why: 'before TLS stands no close_notify is wanted: to leave it out is FIN',
    cells: 20,
    holds: ({ step, fault, security }) =>
      fault === 'truncation' && (security === 'starttls' ? BEFORE_STARTTLS.has(step) : step === 'TLS'),
  },
  {
    why: 'of a handshake that drips the wire tells nothing: this is silence',
    cells: 8,
    holds: ({ step, fault }) => step === 'TLS' && fault === 'drip',
  },
  {
    why: 'where the server speaks first, its greeting cannot come too early',
    cells: 4,
    holds: ({ step, fault, security }) =>
      step === 'greeting' && fault === 'reply in advance' && security === 'starttls',
  },
  {
    why: 'the server is to be silent until the indicator comes',
    cells: 8,
    holds: ({ step, fault }) => step === 'withheld' && fault === 'silence',
  },
];

/** @returns why a cell cannot be; `null` where it can */
export function reasonOf(cell: Cell): Reason | null {
  return REASONS.find((reason) => reason.holds(cell)) ?? null;
}

export const APPLICABLE: readonly Cell[] = CELLS.filter((cell) => reasonOf(cell) === null);
