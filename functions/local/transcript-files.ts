/**
 * Transcripts as JSON Lines, a file per batch: `<run>/<batch>.jsonl`.
 *
 * Best effort: lines are gathered and written together, a process that is killed loses its last ones, and a disk that
 * refuses them stops no mail. A torn line is skipped on reading and can spoil no other: each write begins with a line end.
 */
import { appendFileSync, createReadStream, mkdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Conversation, TranscriptEntry, TranscriptShelf } from '#mailing';

/** Octets, nearly: what is gathered before it is written, and lost where the process is killed. */
const GATHERED = 65_536;

/** Openings kept in memory, for deliveries whose batch is another than the one that the session began with. */
const OPENINGS = 256;

type Session = Extract<TranscriptEntry, { kind: 'session' }>;

export interface TranscriptFilesOptions {
  /** Told each time that the disk refuses what was gathered; it is lost then. Default: nobody. */
  readonly onLoss?: (error: unknown) => void;
}

/** @param folder made with mode 0700 when missing */
export function openTranscriptFiles(folder: string, options: TranscriptFilesOptions = {}): TranscriptShelf {
  return new TranscriptFiles(folder, options.onLoss ?? (() => {}));
}

class TranscriptFiles implements TranscriptShelf {
  readonly #folder: string;
  readonly #onLoss: (error: unknown) => void;
  readonly #gathered = new Map<string, string>();
  #size = 0;
  /** The file that was asked for last; mostly it is asked for again. */
  #latest = { run: '', batch: -1, file: '' };
  /** By run and session, the latest last. */
  readonly #openings = new Map<string, { readonly entry: Session; readonly files: Set<string> }>();

  constructor(folder: string, onLoss: (error: unknown) => void) {
    this.#folder = folder;
    this.#onLoss = onLoss;
  }

  write(run: string, batch: number, entry: TranscriptEntry): void {
    const file = this.#file(run, batch);
    if (entry.kind === 'session') this.#remember(run, entry);
    this.#introduce(run, entry.session, file);
    if (entry.kind === 'delivery') this.#gather(file, entry);
    if (this.#size >= GATHERED) this.#writeOut();
  }

  async flush(): Promise<void> {
    this.#writeOut();
  }

  async read(run: string, batch: number, row: number): Promise<Conversation[]> {
    this.#writeOut();
    const openings = new Map<string, Session>();
    const conversations: Conversation[] = [];
    for await (const entry of entriesOf(this.#file(run, batch))) {
      if (entry.kind === 'session') {
        openings.set(entry.session, entry);
      } else if (entry.row === row) {
        const opening = openings.get(entry.session)?.records ?? [];
        conversations.push({ attempt: entry.attempt, opening, transaction: entry.records });
      }
    }
    return conversations;
  }

  #file(run: string, batch: number): string {
    if (this.#latest.batch !== batch || this.#latest.run !== run) {
      const name = encodeURIComponent(run).replaceAll('.', '%2E');
      this.#latest = { run, batch, file: join(this.#folder, name, `${batch}.jsonl`) };
    }
    return this.#latest.file;
  }

  #remember(run: string, entry: Session): void {
    this.#openings.set(openingKey(run, entry.session), { entry, files: new Set() });
    for (const oldest of this.#openings.keys()) {
      if (this.#openings.size <= OPENINGS) break;
      this.#openings.delete(oldest);
    }
  }

  /** Writes a session's opening to a file before the first entry that refers to it. */
  #introduce(run: string, session: string, file: string): void {
    const opening = this.#openings.get(openingKey(run, session));
    if (!opening || opening.files.has(file)) return;
    opening.files.add(file);
    this.#gather(file, opening.entry);
  }

  #gather(file: string, entry: TranscriptEntry): void {
    const line = `${JSON.stringify(entry)}\n`;
    this.#gathered.set(file, (this.#gathered.get(file) ?? '\n') + line);
    this.#size += line.length;
  }

  #writeOut(): void {
    const gathered = [...this.#gathered];
    this.#gathered.clear();
    this.#size = 0;
    for (const [file, lines] of gathered) {
      try {
        append(file, lines);
      } catch (error) {
        this.#onLoss(error);
      }
    }
  }
}

/** The folder is there, but for the first time. */
function append(file: string, lines: string): void {
  try {
    appendFileSync(file, lines, { mode: 0o600 });
  } catch (error) {
    if (!isMissing(error)) throw error;
    mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
    appendFileSync(file, lines, { mode: 0o600 });
  }
}

function isMissing(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ENOENT';
}

/** One for each pair, whatever is in the names. */
function openingKey(run: string, session: string): string {
  return `${run.length} ${run} ${session}`;
}

async function* entriesOf(file: string): AsyncGenerator<TranscriptEntry> {
  try {
    for await (const line of linesOf(file)) {
      const entry = parseEntry(line);
      if (entry) yield entry;
    }
  } catch (error) {
    if (!isMissing(error)) throw error;
  }
}

/** Cut at line feeds alone: `node:readline` also cuts at U+2028, which JSON leaves in its strings as it is. */
async function* linesOf(file: string): AsyncGenerator<string> {
  let rest = '';
  for await (const piece of createReadStream(file, 'utf8') as AsyncIterable<string>) {
    const lines = (rest + piece).split('\n');
    rest = lines.pop() ?? '';
    yield* lines;
  }
  yield rest;
}

/** `null` for a torn line. */
function parseEntry(line: string): TranscriptEntry | null {
  try {
    const value: unknown = JSON.parse(line);
    return isEntry(value) ? value : null;
  } catch {
    return null;
  }
}

function isEntry(value: unknown): value is TranscriptEntry {
  if (typeof value !== 'object' || value === null) return false;
  const { kind, session, records, row, attempt } = value as Record<string, unknown>;
  if (typeof session !== 'string' || !Array.isArray(records)) return false;
  return kind === 'session' || (kind === 'delivery' && typeof row === 'number' && typeof attempt === 'number');
}
