/** Writes that it holds three lanes, and says so. Argument: folder. */
import { openState } from '#local';

const [folder = ''] = process.argv.slice(2);
const { lanes, owner } = openState(folder);
const limits = { connections: 3 };
await lanes.write('relay', 0, [{ owner, run: 'run-1', limits, lanes: 3, wanted: 3, pace: null }]);
process.stdout.write('held\n');
process.stdin.resume();
