/** From a file's octets to its rows. */
import { CsvReader } from './csv.ts';
import { AudienceError, OctetProblem } from './errors.ts';
import { inflated } from './inflate.ts';
import { JsonLinesReader } from './json-lines.ts';
import { utf8Pieces } from './octets.ts';
import type { AudienceEntry, RowReader } from './row.ts';

export interface AudienceOptions {
  /** The file's name tells the format: `.csv`, `.jsonl` or `.ndjson`, each also with `.gz`. Errors show it. */
  readonly name: string;
}

/**
 * The rows of an audience, in constant memory.
 *
 * @returns each row of data, with what is wrong with it where something is
 * @throws AudienceError for what ends the file, after the rows before it
 */
export async function* readAudience(
  stream: AsyncIterable<Uint8Array>,
  options: AudienceOptions,
): AsyncGenerator<AudienceEntry, void, undefined> {
  for await (const batch of readAudienceBatches(stream, options)) yield* batch;
}

/** The same by the handful, for whoever reads millions: about a batch for each 64 KiB. */
export async function* readAudienceBatches(
  stream: AsyncIterable<Uint8Array>,
  { name }: AudienceOptions,
): AsyncGenerator<readonly AudienceEntry[], void, undefined> {
  const { reader, isGzip, wanted } = openReader(name);
  try {
    for await (const octets of utf8Pieces(isGzip ? inflated(stream) : stream, wanted)) {
      yield* taken(reader, await settled(reader.push(octets)));
    }
    yield* taken(reader, await settled(reader.end()));
  } catch (error) {
    if (!(error instanceof OctetProblem)) throw error;
    await settled(reader.settle());
    yield* taken(reader, null);
    const { row, line } = reader;
    throw new AudienceError({ file: name, row, line, field: null, problem: error.problem }, { cause: error });
  }
}

async function settled(work: Promise<void>): Promise<{ readonly error: unknown } | null> {
  try {
    await work;
    return null;
  } catch (error) {
    return { error };
  }
}

/** The rows before a failure come first, however the octets were cut. */
function* taken(reader: RowReader, failure: { readonly error: unknown } | null) {
  const batch = reader.take();
  if (batch.length > 0) yield batch;
  if (failure !== null) throw failure.error;
}

const UTF8_WANTED = 'UTF-8 text is wanted';

function openReader(name: string): { reader: RowReader; isGzip: boolean; wanted: string } {
  const [, kind, gzip] = /\.(csv|jsonl|ndjson)(\.gz)?$/i.exec(name) ?? [];
  if (kind === undefined) {
    const problem = 'found another kind of file, .csv, .jsonl or .ndjson is wanted, each also with .gz';
    throw new AudienceError({ file: name, row: null, line: null, field: null, problem });
  }
  const isGzip = gzip !== undefined;
  return kind.toLowerCase() === 'csv'
    ? { reader: new CsvReader(name), isGzip, wanted: `${UTF8_WANTED}; a spreadsheet saves it as "CSV UTF-8"` }
    : { reader: new JsonLinesReader(name), isGzip, wanted: UTF8_WANTED };
}
