/** Opens new ledgers one after another while others open the same ones, each at its appointed time. Arguments: folder, count, epoch ms of the first. */
import { join } from 'node:path';
import { openLedgerDatabase } from '../../../functions/local/ledger-database.ts';

const [folder = '', count = '0', begin = '0'] = process.argv.slice(2);
const EVERY_MS = 10;
for (let ledger = 0; ledger < Number(count); ledger += 1) {
  while (Date.now() < Number(begin) + ledger * EVERY_MS);
  openLedgerDatabase(join(folder, `${ledger}.sqlite`), 30_000).close();
}
process.stdout.write('opened\n');
