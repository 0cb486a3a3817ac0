/**
 * An event in a message: iCalendar (RFC 5545) as RFC 6047 wants it in mail. It is looked at and folded; its lines are the
 * campaign's own.
 */
import { printable } from '#address';
import { BodyError } from './errors.ts';

export interface CalendarText {
  /** Lines of 75 octets at the most, each with an LF at its end. */
  readonly text: string;
  /** `text/calendar; method=REQUEST`: RFC 6047 §2.4 wants the method in both places. */
  readonly mediaType: string;
}

/** RFC 5546 §1.4. */
const METHODS = new Set(['PUBLISH', 'REQUEST', 'REPLY', 'ADD', 'CANCEL', 'REFRESH', 'COUNTER', 'DECLINECOUNTER']);

/** What readers drop an event without: RFC 5545 §3.6, §3.6.1. */
const WANTED: ReadonlyMap<string, readonly string[]> = new Map([
  ['VCALENDAR', ['VERSION', 'PRODID', 'METHOD']],
  ['VEVENT', ['UID', 'DTSTAMP', 'DTSTART']],
]);

/**
 * @param text one VCALENDAR; lines end with LF or CRLF and may be folded
 * @throws BodyError with what is wrong with it, and where
 */
export function calendarText(text: string): CalendarText {
  const lines = unfolded(text);
  const open: Component[] = [];
  let method = '';
  for (const [index, { line, number }] of lines.entries()) {
    const { name, value } = contentLine(line, number);
    if (open.length === 0 && (index > 0 || name !== 'BEGIN' || value.toUpperCase() !== 'VCALENDAR'))
      throw refused(number, `found ${printable(line)}, one calendar from BEGIN:VCALENDAR to END:VCALENDAR is wanted`);
    if (name === 'BEGIN') open.push({ name: value.toUpperCase(), properties: new Set() });
    else if (name === 'END') close(open.pop(), value.toUpperCase(), number);
    else open.at(-1)?.properties.add(name);
    if (name === 'METHOD' && open.length === 1) method = oneMethod(method, value, number);
  }
  const last = open.at(-1);
  if (last !== undefined || method === '')
    throw new BodyError('calendar', `found no END of ${printable(last?.name ?? 'VCALENDAR')}, it is wanted`);
  return { text: lines.map(({ line }) => folded(line)).join(''), mediaType: `text/calendar; method=${method}` };
}

interface Component {
  readonly name: string;
  readonly properties: Set<string>;
}

interface Line {
  readonly line: string;
  readonly number: number;
}

function refused(number: number, problem: string): BodyError {
  return new BodyError('calendar', `line ${number}: ${problem}`);
}

/** RFC 5545 §3.1: a line that begins with white space goes on with the one before. */
function unfolded(text: string): Line[] {
  const lines: Line[] = [];
  for (const [index, line] of text
    .replace(/\r?\n$/, '')
    .split(/\r?\n/)
    .entries()) {
    const before = lines.at(-1);
    if (/^[ \t]/.test(line) && before !== undefined)
      lines[lines.length - 1] = { ...before, line: before.line + line.slice(1) };
    else lines.push({ line, number: index + 1 });
  }
  return lines;
}

/** `contentline` of RFC 5545 §3.1, as far as its name; a colon in quotes belongs to a parameter. */
const CONTENT_LINE =
  /^([A-Za-z0-9-]+)(?:;(?:[^":\u0000-\u0008\u000a-\u001f\u007f]|"[^"\u0000-\u0008\u000a-\u001f\u007f]*")*)?:([^\u0000-\u0008\u000a-\u001f\u007f]*)$/;

function contentLine(line: string, number: number): { name: string; value: string } {
  const [, name, value] = CONTENT_LINE.exec(line) ?? [];
  if (name === undefined || value === undefined)
    throw refused(number, `found ${printable(line)}, a property such as SUMMARY:text is wanted`);
  return { name: name.toUpperCase(), value };
}

function close(component: Component | undefined, name: string, number: number): void {
  if (component?.name !== name)
    throw refused(number, `found END of ${printable(name)}, that of ${printable(component?.name ?? '')} is wanted`);
  const missing = WANTED.get(name)?.find((property) => !component.properties.has(property));
  if (missing !== undefined) throw refused(number, `found ${name} without ${missing}, it is wanted`);
}

function oneMethod(before: string, value: string, number: number): string {
  const method = value.toUpperCase();
  if (before !== '') throw refused(number, 'found METHOD twice, once is wanted');
  if (METHODS.has(method)) return method;
  throw refused(number, `found METHOD:${printable(value)}, one of ${[...METHODS].join(', ')} is wanted`);
}

/** RFC 5545 §3.1: octets of a line without its end. */
const MAX_LINE_OCTETS = 75;

/** No character is divided between two lines. */
function folded(line: string): string {
  if (line.length * 3 <= MAX_LINE_OCTETS || Buffer.byteLength(line) <= MAX_LINE_OCTETS) return `${line}\n`;
  let text = '';
  let octets = 0;
  for (const character of line) {
    const more = Buffer.byteLength(character);
    if (octets + more > MAX_LINE_OCTETS) {
      text += '\n ';
      octets = 1;
    }
    text += character;
    octets += more;
  }
  return `${text}\n`;
}
