/** Five mails in flight, the middle one met. */
import { playCellsOf } from './playing.ts';

playCellsOf('CHUNKING');
