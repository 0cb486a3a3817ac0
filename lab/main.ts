/** Begins the lab; `run.ts` is what it does. */
import { endAllLives } from './life.ts';
import { main } from './run.ts';

for (const signal of ['SIGINT', 'SIGTERM'] as const)
  process.once(signal, () => {
    endAllLives();
    process.exit(1);
  });
try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}
