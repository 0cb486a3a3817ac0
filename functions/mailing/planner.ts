/**
 * From an audience to deliveries, as a stream in constant memory apart from what finds duplicates (`seen-keys.ts`):
 *
 *     row ─► in order? ─► selected? ─► address? ─► seen before? ─► variables there? ─► files there? ─► delivery
 *
 * What is wrong with a row is that row's outcome `invalid`; the others go on. The same audience gives the same deliveries.
 */
import { AddressError, isPlainAddress, parseMailbox, recipientKey } from '#address';
import {
  type AudienceEntry,
  type AudienceRow,
  isSelected,
  type RowProblem,
  readAudienceBatches,
  type SelectionOptions,
} from '#audience';
import { RenderError, type Requirement, unmet } from '#render';
import { Command, CommandError } from '#smtp';
import {
  attachmentKey,
  givenVariables,
  isMissing,
  isTemplate,
  type LoadedCampaign,
  objectNameProblem,
} from './campaign-source.ts';
import { FieldDigest, fieldsDigest } from './digest.ts';
import type { AudienceFile } from './frozen.ts';
import { MemoryScratch } from './memory-scratch.ts';
import { nearName } from './near-name.ts';
import type { Scratch } from './ports.ts';
import type { Problem } from './problem.ts';
import type { RecipientTimes } from './schedule/recipient-times.ts';
import { SeenKeys } from './seen-keys.ts';

/** One recipient as planned, with all that its mail is made of. */
export interface PlannedRow {
  readonly row: number;
  /** The audience's line where the row begins, from 1. */
  readonly line: number;
  readonly recipient: string;
  readonly key: string;
  readonly messageId: string;
  /** `expired`: its moment had gone by when the run began. */
  readonly state: 'pending' | 'invalid' | 'suppressed' | 'expired';
  readonly problem?: string;
  /** By whose clock it is sent, where the campaign asks for that; left out where it is the schedule's. */
  readonly zone?: string;
  /** The Date of its mail, epoch ms, where that is not the run's. */
  readonly date?: number;
  /** The row's variables; left out where the row is not sent. */
  readonly fields?: Readonly<Record<string, unknown>>;
  /** Names and content hashes of the campaign's attachments whose path depends on the row, by their place in it. */
  readonly files?: readonly (PlannedFile | null)[];
}

export interface PlannedFile {
  readonly object: string;
  readonly content: string;
}

export interface PlanningOptions {
  /** The run's id, from which Message-IDs are derived. */
  readonly run: string;
  /** Epoch ms: who has a birthday. */
  readonly at: number;
  /** `false`: they are left empty, for whoever only counts. A hash for each of a million has its price. Default: true. */
  readonly messageIds?: boolean;
  /** Pins one recipient's file and gives its SHA-256. @throws ObjectMissingError */
  readonly pinFile: (object: string) => Promise<string>;
  /** What a planning that was cut off has made durable of a row: its word about the row's files holds. */
  readonly earlier?: EarlierRows;
  /** Where each recipient is sent to by their own clock. */
  readonly times?: RecipientTimes | null;
  /** Where recipients' keys are kept. Default: in memory, for a few whom nobody else wrote down. */
  readonly openScratch?: () => Scratch;
  /** Is told of a row before it is given: all that templates use and it lacks, of which its problem is the first. */
  readonly onMissing?: (row: number, faults: readonly RowFault[]) => void;
}

/** A promise only where something must be read: nearly every row has no earlier word. */
export type EarlierRows = (row: number) => PlannedRow | undefined | Promise<PlannedRow | undefined>;

/** Problems kept for showing; the rest are only counted. */
const MAX_PROBLEMS = 100;

/** Plans one audience. Iterate it once; the counts are whole when it has ended. */
export class Planner {
  rows = 0;
  recipients = 0;
  duplicates = 0;
  notSelected = 0;
  invalid = 0;
  readonly problems: Problem[] = [];
  readonly #loaded: LoadedCampaign;
  readonly #audience: AudienceFile;
  readonly #options: PlanningOptions;
  readonly #seen: SeenKeys;
  readonly #digest: FieldDigest;
  readonly #selection: SelectionOptions;
  readonly #times: RecipientTimes | null;
  /** What a row must bring: all that templates use whatever it says, but for what the campaign gives. */
  readonly #required: readonly Requirement[];
  /** Some attachment's path depends on the row. */
  readonly #hasOwnFiles: boolean;

