/** A campaign folder as the stacks see it: when it starts, and what about it a person wants to see changed. */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type CampaignJson, parseCampaign, type Schedule } from '#mailing';
import type { ScheduledStart } from '../functions/aws/deployment.ts';
import { SettingsError } from './environment.ts';
import { hourWords, startWords } from './start-words.ts';

export interface DeployedCampaign {
  /** The folder's name. */
  readonly name: string;
  /** Its campaign.json, as problems call it. */
  readonly file: string;
  readonly relay: string;
  /** `null` where it is started by hand alone. */
  readonly start: Start | null;
  /** Time, audience and pace in a sentence each: what `cdk diff` shows. */
  readonly words: string;
}

/** When EventBridge Scheduler asks for a plan. */
export interface Start {
  readonly expression: string;
  readonly timezone: string;
  readonly means: ScheduledStart['means'];
  /** Of a single start: its slot, epoch ms; `null` where it comes again. */
  readonly once: number | null;
}

/** EventBridge Scheduler's limits of a schedule's name, and of its description. */
const SCHEDULE_NAME = /^[0-9A-Za-z_.-]{1,64}$/;
const MAX_WORDS = 512;
/** UTC+14 all year round: where each date begins first. */
const FIRST_ZONE = 'Pacific/Kiritimati';

/**
 * @param project the folder with `templates/`
 * @throws CampaignError where campaign.json is not in order; SettingsError where no schedule can be called so
 */
export function readCampaign(project: string, name: string): DeployedCampaign {
  const file = `templates/${name}/campaign.json`;
  const text = readFileSync(join(project, file), 'utf8');
  const { schedule, relay } = parseCampaign(name, file, text);
  const json: CampaignJson = JSON.parse(text);
  if (schedule?.starts && !SCHEDULE_NAME.test(name)) {
    const problem =
      'the schedule is called as its folder, and a schedule has up to 64 letters, digits, "-", "_" and "."';
    throw new SettingsError([{ file, field: 'schedule', problem }]);
  }
  const words = [
    startWords(json.schedule ?? {}),
    audienceWords(join(project, 'templates', name), json),
    paceWords(json),
    ...windowWords(json),
  ].join(' ');
  return {
    name,
    file,
    relay,
    start: startOf(schedule, json),
    words: words.length > MAX_WORDS ? `${words.slice(0, MAX_WORDS - 1)}…` : words,
  };
}

/** Where recipients' own clocks count, a date's runs are planned before it begins anywhere. */
function startOf(schedule: Schedule | null, { schedule: json = {} }: CampaignJson): Start | null {
  if (schedule === null || schedule.starts === null) return null;
  const isByDate = schedule.recipientTimezone !== null;
  const once = 'at' in schedule.starts ? schedule.starts.at : null;
  return {
    expression:
      json.cron === undefined ? `at(${onceAt(json.at ?? '', isByDate)})` : `cron(${cronAt(json.cron, isByDate)})`,
    timezone: isByDate ? FIRST_ZONE : schedule.zone.name,
    means: isByDate ? 'date' : 'moment',
    once,
  };
}

function cronAt(cron: string, isByDate: boolean): string {
  return isByDate ? ['0', '0', ...cron.split(' ').slice(2)].join(' ') : cron;
}

/** @param at as campaign.json has it, with or without seconds */
function onceAt(at: string, isByDate: boolean): string {
  if (isByDate) return `${at.slice(0, 10)}T00:00:00`;
  return at.length === 16 ? `${at}:00` : at;
}

function audienceWords(folder: string, { audience, select = {} }: CampaignJson): string {
  const selection = Object.keys(select).length === 0 ? '' : `, of whom ${JSON.stringify(select)}`;
  return `Audience ${audience === undefined ? 'given by hand' : `${audience} (${contentWords(folder, audience)})`}${selection}.`;
}

function contentWords(folder: string, audience: string): string {
  try {
    const octets = readFileSync(join(folder, audience));
    const hash = createHash('sha256').update(octets).digest('hex').slice(0, 8);
    return `${octets.length.toLocaleString('en')} octets, ${hash}`;
  } catch (error) {
    if (Object(error).code !== 'ENOENT') throw error;
    return 'in the bucket';
  }
}

function paceWords({ pace = {}, relay = 'default', expiresAfter = 'PT48H' }: CampaignJson): string {
  const { messagesPerSecond, connections } = pace;
  const rate = messagesPerSecond === undefined ? "At the relay's pace" : `${messagesPerSecond} mails a second`;
  const over = connections === undefined ? '' : ` over ${connections} connections`;
  return `${rate}${over} by the relay ${relay}, given up after ${expiresAfter}.`;
}

function windowWords({ schedule: { window, missed } = {} }: CampaignJson): string[] {
  return [
    ...(window === undefined ? [] : [`Mail goes ${hourWords(window)} only.`]),
    ...(missed === undefined ? [] : [`A start that was missed: ${missed}.`]),
  ];
}
