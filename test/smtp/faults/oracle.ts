/**
 * What must become of the mails, by the RFCs alone (RFC 5321 §3.8, §4.2, §4.3; RFC 1047), for each step and each fault.
 *
 *     f  the session is not opened, no mail is begun        a  accepted: a valid 2yz was its final reply
 *     u  unsent: the server cannot have it                  r  refused: a valid 5yz
 *     ?  uncertain: the server may have it                  d  deferred: a valid 4yz
 *     e  u or d                                             ~  a or ?
 *
 * The columns are the faults in order, in groups: the connection; valid replies; what is no reply; replies out of turn.
 * For a mail there are two tables. As long as its end-of-mail-data indicator is held back, all can be known; once it may
 * have left, only a valid reply tells. Which of the two holds is seen from the octets; `-`: it must be the other.
 */
import { type Cell, FAULTS, type Fault } from './cells.ts';
import type { Target } from './moments.ts';

export type Fate = 'f' | 'a' | 'u' | 'r' | 'd' | '?';

/** What was seen of a mail, without asking the client. */
export interface Seen {
  /** Whether its end-of-mail-data indicator was begun. */
  readonly hasLeft: boolean;
  /** Whether replies came in one segment with others. */
  readonly isJoined: boolean;
}

/** What is no base64 is no challenge (RFC 4954 §4). */
const OPENING = table(`
                     FIN…    421…   1yz…        surplus…
  name               --f---- -ff--  ----------  --
  connection         -ff---- -----  ----------  --
  greeting           fffffff fffff  ffffffffaf  ff
  EHLO               fffffff fffff  ffffffffaf  ff
  STARTTLS           fffffff fffff  ffffffffaf  ff
  TLS                fff-ff- fffff  ffffffffff  ff
  EHLO over TLS      fffffff fffff  ffffffffaf  ff
  AUTH               fffffff fffff  ffffffffff  ff
  end of AUTH        fffffff fffff  ffffffffaf  ff
`);

/** Before the data has ended a server has nothing to say but that it leaves (RFC 5321 §4.3.2, §3.8). */
const HELD = table(`
                     FIN…    421…   1yz…        surplus…
  MAIL               uuuuuuu ddruu  uuuuuuuu-u  uu
  RCPT               uuuuuuu ddruu  uuuuuuuu-u  uu
  DATA or BDAT       uuuuuuu ddruu  uuuuuuuu-u  uu
  first of content   uuuuuuu euuuu  uuuuuuuuuu  uu
  middle of content  uuuuuuu euuuu  uuuuuuuuuu  uu
  withheld           uu-uuuu euuuu  uuuuuuuuuu  uu
  end of data        ------- -----  ----------  -u
  half a reply       ------- -----  ----------  -u
  RSET before it     uuuuuuu euuuu  uuuuuuuu-u  uu
  RSET behind it     rrrrrrr rrrrr  rrrrrrrrrr  ru
`);

/** Of half a reply a first line is there: what does not go on as it began is no reply. */
const LEFT = table(`
                     FIN…    421…   1yz…        surplus…
  MAIL               ??????? ddr??  ????????a?  ~-
  RCPT               ??????? ddr??  ????????a?  ~-
  DATA or BDAT       ??????? ddr??  ????????a?  ~-
  first of content   ??????? ddr??  ????????a?  ~a
  middle of content  ??????? ddr??  ????????a?  ~a
  end of data        ??????? ddr??  ????????a?  ~-
  half a reply       ??????? ?????  ????????a?  ~-
  RSET before it     ??????? e~~??  ????????a?  ~-
  idle               aaaaaaa aaaaa  aaaaaaaaaa  aa
  QUIT               aaaaaaa aaaaa  aaaaaaaaaa  aa
`);

const NO_SESSION = 'f';

/** @returns the fates that are right for the mail that is met, as letters; empty where what was seen must not be */
export function fateOf(cell: Cell, target: Target, { hasLeft }: Seen): string {
  const opening = OPENING.get(cell.step);
  if (opening !== undefined) return opening[FAULTS.indexOf(cell.fault)] ?? '';
  const row = rowOf(cell, target);
  const fates = (hasLeft ? LEFT : HELD).get(row) ?? '';
  const fate = fates[FAULTS.indexOf(cell.fault)] ?? '-';
  // In lockstep nothing else is awaited: a reply too many behind the final one is seen as such.
  if (fate === '~' && !isAhead(cell)) return '?';
  return fate;
}

