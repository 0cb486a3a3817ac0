/** Command lines one after the other in one process, each as it comes by message; its exit code goes back. */
import { main } from '../../../functions/cli.ts';

// Each command line listens for signals, as the only one of its process.
process.setMaxListeners(0);
process.on('message', ({ words, relay }: { words: readonly string[]; relay: string }) => {
  process.env.CARTERO_RELAY = relay;
  process.exitCode = 0;
  void main(words).then(() => process.send?.(process.exitCode ?? 0));
});
