/** Takes a process lock and says so; `close` on standard input gives it back. Arguments: folder, owner. */
import { openProcessLock } from '#local';

const [folder = '', owner = ''] = process.argv.slice(2);
const lock = openProcessLock(folder, owner);
process.stdout.write('locked\n');
process.stdin.on('data', () => {
  lock.close();
  process.stdout.write('closed\n');
});