  /** @param contentHash of the campaign's manifest; with the deliveries it makes the plan hash */
  constructor(loaded: LoadedCampaign, audience: AudienceFile, contentHash: string, options: PlanningOptions) {
    this.#loaded = loaded;
    this.#audience = audience;
    this.#options = options;
    this.#seen = new SeenKeys(options.openScratch?.() ?? new MemoryScratch());
    this.#digest = new FieldDigest().add('plan', contentHash);
    const { attachments, timezone, timezoneColumn } = loaded.campaign;
    this.#times = options.times ?? null;
    const date = this.#times?.date ?? null;
    this.#selection = { at: options.at, timezoneColumn, timezone, ...(date === null ? {} : { date }) };
    const given = givenVariables(loaded.campaign);
    this.#required = loaded.templates.required.filter(({ path: [column = ''] }) => !given.includes(column));
    this.#hasOwnFiles = attachments.some(({ object }) => isTemplate(object));
  }

  /** @throws AudienceError where the audience as a whole cannot be read */
  async *deliveries(): AsyncGenerator<PlannedRow> {
    for await (const batch of this.batches()) yield* batch;
  }

  /** The same by the handful: waiting for each of a million rows takes longer than planning it. */
  async *batches(): AsyncGenerator<readonly PlannedRow[]> {
    try {
      yield* this.#batches();
    } finally {
      this.#seen.close();
    }
  }

  async *#batches(): AsyncGenerator<readonly PlannedRow[]> {
    for await (const entries of readAudienceBatches(this.#audience.open(), { name: this.#audience.name })) {
      let batch: PlannedRow[] = [];
      for (const entry of entries) {
        const planning = this.#planRow(entry);
        const planned = planning instanceof Promise ? await planning : planning;
        if (planned !== null) batch.push(planned);
        // Whoever asks may want to stop: it is not made to wait for many files.
        if (planning instanceof Promise && batch.length > 0) {
          yield batch;
          batch = [];
        }
      }
      if (batch.length > 0) yield batch;
    }
  }

  /** The hash of everything that was planned: who gets what. Call it once, when `deliveries` has ended. */
  planHash(): string {
    return this.#digest.hex();
  }

  /** @returns `null` where the row is nobody's mail; a promise only where files must be read */
  #planRow(entry: AudienceEntry): PlannedRow | null | Promise<PlannedRow | null> {
    this.rows += 1;
    if ('problem' in entry) return this.#invalid(entry, entry.email ?? '', entry.field, entry.problem);
    const { campaign } = this.#loaded;
    const email = typeof entry.fields.email === 'string' ? entry.fields.email : '';
    const selected = isSelected(entry.fields, campaign.select, this.#selection);
    if (selected === 'not-selected') {
      this.notSelected += 1;
      return null;
    }
    if (selected !== 'selected') return this.#invalid(entry, email, selected.field, selected.problem);
    const address = readAddress(email);
    if ('problem' in address) return this.#invalid(entry, email, 'email', address.problem);
    if (this.#seen.has(address.key)) {
      this.duplicates += 1;
      return null;
    }
    const missing = this.#missingOf(entry);
    if (missing !== null) return this.#invalid(entry, email, missing.field, missing.problem, address.key);
    const earlier = this.#options.earlier?.(entry.row);
    if (earlier instanceof Promise)
      return earlier.then((known) => this.#withFiles({ ...address, row: entry, email }, known));
    return this.#withFiles({ ...address, row: entry, email }, earlier);
  }

  #missingOf({ row, fields }: AudienceRow): RowFault | null {
    const missing = unmet(this.#required, fields);
    const [first] = missing;
    if (first === undefined) return null;
    this.#options.onMissing?.(
      row,
      missing.map((each) => missingFault(each, fields)),
    );
    return missingFault(first, fields);
  }

