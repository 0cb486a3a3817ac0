/** What all stories together have shown. */
import { POINTS, type PointName } from './points.ts';
import { CELLS, cellName } from './story.ts';
import type { Told } from './teller.ts';
import { Window } from './window.ts';

export class Tally {
  stories = 0;
  starts = 0;
  kills = 0;
  /** At instants that nobody chose. */
  atInstants = 0;
  recipients = 0;
  acceptances = 0;
  /** Recipients who were accepted more than once, each with a doubt before; only under `resend`, or a person's retry. */
  repeated = 0;
  /** Attempts that ended with nobody knowing. */
  doubts = 0;
  /** As many doubts as there could be at the most. */
  mostDoubts = 0;
  cutConnections = 0;
  quarantined = 0;
  readonly byPoint = new Map<PointName, number>();
  readonly windows = new Map<string, Window>(CELLS.map((cell) => [cellName(cell), new Window()]));

  add(told: Told): void {
    const { story, lives, oracle, rows } = told;
    this.stories += 1;
    this.starts += lives.length;
    for (const { isKilled, death } of lives) {
      if (!isKilled || death === null) continue;
      this.kills += 1;
      if (death.kind === 'instant') this.atInstants += 1;
      else this.byPoint.set(death.point, (this.byPoint.get(death.point) ?? 0) + 1);
    }
    this.recipients += rows.length;
    const times = new Map<string, number>();
    for (const record of oracle) {
      if (record.kind === 'cut') this.cutConnections += 1;
      if (record.kind === 'accepted') times.set(record.recipient, (times.get(record.recipient) ?? 0) + 1);
    }
    for (const count of times.values()) {
      this.acceptances += count;
      if (count > 1) this.repeated += 1;
    }
    this.doubts += rows.reduce((sum, { uncertainAttempts }) => sum + uncertainAttempts, 0);
    this.mostDoubts += told.mostDoubts;
    this.quarantined += rows.filter(({ state }) => state === 'quarantined').length;
    this.windows.get(cellName(story))?.add(told);
  }

  /** Points at which nobody has died. */
  get untouched(): readonly PointName[] {
    return POINTS.map(({ name }) => name).filter((name) => !this.byPoint.has(name));
  }
}
