/** `campaign.json`: what a user writes about a campaign. Its shape is published as templates/campaign.schema.json. */

import { Ajv, type ErrorObject } from 'ajv';
import { findNodeAtLocation, type Node, type ParseError, parseTree, printParseErrorCode } from 'jsonc-parser';
import { AddressError, type NamedMailbox, parseMailbox, parseNamedMailbox } from '#address';
import schema from '../../templates/campaign.schema.json' with { type: 'json' };
import { parseDuration } from './duration.ts';
import type { UncertainPolicy } from './outcome.ts';
import { CampaignError, type Problem } from './problem.ts';

/** A file sent along. `object` and `name` are templates; `object` is a path inside the campaign folder. */
export interface CampaignAttachment {
  readonly object: string;
  /** Default: the last segment of `object`. */
  readonly name?: string;
  /** Media type; default by the file's extension. */
  readonly type?: string;
}

/** A file shown inside the HTML by `cid:`. */
export interface CampaignInline {
  readonly object: string;
  readonly cid: string;
  readonly type?: string;
}

export interface Campaign {
  readonly from: NamedMailbox;
  readonly sender?: NamedMailbox;
  readonly replyTo?: NamedMailbox;
  /** Reverse-path of the envelope; default the address of `from`. */
  readonly returnPath: string;
  readonly headers: readonly (readonly [name: string, value: string])[];
  /** Path of the audience inside the campaign folder, where the campaign names one. */
  readonly audience?: string;
  readonly select: { readonly birthday?: string; readonly where?: Readonly<Record<string, string | number | boolean>> };
  /** The column that holds the recipient's IANA time zone. */
  readonly timezoneColumn: string;
  /** The zone of recipients that have none of their own. */
  readonly timezone: string;
  readonly attachments: readonly CampaignAttachment[];
  readonly inline: readonly CampaignInline[];
  /** Name of a relay in infra/relays.json. */
  readonly relay: string;
  readonly pace: { readonly messagesPerSecond?: number; readonly connections?: number };
  readonly onUncertain: UncertainPolicy;
  readonly expiresAfterMs: number;
}

/** The keys of the published schema, as JSON gives them. */
interface CampaignJson {
  from: string;
  sender?: string;
  replyTo?: string;
  returnPath?: string;
  headers?: Record<string, string>;
  audience?: string;
  select?: { birthday?: string; where?: Record<string, string | number | boolean> };
  schedule?: { timezone?: string; recipientTimezone?: string };
  attachments?: CampaignAttachment[];
  inline?: CampaignInline[];
  list?: { id?: string; unsubscribe?: string };
  relay?: string;
  pace?: { messagesPerSecond?: number; connections?: number };
  canary?: unknown;
  onUncertain?: UncertainPolicy;
  expiresAfter?: string;
  archive?: boolean;
}

const validate = new Ajv({ allErrors: true, allowUnionTypes: true }).compile<CampaignJson>(schema);

/**
 * Reads and checks `campaign.json`.
 * @param file how the file is called in problems
 * @throws CampaignError with every problem found, each with its line
 */
export function parseCampaign(name: string, file: string, text: string): Campaign {
  const syntaxErrors: ParseError[] = [];
  const tree = parseTree(text, syntaxErrors, { allowTrailingComma: false, disallowComments: true });
  const lineAt = (offset: number) => text.slice(0, offset).split('\n').length;
  if (tree === undefined || syntaxErrors.length > 0) {
    const problems = syntaxErrors.map(({ error, offset }) => ({
      file,
      line: lineAt(offset),
      problem: `this is not JSON (${printParseErrorCode(error)})`,
    }));
    throw new CampaignError(
      name,
      problems.length > 0 ? problems : [{ file, problem: 'the file is empty, wanted a JSON object' }],
    );
  }
  const json: unknown = JSON.parse(text);
  const problems: Problem[] = [];
  const report = (path: readonly string[], problem: string) => {
    const node = nodeAt(tree, path);
    problems.push({ file, line: lineAt(node.offset), ...(path.length > 0 ? { field: path.join('.') } : {}), problem });
  };
  if (!validate(json)) {
    for (const error of validate.errors ?? []) reportSchemaError(error, report);
    throw new CampaignError(name, problems);
  }
  const campaign = readCampaign(json, report);
  if (problems.length > 0 || campaign === null) throw new CampaignError(name, problems);
  return campaign;
}

