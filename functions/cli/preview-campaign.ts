/** A campaign as the preview page asks for it. Everything is read anew each time: what is shown is what was saved. */
import { parseMailbox } from '#address';
import { type Fields, readAudience } from '#audience';
import { type Choice, type FoundRows, loadPreview, type PreviewedMail, type RowQuery } from '#local';
import {
  type CampaignSource,
  findTemplates,
  givenVariables,
  type LoadedCampaign,
  loadCampaign,
  loadCheck,
  type MailProblem,
  RelayError,
  SAMPLE_FILE,
} from '#mailing';
import { type Requirement, unmet } from '#render';
import { findCampaign, openAudience } from './campaigns.ts';
import { InputError, type Shell } from './command.ts';
import { signingDomains } from './dkim-keys.ts';
import { missingProblem, problemsOfError, withExcerpts } from './preview-problems.ts';
import { maxMessageOctets } from './relays.ts';
import { now, planOne, recipientOf, rowOf, sampleRecipient } from './single-mail.ts';
import { misnamedFiles, relayProblem } from './slips.ts';

export interface PreviewOptions {
  /** Names of those that are shown. */
  readonly campaigns: () => Promise<readonly string[]>;
  /** In place of the campaign's own audience. */
  readonly audienceFile: string | undefined;
  readonly state: string;
  readonly shell: Shell;
}

const ROWS = 100;

/** @throws CampaignError; InputError where there is no such campaign or audience; AudienceError */
export async function previewRows(campaign: string, query: RowQuery, options: PreviewOptions): Promise<FoundRows> {
  const loaded = await loadCampaign(await openSource(campaign, options));
  const audience = await openAudience(loaded, options.audienceFile, options.shell);
  const { searchRows } = await loadPreview();
  const rows = readAudience(audience.open(), { name: audience.name });
  return searchRows(rows, { ...query, limit: ROWS }, (fields) => rowProblem(loaded, fields));
}

/** The page may name a campaign that has gone, and nothing that is none. */
async function openSource(campaign: string, { campaigns, shell }: PreviewOptions): Promise<CampaignSource> {
  const names = await campaigns();
  if (names.includes(campaign)) return findCampaign(campaign, shell);
  throw new InputError(`there is no campaign ${JSON.stringify(campaign)}, there are ${names.join(', ')}`);
}

