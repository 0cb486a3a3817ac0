/** What all cases ask of the same measurements: a row for each program, and ratios round by round. */
import { cpuPerMail, memory, rate } from './measuring.ts';
import type { Measured } from './programs/work.ts';
import { figure, spread, type Table } from './report.ts';
import { inTurns, ratios, spreadOf } from './statistics.ts';

export class Figures {
  readonly #measured: ReadonlyMap<string, readonly Measured[]>;

  private constructor(measured: ReadonlyMap<string, readonly Measured[]>) {
    this.#measured = measured;
  }

  static async take(subjects: ReadonlyMap<string, () => Promise<Measured>>, rounds: number): Promise<Figures> {
    return new Figures(await inTurns(subjects, rounds));
  }

  values(name: string, pick: (measured: Measured) => number): number[] {
    return (this.#measured.get(name) ?? []).map(pick);
  }

  /** How many times more CPU per mail `peer` takes than `ours`. */
  cpuRatio(peer: string, ours: string): number[] {
    return ratios(this.values(peer, cpuPerMail), this.values(ours, cpuPerMail));
  }

  /** How many times as many mails a second `ours` sends. */
  rateRatio(peer: string, ours: string): number[] {
    return ratios(this.values(ours, rate), this.values(peer, rate));
  }

  /** `ours` in units of `peer`'s. */
  memoryRatio(peer: string, ours: string): number[] {
    return ratios(this.values(ours, memory), this.values(peer, memory));
  }

  table(): Table {
    return {
      columns: ['program', 'mails/s', 'CPU-ms per mail', 'peak memory, MB', 'octets per mail'],
      rows: [...this.#measured.keys()].map((name) => [
        name,
        spread(this.values(name, rate)),
        spread(this.values(name, cpuPerMail)),
        spread(this.values(name, memory)),
        figure(spreadOf(this.values(name, ({ octetsPerMail }) => octetsPerMail)).median),
      ]),
    };
  }
}