function readCampaign(json: CampaignJson, report: (path: string[], problem: string) => void): Campaign | null {
  if (json.canary !== undefined)
    report(['canary'], 'this version sends without canary; remove the key, or send to a small audience first');
  if (json.archive === true) report(['archive'], 'this version keeps no archive; remove the key');
  const mailbox = (field: 'from' | 'sender' | 'replyTo') => {
    const text = json[field];
    return text === undefined
      ? undefined
      : orReport(
          () => parseNamedMailbox(text),
          (problem) => report([field], problem),
        );
  };
  const from = mailbox('from');
  const sender = mailbox('sender');
  const replyTo = mailbox('replyTo');
  const returnPath = json.returnPath;
  const reversePath =
    returnPath === undefined || returnPath === ''
      ? returnPath
      : orReport(
          () => parseMailbox(returnPath).address,
          (problem) => report(['returnPath'], problem),
        );
  const timezone = json.schedule?.timezone ?? 'UTC';
  if (!isTimeZone(timezone))
    report(['schedule', 'timezone'], `"${timezone}" is no IANA time zone such as "Europe/Madrid"`);
  if (from === undefined) return null;
  return {
    from,
    ...(sender === undefined ? {} : { sender }),
    ...(replyTo === undefined ? {} : { replyTo }),
    returnPath: reversePath ?? from.mailbox.address,
    headers: [...Object.entries(json.headers ?? {}), ...listHeaders(json.list)],
    ...(json.audience === undefined ? {} : { audience: json.audience }),
    select: json.select ?? {},
    timezoneColumn: json.schedule?.recipientTimezone ?? 'timezone',
    timezone,
    attachments: json.attachments ?? [],
    inline: json.inline ?? [],
    relay: json.relay ?? 'default',
    pace: json.pace ?? {},
    onUncertain: json.onUncertain ?? 'hold',
    expiresAfterMs: parseDuration(json.expiresAfter ?? 'PT48H'),
  };
}

/** List-Id (RFC 2919) and List-Unsubscribe (RFC 2369). */
function listHeaders(list: CampaignJson['list']): [string, string][] {
  const headers: [string, string][] = [];
  if (list?.id !== undefined) headers.push(['List-Id', list.id]);
  if (list?.unsubscribe !== undefined) headers.push(['List-Unsubscribe', `<${list.unsubscribe}>`]);
  return headers;
}

function orReport<T>(read: () => T, report: (problem: string) => void): T | undefined {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof AddressError)) throw error;
    report(error.problem);
    return undefined;
  }
}

function isTimeZone(name: string): boolean {
  try {
    new Intl.DateTimeFormat('en', { timeZone: name });
    return true;
  } catch {
    return false;
  }
}

function reportSchemaError(error: ErrorObject, report: (path: string[], problem: string) => void): void {
  const path = error.instancePath
    .split('/')
    .slice(1)
    .map((segment) => segment.replace(/~1/g, '/').replace(/~0/g, '~'));
  if (error.keyword === 'additionalProperties') {
    const key = String(error.params.additionalProperty);
    const known = Object.keys((error.parentSchema?.properties as object | undefined) ?? schema.properties);
    const near = known.find((candidate) => isNear(candidate, key));
    report(
      [...path, key],
      `unknown key${near === undefined ? `; known are ${known.join(', ')}` : `, did you mean "${near}"?`}`,
    );
  } else if (error.keyword === 'required') {
    report(path, `the key "${error.params.missingProperty}" is missing`);
  } else if (error.keyword !== 'if') {
    const wanted = error.keyword === 'enum' ? `: ${error.params.allowedValues.join(', ')}` : '';
    report(path, `${error.message ?? 'is not as the schema wants it'}${wanted}`);
  }
}

/** One letter too many, too few, changed or swapped: the slips of a hand that knew the word. */
function isNear(known: string, written: string): boolean {
  const a = known.toLowerCase();
  const b = written.toLowerCase();
  if (a === b) return true;
  let start = 0;
  while (start < a.length && a[start] === b[start]) start += 1;
  const restA = a.slice(start);
  const restB = b.slice(start);
  return (
    restA.slice(1) === restB ||
    restA === restB.slice(1) ||
    restA.slice(1) === restB.slice(1) ||
    (restA.slice(2) === restB.slice(2) && restA[0] === restB[1] && restA[1] === restB[0])
  );
}

/** The node of a path, or of its nearest parent that is there; for a key, where the key itself stands. */
function nodeAt(tree: Node, path: readonly string[]): Node {
  for (let length = path.length; length > 0; length -= 1) {
    const segments = path.slice(0, length).map((segment) => (/^\d+$/.test(segment) ? Number(segment) : segment));
    const node = findNodeAtLocation(tree, segments);
    if (node !== undefined) return node.parent?.type === 'property' ? node.parent : node;
  }
  return tree;
}