function rowProblem(loaded: LoadedCampaign, fields: Fields): string | null {
  try {
    parseMailbox(typeof fields.email === 'string' ? fields.email : '');
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
  const missing = missingOf(loaded, fields).map(({ variable }) => `"${variable}"`);
  return missing.length === 0 ? null : `${missing.join(', ')} missing or empty`;
}

function missingOf({ campaign, templates }: LoadedCampaign, fields: Fields): Requirement[] {
  const given = givenVariables(campaign);
  return unmet(templates.required, fields).filter(({ path: [column = ''] }) => !given.includes(column));
}

/** What the reader's own files use is shown there, and not where another language uses it. */
function inOwnLanguage(missing: readonly Requirement[], { templates }: LoadedCampaign, fields: Fields): Requirement[] {
  const own = missing.length === 0 ? [] : templates.requiredFor(fields);
  return missing.map((each) => own.find(({ path }) => path.join('\0') === each.path.join('\0')) ?? each);
}

/** Tells whatever is wrong, and throws nothing. */
export async function previewMail(campaign: string, choice: Choice, options: PreviewOptions): Promise<PreviewedMail> {
  const shown = new Shown(choice, options);
  let source: CampaignSource | null = null;
  try {
    source = await openSource(campaign, options);
    await shown.read(source);
  } catch (error) {
    // Keys that cannot be used were told when the relay was looked at.
    const isTold = error instanceof RelayError && shown.problems.some(({ rule }) => rule === 'relay');
    if (!isTold) shown.problems.push(...(await problemsOfError(error, shown.row)));
  }
  const { octets, fields, row, hasSample, languages } = shown;
  return { octets, fields, row, hasSample, languages, problems: await withExcerpts(shown.problems, source) };
}

/** What is known of one mail so far. */
class Shown {
  octets: Uint8Array | null = null;
  fields: Record<string, unknown> | null = null;
  row: number | null = null;
  hasSample = false;
  languages: readonly string[] = [];
  readonly problems: MailProblem[] = [];
  readonly #choice: Choice;
  readonly #options: PreviewOptions;

  constructor(choice: Choice, options: PreviewOptions) {
    this.#choice = choice;
    this.#options = options;
  }

  async read(source: CampaignSource): Promise<void> {
    this.hasSample = await source.files.has(SAMPLE_FILE);
    this.languages = await languagesOf(source);
    if (this.#choice.json === null && !this.#choice.isSample)
      this.row = this.#choice.row ?? (this.hasSample ? null : 1);
    const loaded = await this.#load(source);
    const fields = await this.#fieldsOf(loaded);
    this.fields = this.#choice.locale === null ? fields : { ...fields, locale: this.#choice.locale };
    const missing = inOwnLanguage(missingOf(loaded, this.fields), loaded, this.fields);
    for (const each of missing) this.problems.push(await missingProblem(each, this.row));
    if (missing.length === 0) await this.#compose(loaded, this.fields);
  }

  /** Files by a wrong name are told in any case: they may be why it cannot be loaded. */
  async #load(source: CampaignSource): Promise<LoadedCampaign> {
    const { RULES } = await loadCheck();
    let loaded: LoadedCampaign | null = null;
    try {
      loaded = await loadCampaign(source);
      return loaded;
    } finally {
      for (const problem of await misnamedFiles(source, loaded))
        this.problems.push({ severity: RULES['file-misnamed'], rule: 'file-misnamed', change: '', ...problem });
    }
  }

  async #fieldsOf(loaded: LoadedCampaign): Promise<Record<string, unknown>> {
    const { json } = this.#choice;
    if (json !== null) return recipientOf(json, 'what you typed');
    if (this.row === null) return sampleRecipient(loaded);
    return rowOf(await openAudience(loaded, this.#options.audienceFile, this.#options.shell), this.row);
  }

  async #compose(loaded: LoadedCampaign, fields: Record<string, unknown>): Promise<void> {
    const { shell, state } = this.#options;
    const { openCheck, problemsOf, problemsOfCampaign, RULES } = await loadCheck();
    const relay = await relayProblem(loaded, shell);
    if (relay !== null) this.problems.push({ severity: RULES.relay, rule: 'relay', change: '', ...relay });
    const { composer, row } = await planOne(loaded, fields, { date: now(), state, shell });
    const letter = await composer.letter(row);
    const { pieces, octets } = (await composer.compose(row)).data;
    this.octets = Buffer.concat(pieces);
    // What is not in order was told of the relay, and says nothing of the mail.
    const maxOctets = relay === null ? await maxMessageOctets(loaded.campaign.relay, shell) : undefined;
    const context = await openCheck(loaded, {
      isBulk: await this.#isBulk(loaded),
      signingDomains: relay === null ? await signingDomains(loaded.campaign.relay, shell) : null,
      ...(maxOctets === undefined ? {} : { maxOctets }),
    });
    const recipient = { file: this.#fileOf(loaded), row: this.row };
    this.problems.push(
      ...problemsOfCampaign(context),
      ...problemsOf({ ...letter, octets, recipient, fields }, context),
    );
  }

  /** Where the recipient is written; nowhere when it was typed. */
  #fileOf({ campaign, source }: LoadedCampaign): string {
    if (this.#choice.json !== null) return '';
    if (this.row === null) return `${source.location}/${SAMPLE_FILE}`;
    return this.#options.audienceFile ?? `${source.location}/${campaign.audience}`;
  }

  /** Of the audience no more is read than tells whether it is many. */
  async #isBulk(loaded: LoadedCampaign): Promise<boolean> {
    const { BULK_RECIPIENTS, isBulk } = await loadCheck();
    const { audienceFile, shell } = this.#options;
    if (audienceFile === undefined && loaded.campaign.audience === undefined) return false;
    const audience = await openAudience(loaded, audienceFile, shell);
    let recipients = 0;
    for await (const _ of readAudience(audience.open(), { name: audience.name }))
      if (++recipients > BULK_RECIPIENTS) break;
    return isBulk(loaded.campaign, recipients);
  }
}

/** Those that files are written for: `body.es.html.hbs`. */
async function languagesOf({ files }: CampaignSource): Promise<string[]> {
  const { templates } = await findTemplates(files);
  return [...new Set([...templates.values()].flatMap(({ marked }) => [...marked.keys()]))].sort();
}