  #withFiles(found: Found, earlier: PlannedRow | undefined): PlannedRow | Promise<PlannedRow> {
    const { row, email, key } = found;
    if (earlier?.problem !== undefined) return this.#invalid(row, email, null, earlier.problem, key);
    if (earlier !== undefined) return this.#valid(found, earlier.files ?? []);
    return this.#hasOwnFiles ? this.#pinned(found) : this.#valid(found, []);
  }

  async #pinned(found: Found): Promise<PlannedRow> {
    const { row, email, key } = found;
    const files = await this.#pinFiles(this.#loaded, row.fields);
    if ('problem' in files) return this.#invalid(row, email, files.field, files.problem, key);
    return this.#valid(found, files.pinned);
  }

  #valid({ row, address, key }: Found, files: readonly (PlannedFile | null)[]): PlannedRow {
    // Only a row that will be sent stands in the way of another one to the same person.
    this.#seen.add(key);
    this.recipients += 1;
    this.#digest.add(String(row.row), key, 'pending', ...files.map((file) => file?.content ?? ''));
    const planned: PlannedRow = {
      row: row.row,
      line: row.line,
      recipient: address,
      key,
      messageId: this.#messageId(key),
      state: 'pending',
      fields: row.fields,
      ...(files.length > 0 ? { files } : {}),
    };
    return this.#times === null ? planned : this.#inZone(row, planned, this.#times);
  }

  /** By the row alone, whatever becomes of it: planning again must find it in the same zone. */
  #inZone(row: AudienceRow | RowProblem, planned: PlannedRow, times: RecipientTimes): PlannedRow {
    if ('problem' in row) return planned;
    const { zone, problem } = times.zoneOf(row.fields);
    if (problem !== undefined && planned.state === 'pending') this.#report(row, times.column, problem);
    return zone === null ? planned : { ...planned, zone };
  }

  #report({ row, line }: AudienceRow | RowProblem, field: string | null, problem: string): void {
    if (this.problems.length < MAX_PROBLEMS)
      this.problems.push({ file: this.#audience.name, row, line, field, problem });
  }

  async #pinFiles(
    { campaign, templates }: LoadedCampaign,
    fields: Readonly<Record<string, unknown>>,
  ): Promise<{ pinned: readonly (PlannedFile | null)[] } | RowFault> {
    const pinned: (PlannedFile | null)[] = [];
    for (const [index, attachment] of campaign.attachments.entries()) {
      if (!isTemplate(attachment.object)) {
        pinned.push(null);
        continue;
      }
      const field = `attachments.${index}`;
      try {
        const object = templates.named(attachmentKey(index, 'object'), fields);
        const problem = objectNameProblem(object);
        if (problem !== null) return { field, problem: `${JSON.stringify(object)}: ${problem}` };
        pinned.push({ object, content: await this.#options.pinFile(object) });
      } catch (error) {
        if (error instanceof RenderError) return { field: error.variable ?? field, problem: error.problem };
        if (isMissing(error)) return { field, problem: (error as Error).message };
        throw error;
      }
    }
    return { pinned };
  }

  #invalid(
    row: AudienceRow | RowProblem,
    recipient: string,
    field: string | null,
    problem: string,
    key = recipient,
  ): PlannedRow {
    this.#report(row, field, problem);
    this.recipients += 1;
    this.invalid += 1;
    this.#digest.add(String(row.row), key, 'invalid');
    const planned: PlannedRow = {
      row: row.row,
      line: row.line,
      recipient,
      key,
      messageId: this.#messageId(key === '' ? `row ${row.row}` : key),
      state: 'invalid',
      problem: field === null ? problem : `"${field}": ${problem}`,
    };
    return this.#times === null ? planned : this.#inZone(row, planned, this.#times);
  }

  /** RFC 5322 §3.6.4: unique, and the same on every attempt since it is a function of run and recipient alone. */
  #messageId(key: string): string {
    if (this.#options.messageIds === false) return '';
    return `${fieldsDigest(this.#options.run, key).slice(0, 32)}@${this.#loaded.campaign.from.mailbox.domain}`;
  }
}

/** A row that can be sent as far as it can be told without its files. */
interface Found {
  readonly row: AudienceRow;
  readonly email: string;
  readonly address: string;
  readonly key: string;
}

interface RowFault {
  readonly field: string;
  readonly problem: string;
}

function readAddress(email: string): { address: string; key: string } | { problem: string } {
  // Nearly every address is its own wire form and key, and in order for the wire.
  if (isPlainAddress(email)) return { address: email, key: email };
  try {
    const mailbox = parseMailbox(email);
    // The gate to the wire has the last word: what it refuses is told now, and not when the others are sent. Whether the
    // relay takes an address beyond ASCII is known only then.
    Command.rcpt(mailbox.address, { smtpUtf8: true });
    return { address: mailbox.address, key: recipientKey(mailbox) };
  } catch (error) {
    if (error instanceof CommandError) return { problem: `${JSON.stringify(email)}: ${error.message}` };
    if (!(error instanceof AddressError)) throw error;
    return {
      problem: email === '' ? 'there is no address' : `${JSON.stringify(email)} is no address: ${error.problem}`,
    };
  }
}

/** The first variable that every mail of the campaign uses and this row does not bring. */
function missingFault(
  { template, line, variable, path }: Requirement,
  fields: Readonly<Record<string, unknown>>,
): RowFault {
  const [column = ''] = path;
  const near = Object.hasOwn(fields, column) ? null : nearName(Object.keys(fields), column);
  const hint = near === null ? '' : `; did you mean ${JSON.stringify(near)}?`;
  return { field: variable, problem: `missing or empty, and ${template}:${line} uses it without a default${hint}` };
}
