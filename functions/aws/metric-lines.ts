/**
 * What alarms look at, as lines of the log that CloudWatch makes metrics of (embedded metric format):
 *
 *     by relay   Accepted, Refused, Deferred, Uncertain, Answered, RelayTripped      counts since the last line
 *     by run     UncertainStanding                                                   who is uncertain now
 *
 * The share of refusals is 100 × Refused ÷ Answered over the alarm's own period, by metric math: an average of shares would weigh a
 * sender of three mails like one of three thousand. `Uncertain` counts what a sender saw; one that died saw nothing, and the
 * ledger finds out later: `UncertainStanding` has both. CloudWatch may take a line twice, so that counts are for alarms, and the truth
 * is in the ledger. Who sends nothing writes nothing.
 */
import {
  type Clock,
  type NameOf,
  type RelayFault,
  type RunRecord,
  type SendOptions,
  type Totals,
  withoutAddresses,
} from '#mailing';
import type { LogLines } from './log-lines.ts';

export interface MetricsOptions {
  readonly log: LogLines;
  readonly clock: Pick<Clock, 'now'>;
  /** By its name in infra/environments.ts. */
  readonly environment: string;
  /** By its name in relays.json. */
  readonly relay: string;
  /** How people are called in what a relay said; `null`: by their addresses. */
  readonly nameOf: NameOf | null;
}

/** A name that CloudWatch takes in no dimension. */
export class MetricsError extends Error {
  readonly code = 'ERR_METRICS';
  constructor(dimension: string, value: string) {
    const wanted = 'wanted are 1 to 1,024 characters of ASCII, no control characters, and no ":" or space first';
    super(`Cannot count by ${dimension}: found ${JSON.stringify(value)}, ${wanted}`);
    this.name = 'MetricsError';
  }
}

export const METRIC_NAMESPACE = 'Cartero';

/** Per relay. `Answered`: accepted and refused together. */
export const RELAY_METRICS = ['Accepted', 'Refused', 'Deferred', 'Uncertain', 'Answered', 'RelayTripped'] as const;

type Count = (typeof RELAY_METRICS)[number];

const COUNTED: Readonly<Record<string, readonly Count[]>> = {
  accepted: ['Accepted', 'Answered'],
  refused: ['Refused', 'Answered'],
  deferred: ['Deferred'],
  uncertain: ['Uncertain'],
};

/** @throws MetricsError */
export function openMetrics(options: MetricsOptions): Metrics {
  return new Metrics(options);
}

export class Metrics {
  readonly #options: MetricsOptions;
  #counts = noCounts();

  constructor(options: MetricsOptions) {
    check('Environment', options.environment);
    check('Relay', options.relay);
    this.#options = options;
  }

  /** The same options, whose outcomes are counted. */
  watching<T extends Pick<SendOptions, 'onMail'>>(options: T): T {
    return {
      ...options,
      onMail: (settlement, mail) => {
        for (const count of COUNTED[settlement.state] ?? []) this.#counts[count] += 1;
        options.onMail?.(settlement, mail);
      },
    };
  }

  /** The relay cannot be used, and the run stops: told at once. */
  tripped({ cause }: RelayFault): void {
    this.#counts.RelayTripped += 1;
    const { code, step, message } = cause;
    this.#writeCounts({ event: 'relay tripped', code, step, problem: this.#cleaned(message) });
  }

  /** What the ledger says of a run. */
  standing({ id, campaign }: Pick<RunRecord, 'id' | 'campaign'>, { uncertain }: Pick<Totals, 'uncertain'>): void {
    this.#write([['Environment']], { UncertainStanding: uncertain }, { event: 'run standing', run: id, campaign });
  }

  /** Writes what was counted since the last time, where there is anything. The log's own flush comes after it. */
  flush(): void {
    if (RELAY_METRICS.some((name) => this.#counts[name] > 0)) this.#writeCounts({ event: 'mails counted' });
  }

  #writeCounts(facts: Readonly<Record<string, unknown>>): void {
    const counts = this.#counts;
    this.#counts = noCounts();
    // Zeros as well: an alarm that has no data does not know that all is well.
    this.#write([['Environment', 'Relay']], counts, facts);
  }

  /** At most 100 metrics a line, and 30 dimensions of one: there are six, and two. */
  #write(
    Dimensions: readonly (readonly string[])[],
    values: Readonly<Record<string, number>>,
    facts: Readonly<Record<string, unknown>>,
  ): void {
    const { log, clock, environment, relay } = this.#options;
    const Timestamp = clock.now();
    const Metrics = Object.keys(values).map((Name) => ({ Name, Unit: 'Count' }));
    log.write({
      at: new Date(Timestamp).toISOString(),
      ...facts,
      Environment: environment,
      Relay: relay,
      ...values,
      _aws: { Timestamp, CloudWatchMetrics: [{ Namespace: METRIC_NAMESPACE, Dimensions, Metrics }] },
    });
  }

  #cleaned(text: string): string {
    return this.#options.nameOf === null ? text : withoutAddresses(text, this.#options.nameOf);
  }
}

function noCounts(): Record<Count, number> {
  return { Accepted: 0, Refused: 0, Deferred: 0, Uncertain: 0, Answered: 0, RelayTripped: 0 };
}

function check(dimension: string, value: string): void {
  if (!/^(?!:)[!-~][ -~]{0,1023}$/.test(value)) throw new MetricsError(dimension, value);
}
