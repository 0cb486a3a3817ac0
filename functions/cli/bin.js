#!/usr/bin/env node
// The command line's first file, in plain JavaScript so that any Node can read it: finds Node 24 (it comes with
// `npm ci`), turns the compile cache on, and goes on in TypeScript.
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import module from 'node:module';
import { fileURLToPath } from 'node:url';

const WANTED = 24;

if (Number(process.versions.node.split('.')[0]) >= WANTED) {
  module.enableCompileCache?.(fileURLToPath(new URL('../../node_modules/.cache/cartero', import.meta.url)));
  const { main } = await import('../cli.ts');
  await main(process.argv.slice(2));
} else {
  const node = fileURLToPath(new URL(`../../node_modules/node-linux-${process.arch}/bin/node`, import.meta.url));
  if (!existsSync(node)) {
    console.error(
      `Cannot start: this is Node ${process.versions.node}, Node ${WANTED} or later is wanted; install it, or run npm ci`,
    );
    process.exit(1);
  }
  const child = spawn(node, process.argv.slice(1), { stdio: 'inherit' });
  // A signal to this process alone is passed on; one from the terminal reaches both, and the child decides the end.
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal));
  child.on('exit', (code, signal) => {
    if (signal !== null) {
      process.removeAllListeners(signal);
      process.kill(process.pid, signal);
    } else process.exitCode = code ?? 1;
  });
}
