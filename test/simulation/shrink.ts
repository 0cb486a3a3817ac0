/** From a story that goes wrong to a shorter one that goes wrong as well: whatever can be left out is left out. */
import { NO_ODDS, type Odds, type Scenario } from './scenario.ts';
import { tell } from './story.ts';

/** @returns the smallest that was found; it is told again by its own data */
export async function shrunk(scenario: Scenario): Promise<Scenario> {
  let smallest = scenario;
  for (let isSmaller = true; isSmaller; ) {
    isSmaller = false;
    for (const candidate of smaller(smallest)) {
      if ((await tell(candidate)).violations.length === 0) continue;
      smallest = candidate;
      isSmaller = true;
      break;
    }
  }
  return smallest;
}

function* smaller(scenario: Scenario): Generator<Scenario> {
  const { fates, deeds, odds, people, processes, lives, connections, depth, retried, poison } = scenario;
  for (const place of fates.keys()) yield { ...scenario, fates: fates.toSpliced(place, 1) };
  for (const place of deeds.keys()) yield { ...scenario, deeds: deeds.toSpliced(place, 1) };
  for (const kind of Object.keys(NO_ODDS) as (keyof Odds)[])
    if (odds[kind] > 0) yield { ...scenario, odds: { ...odds, [kind]: 0 } };
  for (const place of poison.keys()) yield { ...scenario, poison: poison.toSpliced(place, 1) };
  if (retried.length > 0) yield { ...scenario, retried: [] };
  if (processes > 1)
    yield { ...scenario, processes: processes - 1, fates: fates.filter((fate) => fate.process < processes - 1) };
  if (lives > 1) yield { ...scenario, lives: lives - 1 };
  if (people.length > 1)
    yield {
      ...scenario,
      people: people.slice(0, -1),
      poison: poison.filter((person) => person < people.length - 1),
      deeds: deeds.filter((deed) => !('person' in deed) || deed.person < people.length - 1),
    };
  for (const [place, disposition] of people.entries())
    if (disposition !== 'fine') yield { ...scenario, people: people.with(place, 'fine') };
  if (connections > 1) yield { ...scenario, connections: 1 };
  if (depth > 1) yield { ...scenario, depth: depth - 1 };
  if (scenario.toTheEnd) yield { ...scenario, toTheEnd: false };
  if (scenario.messagesPerSecond !== null) yield { ...scenario, messagesPerSecond: null };
  if (scenario.isPlannedHere) yield { ...scenario, isPlannedHere: false };
  if (scenario.extensions.length > 0) yield { ...scenario, extensions: scenario.extensions.slice(0, -1) };
  if (scenario.storeMs > 0) yield { ...scenario, storeMs: 0 };
  if (scenario.networkMs > 0) yield { ...scenario, networkMs: 0 };
}
