/**
 * A batch and its deliveries as octets. What is small and changes is one deflated text; what is large and stays, or is read
 * by few, is in items of its own.
 *
 * Where a delivery stands is a letter; attempts and doubts are said only where they are not what the letter lets expect.
 */
import { createHash } from 'node:crypto';
import { deflateRawSync, inflateRawSync } from 'node:zlib';
import { type DeliveryState, NO_CRASHES, type PlannedDelivery, type UncertainPolicy } from '#mailing';
import { type Batch, type Facts, factsOf, type News, type Row } from './batch.ts';
import { type Changes, type Item, number, octets, text } from './table-values.ts';

const LETTERS: Readonly<Record<DeliveryState, string>> = {
  pending: 'p',
  intended: 'i',
  accepted: 'a',
  refused: 'r',
  deferred: 'd',
  uncertain: 'u',
  invalid: 'v',
  suppressed: 's',
  expired: 'e',
  quarantined: 'q',
  cancelled: 'c',
};
const STATES = new Map(Object.entries(LETTERS).map(([state, letter]) => [letter, state as DeliveryState]));
const POLICIES: readonly UncertainPolicy[] = ['hold', 'resend', 'skip'];
const ONE_ATTEMPT: ReadonlySet<DeliveryState> = new Set(['intended', 'accepted', 'refused', 'deferred', 'uncertain']);

type WrittenNews =
  | readonly [index: number, at: number | null]
  | readonly [index: number, at: number | null, ...texts: (string | null)[]];

interface Written {
  /** A letter for each. */
  readonly s: string;
  /** Their indexes, where they are not 0, 1, 2, … */
  readonly x?: readonly number[];
  /** By place: attempts and doubts. */
  readonly n?: readonly (readonly [place: number, attempts: number, doubts: number])[];
  /** By place: when they are due. */
  readonly t?: readonly (readonly [place: number, nextAt: number])[];
  readonly b?: readonly WrittenNews[];
  readonly p: number;
  readonly c?: readonly [crashes: number, current: number | null, suspect: number | null, suspicions: number];
  readonly nb?: number;
  readonly z?: string;
}

/** Evidence about an attempt that is uncertain, beside what the batch's holder writes; it has no part in his commits. */
export interface Established extends Facts {
  readonly index: number;
  readonly state: 'accepted' | 'refused';
}

export function packed(value: unknown): Uint8Array {
  return deflateRawSync(JSON.stringify(value));
}

export function unpacked(content: Uint8Array): unknown {
  return JSON.parse(inflateRawSync(content).toString());
}

/** The attributes that a commit writes, fence and owner apart. @param news default: the batch's own */
export function bodyOf(batch: Batch, news: ReadonlyMap<number, News> = batch.news): Changes {
  const { rows, policy, crashes, notBefore, zone } = batch;
  const isDense = rows.every(({ index }, place) => index === place);
  const unusual = rows.flatMap(({ state, attempts, doubts }, place) =>
    attempts === usualAttempts(state) && doubts === usualDoubts(state) ? [] : [[place, attempts, doubts] as const],
  );
  const due = rows.flatMap(({ nextAt }, place) => (nextAt === null ? [] : [[place, nextAt] as const]));
  const { crashes: count, current, suspect, suspicions } = crashes;
  const written: Written = {
    s: rows.map(({ state }) => LETTERS[state]).join(''),
    ...(isDense ? {} : { x: rows.map(({ index }) => index) }),
    ...(unusual.length > 0 ? { n: unusual } : {}),
    ...(due.length > 0 ? { t: due } : {}),
    ...(news.size > 0 ? { b: writtenNews(news) } : {}),
    p: POLICIES.indexOf(policy),
    ...(count === 0 && current === null && suspect === null ? {} : { c: [count, current, suspect, suspicions] }),
    ...(notBefore === 0 ? {} : { nb: notBefore }),
    ...(zone === null ? {} : { z: zone }),
  };
  return { r: batch.rev, d: packed(written) };
}

/** All of it, for who takes it or gives it back. What was established beside it is in it by then. */
export function wholeOf(batch: Batch): Changes {
  return { ...bodyOf(batch), f: batch.fence, o: batch.owner, ev: null };
}

/** What must still be so for a write of the whole to hold. */
export function standingOf(item: Item): Changes {
  return { r: number(item, 'r'), ev: text(item, 'ev') };
}

