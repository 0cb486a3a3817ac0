/** Each target for a moment. `npm run fuzz` gives them a million inputs. */
import { expect, it } from 'vitest';
import { fuzz } from './fuzzer.ts';
import { TARGETS } from './targets/all.ts';

/** What takes longer gets fewer: all together are some seconds. */
const INPUTS: Readonly<Record<string, number>> = {
  reply: 1000,
  session: 300,
  csv: 200,
  compose: 500,
  calendar: 500,
  campaign: 300,
  relays: 300,
  template: 300,
};
const SEED = 1;

it.each(TARGETS)('$name: no crash, nothing slow, nothing but documented errors', async (target) => {
  const { failure } = await fuzz(target, { inputs: INPUTS[target.name] ?? 2000, seed: SEED });
  expect(failure).toBeNull();
});
