/** Who is sent to when, where a campaign goes by its recipients' own clocks: a line a zone. */
import { isoTime, type LoadedCampaign, type PlannedRow, type RecipientTimes, recipientTimesOf } from '#mailing';
import { grouped } from './progress.ts';

export interface ZoneTime {
  /** As the audience names it; those without one are with the schedule's. */
  readonly zone: string;
  /** What the wall there shows at that moment. */
  readonly local: string;
  /** The moment in UTC. */
  readonly at: string;
  readonly recipients: number;
  /** The moment has gone by, and the campaign says that it is not made good: nothing is sent. */
  readonly missed: boolean;
}

/** Counts recipients by their zones. */
export class ZoneTally {
  readonly times: RecipientTimes | null;
  readonly #counts = new Map<string | null, number>();
  readonly #own: string;

  constructor({ campaign }: LoadedCampaign, slot: number | null, now: number) {
    this.times = recipientTimesOf(campaign.schedule, { slot, createdAt: now });
    this.#own = campaign.timezone;
  }

  add({ state, zone: named }: PlannedRow): void {
    if (state !== 'pending' || this.times === null) return;
    const zone = named ?? null;
    this.#counts.set(zone, (this.#counts.get(zone) ?? 0) + 1);
  }

  /** How many are not sent to any more. */
  get missed(): number {
    return this.zones().reduce((sum, { missed, recipients }) => sum + (missed ? recipients : 0), 0);
  }

  /** The earliest first. */
  zones(): ZoneTime[] {
    const { times } = this;
    if (times === null) return [];
    const counts = [...this.#counts].map(([zone, recipients]) => ({ zone, recipients, time: times.timeOf(zone) }));
    const zones = counts.map(({ zone, recipients, time: { moment, date, missed } }) => {
      const at = missed === null ? date : moment;
      const local = new Date(times.wallIn(zone, at)).toISOString().slice(0, 16);
      return { at, line: { zone: zone ?? this.#own, local, at: isoTime(at), recipients, missed: missed !== null } };
    });
    zones.sort((one, other) => one.at - other.at || (one.line.zone < other.line.zone ? -1 : 1));
    return merged(zones.map(({ line }) => line));
  }
}

/** Rows that name the schedule's zone, and rows that name none, are sent to at the same moment. */
function merged(lines: readonly ZoneTime[]): ZoneTime[] {
  const byZone = new Map<string, ZoneTime>();
  for (const line of lines) {
    const known = byZone.get(line.zone);
    byZone.set(line.zone, { ...line, recipients: line.recipients + (known?.recipients ?? 0) });
  }
  return [...byZone.values()];
}

/** As columns: local time, zone, moment, recipients. */
export function zoneLines(zones: readonly ZoneTime[]): string[] {
  const width = zones.reduce((most, { zone }) => Math.max(most, zone.length), 0);
  const digits = zones.reduce((most, { recipients }) => Math.max(most, grouped(recipients).length), 0);
  return zones.map(({ zone, local, at, recipients, missed }) => {
    const words = missed ? '  missed: nothing is sent' : '';
    return `${local.replace('T', ' ')}  ${zone.padEnd(width)}  ${at}  ${grouped(recipients).padStart(digits)}${words}`;
  });
}
