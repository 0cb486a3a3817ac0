/** What an environment is, and the gate that environments.json passes before anything is made of it. */
import { isIPv4 } from 'node:net';
import { RetentionDays } from 'aws-cdk-lib/aws-logs';
import { formatProblem, jsonFileReader, nearName, type Problem, type WrittenRelay } from '#mailing';
import schema from './environments.schema.json' with { type: 'json' };
import type { EnvironmentsJson } from './environments-json.ts';

/** A relay as an environment sends to it. */
export interface DeployedRelay {
  /** As relays.json calls it. */
  readonly name: string;
  readonly settings: WrittenRelay;
  /** Functions that send at one time. */
  readonly senders: number;
}

/** An environment with all that its file leaves unsaid. */
export interface Environment {
  readonly name: string;
  /** `null`: that of the credentials at hand when it is deployed. */
  readonly account: string | null;
  readonly region: string;
  readonly tags: Readonly<Record<string, string>>;
  /** The name of a managed policy. */
  readonly permissionsBoundary: string | null;
  readonly relays: readonly DeployedRelay[];
  /** Whether the campaigns' schedules start anything. */
  readonly schedules: boolean;
  readonly alarms: Alarming;
  readonly logs: Logging;
  /** `null`: no job is taken from the bucket. */
  readonly jobs: JobLimits | null;
  /** `null`: mail leaves by whatever address AWS gives. */
  readonly network: { readonly cidr: string } | null;
}

export interface Alarming {
  readonly email: string | null;
  /** Percent of the mails of 15 minutes. */
  readonly refusedPercent: number;
  readonly waitingMinutes: number;
}

export interface Logging {
  readonly retention: RetentionDays;
  /** `all`, `failures`, or a share such as `10%`. */
  readonly transcripts: string;
  readonly addresses: 'hashed' | 'clear';
}

export interface JobLimits {
  /** Domains that may stand in From. */
  readonly from: readonly string[];
  readonly recipients: number;
}

/** Settings that cannot be deployed. Every problem that was found is in `problems`. */
export class SettingsError extends Error {
  readonly code = 'ERR_SETTINGS';
  readonly problems: readonly Problem[];
  constructor(problems: readonly Problem[]) {
    super(`Cannot read what to deploy:\n${problems.map((each) => `  ${formatProblem(each)}`).join('\n')}`);
    this.name = 'SettingsError';
    this.problems = problems;
  }
}

type EnvironmentJson = EnvironmentsJson['environments'][string];
type Report = (path: readonly string[], problem: string) => void;

const readJson = jsonFileReader<EnvironmentsJson>(schema);
const MIN_SENDERS = 2;
const RETENTIONS = Object.values(RetentionDays)
  .filter((days): days is RetentionDays => typeof days === 'number' && days <= RetentionDays.TEN_YEARS)
  .toSorted((one, other) => one - other);

/**
 * @param file how the file is called in problems
 * @param relays those of relays.json, by name
 * @throws SettingsError with every problem found, each with its line
 */
export function readEnvironments(
  file: string,
  text: string,
  relays: Readonly<Record<string, WrittenRelay>>,
): readonly Environment[] {
  const { json, problems, report } = readJson(file, text);
  const environments = Object.entries(json?.environments ?? {}).map(([name, written]) =>
    readEnvironment(name, written, relays, (path, problem) => report(['environments', name, ...path], problem)),
  );
  if (problems.length > 0) throw new SettingsError(problems);
  return environments;
}

function readEnvironment(
  name: string,
  json: EnvironmentJson,
  relays: Readonly<Record<string, WrittenRelay>>,
  report: Report,
): Environment {
  const { account = null, region, tags = {}, permissionsBoundary = null, schedules = true, jobs = null } = json;
  const { email = null, refused = '5%', waitingMinutes = 60 } = json.alarms ?? {};
  const { days = RetentionDays.THREE_MONTHS, transcripts = 'all', addresses = 'hashed' } = json.logs ?? {};
  const retention = RETENTIONS.find((each) => each === days);
  if (retention === undefined)
    report(['logs', 'days'], `CloudWatch keeps logs for ${RETENTIONS.join(', ')} days; one of these is wanted`);
  return {
    name,
    account,
    region,
    tags,
    permissionsBoundary,
    relays: deployedRelays(json, relays, report),
    schedules,
    alarms: { email, refusedPercent: Number.parseInt(refused, 10), waitingMinutes },
    logs: { retention: retention ?? RetentionDays.THREE_MONTHS, transcripts, addresses },
    jobs,
    network: readNetwork(json, report),
  };
}

function deployedRelays(
  { relays: chosen }: EnvironmentJson,
  relays: Readonly<Record<string, WrittenRelay>>,
  report: Report,
): DeployedRelay[] {
  const known = Object.keys(relays);
  const deployed: DeployedRelay[] = [];
  for (const name of Object.keys(chosen ?? relays)) {
    const settings = Object.hasOwn(relays, name) ? relays[name] : undefined;
    if (settings !== undefined) deployed.push({ name, settings, senders: chosen?.[name]?.senders ?? MIN_SENDERS });
    else report(['relays', name], `relays.json has no relay of that name; ${suggested(known, name)}`);
  }
  return deployed;
}

function suggested(known: readonly string[], name: string): string {
  const near = nearName(known, name);
  if (near !== null) return `did you mean "${near}"?`;
  return known.length === 0 ? 'it has none yet, one is wanted there first' : `it has ${known.join(', ')}`;
}

/** RFC 1918 §3. */
const PRIVATE = /^(?:10\.|192\.168\.|172\.(?:1[6-9]|2\d|3[01])\.)/;

function readNetwork({ network }: EnvironmentJson, report: Report): { readonly cidr: string } | null {
  if (network === undefined) return null;
  const [address = ''] = network.cidr.split('/');
  if (!isIPv4(address) || !PRIVATE.test(address))
    report(['network', 'cidr'], 'this is no private range, one within 10/8, 172.16/12 or 192.168/16 is wanted');
  return network;
}
