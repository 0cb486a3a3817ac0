/** `campaign.json`: what a user writes about a campaign. Its shape is published as templates/campaign.schema.json. */

import { AddressError, type Mailbox, type NamedMailbox, parseMailbox, parseNamedMailbox } from '#address';
import { rangeProblem, type Selection } from '#audience';
import { HeaderError, type MailingList, parseListId } from '#mime';
import schema from '../../templates/campaign.schema.json' with { type: 'json' };
import type { CampaignJson } from './campaign-json.ts';
import { type Canary, readCanary } from './canary.ts';
import { sha256 } from './digest.ts';
import { parseDuration } from './duration.ts';
import { jsonFileReader } from './json-file.ts';
import type { UncertainPolicy } from './outcome.ts';
import { CampaignError, type Problem } from './problem.ts';
import { readSchedule, type Schedule } from './schedule/schedule.ts';

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
  /** The mailing list that it goes to, `null` where it goes to none. */
  readonly list: MailingList | null;
  /** The page to which each mail links with a token of its recipient; `null` where there is none. */
  readonly oneClick: string | null;
  /** Path of the audience inside the campaign folder, where the campaign names one. */
  readonly audience?: string;
  readonly select: Selection;
  /** The column that holds the recipient's IANA time zone. */
  readonly timezoneColumn: string;
  /** The zone of recipients that have none of their own. */
  readonly timezone: string;
  /** When runs start and mails may go; `null` where the campaign says nothing of it. */
  readonly schedule: Schedule | null;
  readonly attachments: readonly CampaignAttachment[];
  readonly inline: readonly CampaignInline[];
  /** Name of a relay in infra/relays.json. */
  readonly relay: string;
  readonly pace: { readonly messagesPerSecond?: number; readonly connections?: number };
  /** The trial that a run begins with, `null` where there is none. */
  readonly canary: Canary | null;
  /** As written, such as `50%`: by how much the audience may grow from run to run before a person is asked. */
  readonly growth: string;
  readonly onUncertain: UncertainPolicy;
  readonly expiresAfterMs: number;
  /** Whether the octets of each mail are kept as they were sent. */
  readonly archive: boolean;
}

type CampaignListJson = NonNullable<CampaignJson['list']>;

const readJson = jsonFileReader<CampaignJson>(schema);

/**
 * Reads and checks `campaign.json`.
 * @param file how the file is called in problems
 * @throws CampaignError with every problem found, each with its line
 */
export function parseCampaign(name: string, file: string, text: string): Campaign {
  const { json, problems, report } = readJson(file, text);
  const campaign = json === null ? null : readCampaign(name, json, report);
  if (problems.length > 0 || campaign === null) throw new CampaignError(name, inOrder(problems));
  return campaign;
}

/** As a reader meets them. */
function inOrder(problems: readonly Problem[]): Problem[] {
  return problems.toSorted((one, other) => (one.line ?? 0) - (other.line ?? 0));
}

