/** One mail's data in flight, and the envelope of the next behind it. */
import { playCellsOf } from './playing.ts';

playCellsOf('PIPELINING');
