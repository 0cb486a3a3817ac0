/** When a server does its deed, and when it says in advance what nobody has asked for yet. */
import type { Octets } from '../memory-wire.ts';
import type { Cell, FaultStep } from './cells.ts';

/**
 * When it is a server's turn to say something, and when it should not: `MAIL 2` is the reply to the third mail's MAIL,
 * `RCPT 2.1` that to its second recipient, `content 2` any time while its content comes in.
 */
export type Moment = string;

export const GREETING = '220 mail.example.com ESMTP\r\n';
export const START_TLS = '220 2.0.0 go ahead\r\n';
export const USER_NAME = '334 VXNlcm5hbWU6\r\n';
export const PASSWORD = '334 UGFzc3dvcmQ6\r\n';
export const WELCOME = '235 2.7.0 welcome\r\n';
export const OK = '250 2.0.0 ok\r\n';
export const GO_AHEAD = '354 go ahead\r\n';
export const BYE = '221 2.0.0 bye\r\n';
/** The first half of a final reply, and a second half that begins within a code. */
export const HALF = '250-2.0.0 taking it\r\n';
const HALF_AND_A_BIT = `${HALF}25`;
const BIT_LEFT = '0 2.0.0 Ok\r\n';

export function finalReply(mail: number): Octets {
  return `250 2.0.0 Ok: queued as Q${mail}\r\n`;
}

export function ehloReply(offers: readonly string[]): Octets {
  const lines = ['mail.example.com', ...offers];
  return lines.map((text, index) => `250${index < lines.length - 1 ? '-' : ' '}${text}\r\n`).join('');
}

/** Which mail of a session is met by the fault, and how it is made up. */
export interface Target {
  readonly mail: number;
  /** The recipient that is met at RCPT. */
  readonly recipient: number;
  readonly recipients: number;
  /** At the step `RSET or idle`: RSET, or between two mails. */
  readonly rest: 'RSET' | 'idle';
}

export function momentOf({ step }: Cell, { mail, recipient, rest }: Target): Moment {
  switch (step) {
    case 'MAIL':
      return `MAIL ${mail}`;
    case 'RCPT':
      return `RCPT ${mail}.${recipient}`;
    case 'DATA or BDAT':
      return `DATA ${mail}`;
    case 'first of content':
      return `first ${mail}`;
    case 'middle of content':
      return `middle ${mail}`;
    case 'withheld':
      return `withheld ${mail}`;
    case 'end of data':
    case 'half a reply':
      return `end ${mail}`;
    case 'RSET or idle':
      return `${rest} ${mail}`;
    default:
      return step;
  }
}

/** Words that come before what they answer, and what is left to say when their time has come. */
export interface Advance {
  readonly behind: Moment;
  readonly words: Octets;
  readonly rest: Octets;
}

/** @returns `null` where the words come at the moment itself, for nothing is asked there at all */
export function advanceOf(cell: Cell, target: Target): Advance | null {
  if (cell.fault !== 'reply in advance') return null;
  const behind = momentBefore(cell, target);
  if (behind === null) return null;
  const rest = cell.step === 'half a reply' ? BIT_LEFT : '';
  return { behind, words: wordsOf(cell, target.mail), rest };
}

function momentBefore({ step, mode, security }: Cell, target: Target): Moment | null {
  const isTlsFirst = security === 'implicit-tls';
  const before: Partial<Record<FaultStep, Moment>> = {
    greeting: 'connected',
    EHLO: 'greeting',
    STARTTLS: 'EHLO',
    TLS: isTlsFirst ? 'connected' : 'STARTTLS',
    'EHLO over TLS': 'secured',
    AUTH: isTlsFirst ? 'EHLO' : 'EHLO over TLS',
    'end of AUTH': 'user name',
    QUIT: 'last',
  };
  if (before[step] !== undefined) return before[step];
  if (step === 'first of content' || step === 'middle of content' || step === 'withheld') return null;
  if (mode === 'CHUNKING') return momentBeforeChunk(step, target);
  return mode === 'PIPELINING' ? momentBeforeEnvelope(step, target) : momentBeforeCommand(step, target);
}

function momentBeforeCommand(step: FaultStep, { mail, recipient, recipients, rest }: Target): Moment | null {
  const lastRecipient = `RCPT ${mail}.${recipients - 1}`;
  if (step === 'MAIL') return `end ${mail - 1}`;
  if (step === 'RCPT') return recipient === 0 ? `MAIL ${mail}` : `RCPT ${mail}.${recipient - 1}`;
  if (step === 'DATA or BDAT') return lastRecipient;
  if (step === 'end of data') return `DATA ${mail}`;
  if (step === 'half a reply') return `withheld ${mail}`;
  return rest === 'RSET' ? lastRecipient : null;
}

/** The envelope leaves behind the content of the mail before, and that behind its 354. */
function momentBeforeEnvelope(step: FaultStep, { mail, rest }: Target): Moment | null {
  if (step === 'end of data') return `DATA ${mail}`;
  if (step === 'half a reply') return `withheld ${mail}`;
  return rest === 'idle' && step === 'RSET or idle' ? null : `DATA ${mail - 1}`;
}

/** All of it leaves when the mail before is answered. */
function momentBeforeChunk(step: FaultStep, { mail, rest }: Target): Moment | null {
  return rest === 'idle' && step === 'RSET or idle' ? null : `end ${mail - 1}`;
}

function wordsOf({ step, mode, security }: Cell, mail: number): Octets {
  switch (step) {
    case 'greeting':
      return GREETING;
    case 'EHLO':
    case 'EHLO over TLS':
      return ehloReply(security === 'starttls' && step === 'EHLO' ? ['STARTTLS'] : ['AUTH LOGIN']);
    case 'STARTTLS':
      return START_TLS;
    case 'AUTH':
      return USER_NAME;
    case 'end of AUTH':
      return WELCOME;
    case 'DATA or BDAT':
      return mode === 'CHUNKING' ? finalReply(mail) : GO_AHEAD;
    case 'end of data':
      return finalReply(mail);
    case 'half a reply':
      return HALF_AND_A_BIT;
    case 'QUIT':
      return BYE;
    default:
      return OK;
  }
}
