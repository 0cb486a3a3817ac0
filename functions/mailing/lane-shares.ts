/**
 * Who may do how much with one relay: what all runs and processes of a state together may, dealt out fairly.
 *
 * Connections are dealt one by one, to each run in turn and within a run to each process in turn, until nobody wants more
 * or the relay's are all dealt. The pace is poured by the connections that were dealt. Between what somebody holds and
 * their share there may be a step: it is taken down by whoever holds too much, and up only by what is free. So the sum
 * never is above the cap, whoever dies and whenever.
 */
import type { LaneHolder } from './lane-book.ts';

export interface LaneShare {
  readonly lanes: number;
  /** Mails per second; `null`: nobody has set a limit. */
  readonly pace: number | null;
}

/** Below this part of its share a pace is not worth taking: the first mail's moment would be far away. */
const WORTH_TAKING = 0.5;

/** The share of one holder, who is among `holders`. Earlier ones are dealt to first. */
export function shareOf(owner: string, holders: readonly LaneHolder[]): LaneShare {
  const runs = Map.groupBy(holders, ({ run }) => run);
  const groups = [...runs.values()];
  const dealt = deal(capOf(holders), groups.map(wishOf));
  const paces = pour(
    least(holders.map(({ limits }) => limits.relayMessagesPerSecond)),
    groups.map((members, index) => ({ weight: dealt[index] ?? 0, most: paceLimitOf(members) })),
  );
  for (const [index, members] of groups.entries()) {
    const place = members.findIndex((member) => member.owner === owner);
    if (place < 0) continue;
    const ofRun = dealt[index] ?? 0;
    const wishes = members.map(({ wanted }) => wanted);
    const lanes = deal(ofRun, wishes)[place] ?? 0;
    const pace = paces[index] ?? null;
    return { lanes, pace: pace === null ? null : ofRun === 0 ? 0 : (pace * lanes) / ofRun };
  }
  return { lanes: 0, pace: 0 };
}

/**
 * What a holder may write as its own next: less at once, more as far as it is free.
 * @param open its connections that are open, being opened or being closed
 */
export function stepTo(share: LaneShare, own: LaneHolder, holders: readonly LaneHolder[], open: number): LaneHolder {
  const others = holders.filter(({ owner }) => owner !== own.owner);
  const ofRun = others.filter(({ run }) => run === own.run);
  const free = Math.min(
    capOf([own, ...others]) - sumOf(others, ({ lanes }) => lanes),
    connectionLimitOf([own, ...ofRun]) - sumOf(ofRun, ({ lanes }) => lanes),
  );
  const lanes =
    share.lanes <= own.lanes ? Math.max(share.lanes, open) : Math.max(own.lanes, Math.min(share.lanes, free));
  return { ...own, lanes, pace: share.pace === null ? null : paceStep(share.pace, own, others, ofRun) };
}

function paceStep(
  target: number,
  own: LaneHolder,
  others: readonly LaneHolder[],
  ofRun: readonly LaneHolder[],
): number {
  if (own.pace !== null && target <= own.pace) return target;
  const everybody = [own, ...others];
  const free = Math.min(
    freePace(least(everybody.map(({ limits }) => limits.relayMessagesPerSecond)), others),
    freePace(paceLimitOf([own, ...ofRun]), ofRun),
  );
  const room = Math.min(target, Math.max(free, 0));
  // Who had no limit takes what it gets, since it sends already.
  return own.pace === null || room >= target * WORTH_TAKING ? room : own.pace;
}

/** Who holds lanes and knows of no limit may take any pace: nothing is free until it has read of the limit. */
function freePace(limit: number | null, others: readonly LaneHolder[]): number {
  if (limit === null) return Number.POSITIVE_INFINITY;
  if (others.some(({ lanes, pace }) => lanes > 0 && pace === null)) return 0;
  return limit - sumOf(others, ({ pace }) => pace ?? 0);
}

/** The least that anybody was told of the relay; where nobody was told, the most that one run may have. */
function capOf(holders: readonly LaneHolder[]): number {
  return (
    least(holders.map(({ limits }) => limits.relayConnections)) ??
    Math.max(...holders.map(({ limits }) => limits.connections))
  );
}

function wishOf(members: readonly LaneHolder[]): number {
  return Math.min(
    connectionLimitOf(members),
    sumOf(members, ({ wanted }) => wanted),
  );
}

function connectionLimitOf(members: readonly LaneHolder[]): number {
  return Math.min(...members.map(({ limits }) => limits.connections));
}

function paceLimitOf(members: readonly LaneHolder[]): number | null {
  return least(members.map(({ limits }) => limits.messagesPerSecond));
}

/** One to each in turn, until nobody wants more or nothing is left. */
function deal(total: number, wishes: readonly number[]): number[] {
  const dealt = wishes.map(() => 0);
  for (let left = total, before = -1; left > 0 && left !== before; ) {
    before = left;
    for (const [index, wish] of wishes.entries()) {
      const has = dealt[index] ?? 0;
      if (left <= 0 || has >= wish) continue;
      dealt[index] = has + 1;
      left -= 1;
    }
  }
  return dealt;
}

interface Vessel {
  readonly weight: number;
  /** `null`: takes any amount. */
  readonly most: number | null;
}

/** By weight; what one cannot take goes to the others. `null` where neither total nor vessel has a limit. */
function pour(total: number | null, vessels: readonly Vessel[]): (number | null)[] {
  if (total === null) return vessels.map(({ most }) => most);
  const full = new Set<number>();
  for (;;) {
    let left = total;
    let weights = 0;
    for (const [index, { weight, most }] of vessels.entries()) {
      if (full.has(index)) left -= most ?? 0;
      else weights += weight;
    }
    const part = (weight: number) => (weights === 0 ? 0 : (left * weight) / weights);
    const filled = vessels.findIndex(
      ({ weight, most }, index) => !full.has(index) && weight > 0 && most !== null && most < part(weight),
    );
    if (filled < 0) return vessels.map(({ weight, most }, index) => (full.has(index) ? most : part(weight)));
    full.add(filled);
  }
}

function least(values: readonly (number | undefined)[]): number | null {
  const known = values.filter((value) => value !== undefined);
  return known.length === 0 ? null : Math.min(...known);
}

function sumOf<T>(items: readonly T[], value: (item: T) => number): number {
  return items.reduce((sum, item) => sum + value(item), 0);
}
