#!/usr/bin/env node
// The command line's first file, in plain JavaScript so that any Node can read it: goes on in TypeScript where this is
// Node 24, and else starts the Node 24 that comes with `npm ci`, or the one that CARTERO_NODE names, and waits for it.
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { loadedQuickly } from './loading.js';

const WANTED = 24;
const NODE = process.env.CARTERO_NODE ?? pathOf(`../../node_modules/node-linux-${process.arch}/bin/node`);

const wasStartedByAnother = process.channel !== undefined && process.env.CARTERO_LAUNCHED === 'yes';
delete process.env.CARTERO_LAUNCHED;
const isNewEnough = Number(process.versions.node.split('.')[0]) >= WANTED;

if (isNewEnough && (wasStartedByAnother || process.env.CARTERO_NODE === undefined)) {
  if (wasStartedByAnother) dieWithLauncher();
  const { main } = await loadedQuickly(() => import('../cli.ts'));
  await main(process.argv.slice(2));
} else if (wasStartedByAnother || !existsSync(NODE)) {
  const where = wasStartedByAnother || process.env.CARTERO_NODE === undefined ? '' : ` and CARTERO_NODE names no file`;
  console.error(
    `Cannot start: this is Node ${process.versions.node}${where}, Node ${WANTED} or later is wanted; install it, or run npm ci`,
  );
  process.exitCode = 1;
} else {
  launch();
}

function launch() {
  const child = spawn(NODE, process.argv.slice(1), {
    stdio: ['inherit', 'inherit', 'inherit', 'ipc'],
    env: { ...process.env, CARTERO_LAUNCHED: 'yes' },
  });
  // A signal to this process alone is passed on; one from the terminal reaches both, and the child takes it for one.
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal));
  child.on('error', (error) => {
    console.error(`Cannot start: ${error.message}`);
    process.exitCode = 1;
  });
  child.on('exit', (code, signal) => {
    if (signal !== null) {
      process.removeAllListeners(signal);
      process.kill(process.pid, signal);
    } else process.exitCode = code ?? 1;
  });
}

// The channel closes when its other end dies, however it dies. Whoever killed that one wants no more mails to leave, and
// nobody would hear what became of them: a death at any instant is what the ledger is made for.
function dieWithLauncher() {
  process.on('disconnect', () => process.kill(process.pid, 'SIGKILL'));
  process.channel?.unref();
}

function pathOf(relative) {
  return fileURLToPath(new URL(relative, import.meta.url));
}