function rowOf({ step, ...cell }: Cell, { rest }: Target): string {
  if (step !== 'RSET or idle') return step;
  if (rest === 'idle') return 'idle';
  return isAhead(cell) ? 'RSET before it' : 'RSET behind it';
}

/** Whether commands are sent before the replies to earlier ones are in. */
export function isAhead({ mode }: Pick<Cell, 'mode'>): boolean {
  return mode === 'PIPELINING' || mode === 'CHUNKING';
}

/** Whether the session goes on behind the fault, is ended with QUIT, or is over at once; `either`: that is the client's choice. */
export type Course = 'on' | 'QUIT' | 'over' | 'either';

export function courseOf(cell: Cell, target: Target, fate: string): Course {
  const { step, fault } = cell;
  const isRefusal = fault === '4yz' || fault === '5yz';
  if (fate === NO_SESSION) {
    const isAsked = step !== 'name' && step !== 'connection' && step !== 'TLS';
    return isAsked && (isRefusal || isGivenUp(cell)) ? 'QUIT' : 'over';
  }
  if (step === 'QUIT') return 'over';
  if (step === 'RSET or idle') return courseOfRest(cell, target);
  if (isRefusal && (fate === 'd' || fate === 'r')) return 'on';
  return fate === 'a' ? 'on' : 'over';
}

/** A challenge that the client cannot answer: it gives the exchange up with `*` (RFC 4954 §4). */
function isGivenUp({ step, fault }: Cell): boolean {
  return (step === 'AUTH' && fault === 'NUL, 8-bit, ANSI') || (step === 'end of AUTH' && fault === 'another 3yz');
}

function courseOfRest(cell: Cell, { rest }: Target): Course {
  const { fault } = cell;
  if (rest === 'idle') return fault === 'silence' ? 'on' : 'over';
  if (fault === 'NUL, 8-bit, ANSI') return 'on';
  if (fault !== '4yz' && fault !== '5yz') return 'over';
  // Behind a refused mail nobody knows what envelope a server has that does not forget: it gets no other mail. Ahead, the
  // reply to MAIL tells whether an old one stood in its way (RFC 5321 §4.1.1.2).
  return isAhead(cell) ? 'either' : 'QUIT';
}

/** Replies to what was said before the fault. */
const VALID: ReadonlySet<Fault> = new Set<Fault>(['421', '4yz', '5yz', 'NUL, 8-bit, ANSI']);
const OF_CONNECTION: readonly Fault[] = FAULTS.slice(0, FAULTS.indexOf('421'));

/** @param before how many mails there are in between @returns the fates that are right for a mail before the one that is met */
export function fateBefore(cell: Cell, target: Target, before: number, seen: Seen): string {
  const { step, fault, mode } = cell;
  if (fault === 'reply in advance' && before === 1) {
    const isOfEnvelope = step === 'MAIL' || step === 'RCPT' || step === 'DATA or BDAT' || step === 'RSET or idle';
    // It came with the 354: the mail was not released.
    if (mode === 'PIPELINING' && isOfEnvelope && target.rest === 'RSET') return 'u';
    // It came with the final reply: who knows which of them is one too many.
    if (mode === 'CHUNKING' || step === 'MAIL') return '~';
  }
  // Where octets cannot be read, what came with them is not believed.
  const isReadable = (VALID.has(fault) && step !== 'half a reply') || OF_CONNECTION.includes(fault);
  return seen.isJoined && !isReadable ? '~' : 'a';
}

/** @returns the fates that are right for a mail behind the one that is met */
export function fateBehind(cell: Cell, target: Target, fate: string, { hasLeft }: Seen): string {
  const course = courseOf(cell, target, fate);
  if (course === 'on') return 'a';
  if (!hasLeft) return 'u';
  // What a 421 leaves unanswered was not processed (RFC 5321 §3.8).
  if (cell.fault === '421' && fate !== '?') return 'u';
  return fate === '~' ? '~' : '?';
}

/** Whether `fate` is one of those that are right. */
export function isRight(fate: Fate, right: string): boolean {
  if (right === '~') return fate === 'a' || fate === '?';
  if (right === 'e') return fate === 'u' || fate === 'd';
  return fate === right;
}

/** Each line: the row's name, then a letter for each fault; the first line heads the groups. */
function table(text: string): ReadonlyMap<string, string> {
  const rows = text.split('\n').slice(2, -1);
  return new Map(rows.map((row) => [row.slice(0, 21).trim(), row.slice(21).replaceAll(' ', '')]));
}
