/** What a door is told by environment variables: only what its entry in `doors.ts` lists. */
import { VARIABLES, type Variable } from '../functions/aws/deployment.ts';
import type { Door } from './doors.ts';
import type { DeployedRelay, Environment } from './environment.ts';

export interface Told {
  readonly environment: Environment;
  readonly bucket: string;
  readonly table: string;
  readonly planQueue: string;
  /** The relay's name to the address of its queue. */
  readonly batchQueues: ReadonlyMap<string, string>;
  readonly logKeys: string;
  readonly linkKeys: string;
  /** A sender's own; `null` for the others. */
  readonly relay: DeployedRelay | null;
  readonly relaySecret: string | null;
}

/** Lambda takes 4,096 octets of variables in all; the others are short. */
const MAX_RELAYS_OCTETS = 3072;

export function variablesOf({ variables }: Door, facts: Told): Record<string, string> {
  const values: Readonly<Record<Variable, string | null>> = {
    environment: facts.environment.name,
    bucket: facts.bucket,
    table: facts.table,
    planQueue: facts.planQueue,
    batchQueues: JSON.stringify(Object.fromEntries(facts.batchQueues)),
    relays: relaysText(facts.relay === null ? facts.environment.relays : [facts.relay]),
    relay: facts.relay?.name ?? null,
    relaySecret: facts.relaySecret,
    logKeys: facts.logKeys,
    linkKeys: facts.linkKeys,
    transcripts: facts.environment.logs.transcripts,
    logAddresses: facts.environment.logs.addresses,
    jobs: facts.environment.jobs === null ? null : JSON.stringify(facts.environment.jobs),
  };
  const told: Record<string, string> = {};
  for (const variable of variables) {
    const value = values[variable];
    if (value !== null) told[VARIABLES[variable]] = value;
  }
  return told;
}

/** In the form of relays.json, so that it is read by the same reader. */
function relaysText(relays: readonly DeployedRelay[]): string {
  const text = JSON.stringify({ relays: Object.fromEntries(relays.map(({ name, settings }) => [name, settings])) });
  if (Buffer.byteLength(text) > MAX_RELAYS_OCTETS)
    throw new Error(
      `Cannot tell a function of its relays: their settings have ${Buffer.byteLength(text)} octets, at most ${MAX_RELAYS_OCTETS} are wanted; name fewer relays in the environment`,
    );
  return text;
}
