/** The watched process: fuzzes one target, guided by what is executed, and sends its report. */
import { fuzz } from './fuzzer.ts';
import { NoteWriter } from './notes.ts';
import type { Target } from './target.ts';
import { targetNamed } from './targets/all.ts';
import type { FuzzRequest } from './watched.ts';

process.once('message', (message) => {
  void work(message as FuzzRequest).then((report) => process.send?.(report, () => process.disconnect()));
});

async function work(request: FuzzRequest): Promise<unknown> {
  const { inputs, seed, watcher } = request;
  const target = 'target' in request ? targetNamed(request.target) : await loaded(request.module);
  const notes = new NoteWriter(request.notes);
  const before = (input: Uint8Array): void => {
    // No event tells of its death: inputs follow one another without a turn of the event loop.
    if (process.ppid !== watcher) process.exit(1);
    notes.begin(input);
  };
  const report = await fuzz(target, { inputs, seed, guided: true, before });
  notes.close();
  return report;
}

async function loaded(module: string): Promise<Target> {
  const { target } = (await import(module)) as { target: Target };
  return target;
}
