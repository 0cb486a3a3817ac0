/**
 * Conversations as lines of a log, and back. A session's opening is a line, a mail's transaction another:
 *
 *     {"at":"2026-12-01T09:00:00.120Z","event":"transaction","run":"news-1f2e","batch":3,"session":"p7-1","row":17,
 *      "recipient":"hash:…","attempt":1,"outcome":"refused","reply":"550 5.1.1 no such user","ms":41,
 *      "lines":["0 C 40 MAIL FROM:<hash:…>","12 S 14 250 2.1.0 Ok",…]}
 *
 * In `lines` each has its milliseconds since `at`, who said it (C the client, S the relay, * a note), its octets and its text. What does
 * not fit into one event of CloudWatch Logs goes on in others, which have `part` and `parts` and are otherwise alike.
 */
import type { Conversation, TranscriptEntry } from '#mailing';
import type { TranscriptRecord } from '#smtp';
import { MAX_EVENT_OCTETS } from './log-lines.ts';

export type LogEntry = Readonly<Record<string, unknown>>;

const MARKS = { client: 'C', server: 'S', note: '*' } as const;
const SAID_BY = { C: 'client', S: 'server', '*': 'note' } as const;

/** Longer than any line of a transcript, which is cut long before. */
const MAX_LINE_CHARACTERS = 16_384;

/** @param facts of the entry, its head: everything but when and what was said */
export function* transcriptLines(
  { kind, records }: Pick<TranscriptEntry, 'kind' | 'records'>,
  facts: LogEntry,
): Generator<LogEntry> {
  const at = records[0]?.at ?? 0;
  const event = kind === 'session' ? 'session' : 'transaction';
  const head = { at: new Date(at).toISOString(), event, ...facts };
  const lines = records.map((record) => lineOf(record, at));
  const parts = inParts(lines, MAX_EVENT_OCTETS - octetsOf(head) - PART_OCTETS);
  for (const [index, part] of parts.entries())
    yield { ...head, ...(parts.length === 1 ? {} : { part: index + 1, parts: parts.length }), lines: part };
}

/** `,"part":1000000,"parts":1000000,"lines":[]` and the line's end. */
const PART_OCTETS = 48;

function lineOf({ at, by, octets, text }: TranscriptRecord, from: number): string {
  const whole = text.length <= MAX_LINE_CHARACTERS ? text : `${text.slice(0, MAX_LINE_CHARACTERS).toWellFormed()}…`;
  return `${at - from} ${MARKS[by]} ${octets} ${whole}`;
}

function inParts(lines: readonly string[], room: number): string[][] {
  // UTF-8 has three octets for a UTF-16 code unit at the most, and JSON six.
  const most = lines.reduce((sum, line) => sum + 6 * line.length + 3, 0);
  if (most <= room) return [[...lines]];
  const parts: string[][] = [[]];
  let left = room;
  for (const line of lines) {
    const octets = octetsOf(line) + 1;
    if (octets > left && parts.at(-1)?.length !== 0) {
      parts.push([]);
      left = room;
    }
    parts.at(-1)?.push(line);
    left -= octets;
  }
  return parts;
}

function octetsOf(value: unknown): number {
  return Buffer.byteLength(JSON.stringify(value));
}

/**
 * The conversations about one row, out of the lines of a log in their order. What is no line of a transcript is passed over:
 * a log has others, and torn ones.
 */
export async function readTranscriptLines(
  lines: AsyncIterable<string> | Iterable<string>,
  { run, batch, row }: { readonly run: string; readonly batch: number; readonly row: number },
): Promise<Conversation[]> {
  const openings = new Map<string, TranscriptRecord[]>();
  const found: { attempt: number; session: string; opening: TranscriptRecord[]; transaction: TranscriptRecord[] }[] =
    [];
  for await (const line of lines) {
    const entry = entryIn(line);
    if (entry === null || entry.run !== run) continue;
    const { session, records, isContinued, attempt } = entry;
    if (entry.event === 'session') {
      openings.set(session, [...(isContinued ? (openings.get(session) ?? []) : []), ...records]);
    } else if (entry.batch === batch && entry.row === row) {
      const begun = isContinued ? found.findLast((each) => each.session === session && each.attempt === attempt) : null;
      if (begun) begun.transaction.push(...records);
      else found.push({ attempt, session, opening: openings.get(session) ?? [], transaction: records });
    }
  }
  return found.map(({ attempt, opening, transaction }) => ({ attempt, opening, transaction }));
}

interface ReadEntry {
  readonly event: 'session' | 'transaction';
  readonly run: string;
  readonly batch: number;
  readonly row: number;
  readonly attempt: number;
  readonly session: string;
  readonly records: TranscriptRecord[];
  readonly isContinued: boolean;
}

function entryIn(line: string): ReadEntry | null {
  const value = valueIn(line);
  const { at, event, run, batch, session, row, attempt, part, lines } = Object(value) as Record<string, unknown>;
  if (event !== 'session' && event !== 'transaction') return null;
  if (typeof run !== 'string' || typeof session !== 'string' || !Array.isArray(lines)) return null;
  const from = Date.parse(String(at));
  const records = lines.flatMap((each) => recordIn(String(each), from) ?? []);
  const isContinued = typeof part === 'number' && part > 1;
  return {
    event,
    run,
    batch: Number(batch),
    row: Number(row),
    attempt: Number(attempt),
    session,
    records,
    isContinued,
  };
}

function valueIn(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return null;
  }
}

const RECORD = /^(-?\d+(?:\.\d+)?) ([CS*]) (\d+) (.*)$/s;

function recordIn(line: string, from: number): TranscriptRecord | null {
  const [, ms = '', by = '', octets = '', text = ''] = RECORD.exec(line) ?? [];
  if (by === '') return null;
  return { at: from + Number(ms), by: SAID_BY[by as keyof typeof SAID_BY], text, octets: Number(octets) };
}
