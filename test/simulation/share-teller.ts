/** The process that tells a share of the seeds. */
import { type Share, tellShare } from './share.ts';

process.once('message', async (share) => {
  process.send?.(await tellShare(share as Share));
});
