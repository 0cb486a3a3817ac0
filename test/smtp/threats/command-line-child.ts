/** Command lines one after the other in one process, each as it comes by message; its exit code goes back. */
import { main } from '../../../functions/cli.ts';

// Each command line listens for signals, as the only one of its process.
process.setMaxListeners(0);
process.on('message', (message: { words: readonly string[]; relay: string } | 'end') => {
  if (message === 'end') process.exit();
  process.env.CARTERO_RELAY = message.relay;
  process.exitCode = 0;
  void main(message.words).then(() => process.send?.(process.exitCode ?? 0));
});