export function batchOf(item: Item, batchNumber: number): Batch {
  const written = unpacked(octets(item, 'd')) as Written;
  const attempts = new Map((written.n ?? []).map(([place, ...counts]) => [place, counts]));
  const due = new Map(written.t ?? []);
  const rows = [...written.s].map((letter, place): Row => {
    const state = STATES.get(letter) ?? 'uncertain';
    const [count, doubts] = attempts.get(place) ?? [usualAttempts(state), usualDoubts(state)];
    return { index: written.x?.[place] ?? place, state, attempts: count, doubts, nextAt: due.get(place) ?? null };
  });
  const [crashes, current, suspect, suspicions] = written.c ?? [0, null, null, 0];
  const batch: Batch = {
    number: batchNumber,
    fence: number(item, 'f'),
    rev: number(item, 'r'),
    owner: text(item, 'o'),
    policy: POLICIES[written.p] ?? 'hold',
    crashes: written.c === undefined ? NO_CRASHES : { crashes, current, suspect, suspicions },
    notBefore: written.nb ?? 0,
    zone: written.z ?? null,
    rows,
    news: newsOf(written.b ?? []),
  };
  for (const each of establishedOf(item)) foldIn(batch, each);
  return batch;
}

export function establishedOf(item: Item): Established[] {
  return JSON.parse(text(item, 'ev') ?? '[]') as Established[];
}

/** Turns the doubt into the fact. */
export function foldIn(batch: Batch, { index, state, ...facts }: Established): void {
  const row = batch.rows.find((each) => each.index === index);
  if (row?.state !== 'uncertain') return;
  Object.assign(row, { state, nextAt: null });
  batch.news.set(index, factsOf(facts));
}

export function writtenNews(news: ReadonlyMap<number, News>): WrittenNews[] {
  return [...news].map(([index, each]) =>
    'reply' in each ? [index, each.at, each.reply, each.enhancedStatus, each.queueId, each.problem] : [index, each.at],
  );
}

export function newsOf(written: readonly WrittenNews[]): Map<number, News> {
  return new Map(
    written.map(([index, at, ...texts]) => {
      if (texts.length === 0) return [index, { at }];
      const [reply = null, enhancedStatus = null, queueId = null, problem = null] = texts;
      return [index, { at, reply, enhancedStatus, queueId, problem }];
    }),
  );
}

/** A recipient as planned; what never changes. */
export type PlannedRow = Pick<PlannedDelivery, 'index' | 'row' | 'recipient' | 'key' | 'messageId'> & {
  readonly problem: string | null;
};

/** So many octets of text to an item, whose limit is 400 KB however badly they deflate. */
const PART_OCTETS = 256 * 1024;

/** @returns the items' contents, in order; one for nearly every batch */
export function plannedParts(deliveries: readonly PlannedDelivery[]): Uint8Array[] {
  const parts: unknown[][] = [[]];
  let size = 0;
  for (const { index, row, recipient, key, messageId, problem } of deliveries) {
    const written = [index, row, recipient, key === recipient ? null : key, messageId, problem ?? null];
    const length = Buffer.byteLength(JSON.stringify(written));
    if (size > 0 && size + length > PART_OCTETS) {
      parts.push([]);
      size = 0;
    }
    size += length;
    parts.at(-1)?.push(written);
  }
  return parts.map(packed);
}

type WrittenRow = readonly [number, number, string, string | null, string, string | null];

export function plannedOf(content: Uint8Array): PlannedRow[] {
  return (unpacked(content) as WrittenRow[]).map(([index, row, recipient, key, messageId, problem]) => ({
    index,
    row,
    recipient,
    key: key ?? recipient,
    messageId,
    problem,
  }));
}

const HASH_OCTETS = 3;

/** Three octets tell 16 million keys apart: hardly a batch is read in vain. Without the case of ASCII letters. */
export function keyHash(key: string): Uint8Array {
  return createHash('sha256').update(asciiLower(key)).digest().subarray(0, HASH_OCTETS);
}

export function keyHashes(deliveries: readonly PlannedDelivery[]): Uint8Array {
  return Buffer.concat(deliveries.map(({ key }) => keyHash(key)));
}

export function hasHash(hashes: Uint8Array, wanted: Uint8Array): boolean {
  const [a, b, c] = wanted;
  for (let at = 0; at < hashes.length; at += HASH_OCTETS)
    if (hashes[at] === a && hashes[at + 1] === b && hashes[at + 2] === c) return true;
  return false;
}

export function asciiLower(key: string): string {
  return key.replaceAll(/[A-Z]+/g, (letters) => letters.toLowerCase());
}

function usualAttempts(state: DeliveryState): number {
  return ONE_ATTEMPT.has(state) ? 1 : 0;
}

function usualDoubts(state: DeliveryState): number {
  return state === 'uncertain' ? 1 : 0;
}
