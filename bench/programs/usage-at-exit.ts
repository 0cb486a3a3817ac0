/** Loaded into a measured program by --import: writes what the process used to the file that BENCH_USAGE names. */
import { writeFileSync } from 'node:fs';
import { peakMemoryMb } from './work.ts';

process.on('exit', () => {
  const { user, system } = process.cpuUsage();
  const usage = { cpuMs: (user + system) / 1000, rssMb: peakMemoryMb() };
  writeFileSync(process.env.BENCH_USAGE ?? '/dev/null', JSON.stringify(usage));
});
