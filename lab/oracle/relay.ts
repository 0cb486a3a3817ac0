/** One relay of the oracle's: its temper, and the file of what it accepted. A folder each. */
import { closeSync, fsyncSync, openSync, readFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Chance } from '../random.ts';
import { type Fault, Faults } from './faults.ts';
import { type OracleRecord, RECORDS_FILE, type RelaySettings, SETTINGS_FILE } from './records.ts';

export class Relay {
  readonly settings: RelaySettings;
  readonly #file: number;
  readonly #faults: Faults;
  readonly #chance: Chance;

  constructor(folder: string) {
    this.settings = JSON.parse(readFileSync(join(folder, SETTINGS_FILE), 'utf8')) as RelaySettings;
    this.#file = openSync(join(folder, RECORDS_FILE), 'a');
    this.#faults = new Faults(this.settings.seed);
    this.#chance = new Chance(this.settings.seed, 'delays');
  }

  faultOf(recipient: string): Fault {
    return this.settings.faults ? this.#faults.of(recipient) : 'none';
  }

  met(recipient: string, fault: Fault): void {
    this.#faults.met(recipient, fault);
  }

  /** Half of what a reply takes. */
  async think(): Promise<void> {
    const { delayMs } = this.settings;
    if (delayMs > 0) await sleep((this.#chance.fraction() * delayMs) / 2);
  }

  /** Durable when it returns; only then it may be answered. */
  accept(record: Extract<OracleRecord, { kind: 'accepted' }>): void {
    this.note(record);
    fsyncSync(this.#file);
  }

  close(): void {
    closeSync(this.#file);
  }

  note(record: OracleRecord): void {
    writeSync(this.#file, `${JSON.stringify(record)}\n`);
  }
}
