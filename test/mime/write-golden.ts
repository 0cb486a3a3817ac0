/** Writes `golden/` anew: `npm exec -c 'node test/mime/write-golden.ts'`. What changed is then to be read, octet for octet. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { composeMessage } from '#mime';
import { GOLDEN } from './golden-mails.ts';

for (const [file, message] of Object.entries(GOLDEN)) {
  writeFileSync(join(import.meta.dirname, 'golden', file), Buffer.concat(composeMessage(message).pieces));
}
