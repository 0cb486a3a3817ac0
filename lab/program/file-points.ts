/** Points of what is written as files: objects, transcripts, the process's lock. */
import files from 'node:fs';
import promises from 'node:fs/promises';
import { syncBuiltinESMExports } from 'node:module';
import type { ObjectWrite } from '../points.ts';
import { around } from './around.ts';
import { die, isDue, pass } from './death.ts';

export function setFilePoints(): void {
  const { rename, open } = promises;
  const { renameSync, rmSync, appendFileSync } = files;
  Object.assign(promises, {
    open: around(open, {
      before: ([path, flags]) => {
        if (flags === 'wx' && String(path).includes('/.unfinished/')) pass('object:begun');
      },
    }),
    rename: around(rename, {
      before: ([, name]) => {
        pass(`object.${objectOf(String(name))}:written`);
      },
      after: ([, name]) => pass(`object.${objectOf(String(name))}:named`),
    }),
  });
  Object.assign(files, {
    renameSync: around(renameSync, {
      after: ([, name]) => {
        if (String(name).endsWith('.lock')) pass('lock:named');
      },
    }),
    rmSync: around(rmSync, {
      after: ([path]) => {
        if (isOwnLock(String(path))) pass('lock:removed');
      },
    }),
    appendFileSync: around(appendFileSync, {
      before: ([path, lines]) => {
        if (!isTranscript(String(path))) return;
        pass('transcript:before');
        if (isDue('transcript:torn')) {
          appendFileSync(path, String(lines).slice(0, String(lines).length / 2));
          die('transcript:torn');
        }
      },
      after: ([path]) => {
        if (isTranscript(String(path))) pass('transcript:after');
      },
    }),
  });
  syncBuiltinESMExports();
}

function isTranscript(path: string): boolean {
  return path.includes('/transcripts/');
}

/** A lock is called by its process's id and a part of chance. */
function isOwnLock(path: string): boolean {
  return path.includes(`/locks/${process.pid}-`) && path.endsWith('.lock');
}

function objectOf(name: string): ObjectWrite {
  if (name.includes('/objects/content/')) return 'content';
  if (name.includes('/results/')) return 'results';
  if (name.includes('/batches/')) return 'batch';
  return name.endsWith('/cause.json') ? 'cause' : 'manifest';
}
