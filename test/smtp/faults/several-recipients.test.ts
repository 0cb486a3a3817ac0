/** Three recipients a mail, the second one met, the third refused in good order. */
import { playCellsOf } from './playing.ts';

playCellsOf('several recipients');
