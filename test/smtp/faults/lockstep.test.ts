/** One command at a time. */
import { playCellsOf } from './playing.ts';

playCellsOf('lockstep');