function readCampaign(
  name: string,
  json: CampaignJson,
  report: (path: string[], problem: string) => void,
): Campaign | null {
  const read = <T extends Mailbox | NamedMailbox>(field: AddressField, parse: (text: string) => T) =>
    readAddress(json[field], parse, (problem) => report([field], problem));
  const from = read('from', parseNamedMailbox);
  const sender = read('sender', parseNamedMailbox);
  const replyTo = read('replyTo', parseNamedMailbox);
  const returnPath = json.returnPath === '' ? '' : read('returnPath', parseMailbox)?.address;
  const schedule =
    json.schedule === undefined
      ? null
      : readSchedule(json.schedule, (key, problem) => report(['schedule', key], problem));
  for (const [column, wanted] of Object.entries(json.select?.where ?? {})) {
    const problem = typeof wanted === 'object' ? rangeProblem(wanted) : null;
    if (problem !== null) report(['select', 'where', column], problem);
  }
  const list = json.list === undefined ? null : readList(json.list, (problem) => report(['list', 'id'], problem));
  if (from === undefined || list === undefined) return null;
  return {
    from,
    ...(sender === undefined ? {} : { sender }),
    ...(replyTo === undefined ? {} : { replyTo }),
    returnPath: returnPath ?? from.mailbox.address,
    headers: withDefaults(Object.entries(json.headers ?? {}), [
      // RFC 3834 §5: no person writes these mails one by one, and no machine should answer them.
      ['Auto-Submitted', 'auto-generated'],
      ...(list === null ? [] : [feedbackId(name, list, from, json.list?.feedbackId)]),
    ]),
    list,
    oneClick: isOneClick(json.list) ? json.list.unsubscribe : null,
    ...(json.audience === undefined ? {} : { audience: json.audience }),
    select: json.select ?? {},
    timezoneColumn: json.schedule?.recipientTimezone ?? 'timezone',
    timezone: json.schedule?.timezone ?? 'UTC',
    schedule,
    attachments: json.attachments ?? [],
    inline: json.inline ?? [],
    relay: json.relay ?? 'default',
    pace: json.pace ?? {},
    canary: json.canary === undefined ? null : readCanary(json.canary),
    growth: json.growth ?? '50%',
    onUncertain: json.onUncertain ?? 'hold',
    expiresAfterMs: parseDuration(json.expiresAfter ?? 'PT48H'),
    archive: json.archive ?? false,
  };
}

/** @returns `undefined` where its id is none, which is then reported */
function readList(json: CampaignListJson, report: (problem: string) => void): MailingList | undefined {
  const { id, help, unsubscribe } = json;
  try {
    return {
      ...parseListId(id),
      ...(help === undefined ? {} : { help }),
      ...(unsubscribe === undefined || isOneClick(json) ? {} : { unsubscribe }),
    };
  } catch (error) {
    if (!(error instanceof HeaderError)) throw error;
    report(error.problem);
    return undefined;
  }
}

function isOneClick(list: CampaignListJson | undefined): list is CampaignListJson & { unsubscribe: string } {
  return list?.unsubscribe !== undefined && list.oneClick !== false;
}

type Field = readonly [name: string, value: string];

/** A campaign's own field wins over what it would have had anyway. */
function withDefaults(fields: readonly Field[], defaults: readonly Field[]): Field[] {
  const own = new Set(fields.map(([name]) => name.toLowerCase()));
  return [...fields, ...defaults.filter(([name]) => !own.has(name.toLowerCase()))];
}

/** What Gmail counts complaints by: up to three identifiers, and last the sender's, of 5 to 15 characters. */
function feedbackId(campaign: string, { id }: MailingList, { mailbox }: NamedMailbox, given?: string): Field {
  const sender = /^.{5,15}$/.test(mailbox.domain) ? mailbox.domain : sha256(mailbox.domain).slice(0, 12);
  const derived = [campaign, id, 'list', sender].map((part) => part.replaceAll(/[^A-Za-z0-9._-]/g, '-')).join(':');
  return ['Feedback-ID', given ?? derived];
}

type AddressField = 'from' | 'sender' | 'replyTo' | 'returnPath';

/** What no mail of the campaign could carry is the campaign's problem, and not that of each recipient. */
function readAddress<T extends Mailbox | NamedMailbox>(
  text: string | undefined,
  parse: (text: string) => T,
  report: (problem: string) => void,
): T | undefined {
  if (text === undefined) return undefined;
  try {
    const address = parse(text);
    const { isAscii } = 'mailbox' in address ? address.mailbox : address;
    if (!isAscii)
      report(
        'has letters beyond ASCII before the "@", which only some relays and readers would take; one in ASCII is wanted',
      );
    return address;
  } catch (error) {
    if (!(error instanceof AddressError)) throw error;
    report(error.problem);
    return undefined;
  }
}
