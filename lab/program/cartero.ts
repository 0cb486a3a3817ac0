/**
 * `cartero` as it is, for the lab: the same command line with points in it at which it can be killed, a clock that may be
 * wrong, and a record of what it did. Where it dies, and how late it is, comes in the environment (`death.ts`).
 */
import { main } from '../../functions/cli.ts';
import { clockMs, tellPasses } from './death.ts';
import { setFilePoints } from './file-points.ts';
import { setLedgerPoints } from './ledger-points.ts';
import { setReplyPoints } from './reply-points.ts';
import { setSocketPoints } from './socket-points.ts';

const machineNow = Date.now;
Date.now = () => machineNow() + clockMs;
setLedgerPoints();
setFilePoints();
setReplyPoints();
setSocketPoints();
process.on('exit', tellPasses);
await main(process.argv.slice(2));
