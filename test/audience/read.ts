/** Audiences from texts and octets, cut as a test wants them. */
import { type AudienceEntry, AudienceError, isRowProblem, readAudience } from '#audience';

export type Input = string | Uint8Array;

export async function* inPieces(input: Input, octets: number | readonly number[] = Number.POSITIVE_INFINITY) {
  const whole = Buffer.from(input);
  const cuts = typeof octets === 'number' ? [] : octets;
  const size = typeof octets === 'number' ? octets : Number.POSITIVE_INFINITY;
  let from = 0;
  while (from < whole.length) {
    const to = cuts.find((cut) => cut > from) ?? Math.min(from + size, whole.length);
    yield new Uint8Array(whole.subarray(from, to));
    from = to;
  }
}

/** Rows in short, then the error where there is one: `1@2 {"email":"a"}`, `2@3 a@b.c name: has …`, `! …`. */
export async function read(input: Input, name = 'people.csv', cut?: number | readonly number[]): Promise<string[]> {
  const lines: string[] = [];
  try {
    for await (const entry of readAudience(inPieces(input, cut), { name })) lines.push(inShort(entry));
  } catch (error) {
    if (!(error instanceof AudienceError)) throw error;
    lines.push(`! row ${error.row} line ${error.line} field ${error.field}: ${error.problem}`);
  }
  return lines;
}

function inShort(entry: AudienceEntry): string {
  const place = `${entry.row}@${entry.line}`;
  if (!isRowProblem(entry)) return `${place} ${JSON.stringify(entry.fields)}`;
  return `${place} ${entry.email} ${entry.field}: ${entry.problem} ${JSON.stringify(entry.fields).slice(0, 100)}`;
}

export async function collected<Item>(items: AsyncIterable<Item>): Promise<Item[]> {
  const all: Item[] = [];
  for await (const item of items) all.push(item);
  return all;
}

export async function entries(input: Input, name = 'people.csv'): Promise<AudienceEntry[]> {
  return await collected(readAudience(inPieces(input), { name }));
}
