/** One row of a campaign as one mail: what `compose` and the test form of `send` share. */
import { readAudience } from '#audience';
import { readLinkKeys, systemClock } from '#local';
import {
  type AudienceFile,
  describePlan,
  formatProblem,
  type LoadedCampaign,
  type Mail,
  MailComposer,
  type MailRow,
  type PlannedRow,
  Planner,
  pinInPlace,
  SAMPLE_FILE,
  withoutSelection,
} from '#mailing';
import { InputError, type Shell } from './command.ts';
import { openSigner } from './dkim-keys.ts';

export interface SingleMailOptions {
  /** Epoch ms of the Date field. */
  readonly date: number;
  /** In place of the row's own address. */
  readonly to?: string;
  /** The state whose key signs the links of list mail; where it has none, they open nothing. */
  readonly state: string;
  /** Where `infra/relays.json` and the keys of the campaign's relay are looked for. */
  readonly shell: Shell;
}

/** The N-th row of an audience, from 1. @throws InputError where it has fewer, or the row is not in order */
export async function rowOf(audience: AudienceFile, wanted: number): Promise<Record<string, unknown>> {
  let last = 0;
  for await (const row of readAudience(audience.open(), { name: audience.name })) {
    last = row.row;
    if (row.row !== wanted) continue;
    if ('problem' in row)
      throw new InputError(
        formatProblem({ file: audience.name, row: row.row, field: row.field, problem: row.problem }),
      );
    return { ...row.fields };
  }
  throw new InputError(`${audience.name} has ${last} ${last === 1 ? 'row' : 'rows'}, so there is no row ${wanted}`);
}

/** The recipient of the campaign's sample.json. @throws InputError that says so where there is none in order */
export async function sampleRecipient(loaded: LoadedCampaign): Promise<Record<string, unknown>> {
  const { files, location } = loaded.source;
  if (!(await files.has(SAMPLE_FILE)))
    throw new InputError(`there is no ${location}/${SAMPLE_FILE}; give a row, or write one recipient into it as JSON`);
  try {
    return await sampleOf(loaded);
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    throw new InputError(`${location}/${SAMPLE_FILE}: ${error.message}`, { cause: error });
  }
}

/** What an existing sample.json holds. @throws InputError that tells the problem, not the file */
export async function sampleOf({ source }: LoadedCampaign): Promise<Record<string, unknown>> {
  return recipientOf(Buffer.from(await source.files.read(SAMPLE_FILE)).toString(), 'it');
}

/** One recipient as JSON. @throws InputError */
export function recipientOf(text: string, where: string): Record<string, unknown> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new InputError(`${where} is not JSON, wanted an object such as {"email":"ana@example.com","name":"Ana"}`);
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new InputError(`${where} is no JSON object, wanted one such as {"email":"ana@example.com"}`);
  return value as Record<string, unknown>;
}

/**
 * Composes one recipient's mail as a run of this one recipient would.
 * @throws InputError where the recipient is not in order; MailError
 */
export async function composeOne(
  loaded: LoadedCampaign,
  fields: Record<string, unknown>,
  options: SingleMailOptions,
): Promise<Mail> {
  const { composer, row } = await planOne(loaded, fields, options);
  return composer.compose(row);
}

/** The same, up to the composing. @throws InputError where the recipient is not in order */
export async function planOne(
  loaded: LoadedCampaign,
  fields: Record<string, unknown>,
  options: SingleMailOptions,
): Promise<{ readonly composer: MailComposer; readonly row: MailRow }> {
  const recipient = options.to === undefined ? fields : { ...fields, email: options.to };
  const line = Buffer.from(`${JSON.stringify(recipient)}\n`);
  const audience: AudienceFile = {
    name: 'recipient.jsonl',
    async *open() {
      yield line;
    },
  };
  // Whoever is named here is meant, birthday or not.
  const everyone = withoutSelection(loaded);
  const { run, contentHash } = await describePlan(everyone, audience, { slot: null, now: options.date });
  const { pinFile, readFile } = pinInPlace(loaded.source.files);
  const planner = new Planner(everyone, audience, contentHash, { run, at: options.date, pinFile });
  let planned: PlannedRow | undefined;
  for await (const row of planner.deliveries()) planned = row;
  const [problem] = planner.problems;
  if (planned?.fields === undefined) {
    throw new InputError(
      `this recipient is not in order: ${problem === undefined ? 'there is none' : formatProblem({ file: 'recipient', field: problem.field ?? null, problem: problem.problem })}`,
    );
  }
  const linkKeys = readLinkKeys(options.state);
  const { relay, from } = loaded.campaign;
  const signer = await openSigner({ relay, fromDomain: from.mailbox.domain }, options.shell);
  const composer = await MailComposer.open(loaded, { date: options.date, readFile, linkKeys, signer });
  return { composer, row: { ...planned, fields: planned.fields } };
}

export function now(): number {
  return systemClock().now();
}
