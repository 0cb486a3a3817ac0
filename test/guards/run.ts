/**
 * Removes each guard in turn, and shows that some test fails without it:
 *
 *     npm run guards                         all of them, about five minutes on two processors
 *     npm run guards -- --only fence,rev     some of them
 *     npm run guards -- --list               their names
 *
 * The tree is copied first, and stays as it is. Exit code 1 where a guard is missed by nobody.
 */
import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { copyOf, type Guard, type Removal, remove, standing } from './guard.ts';
import { GUARDS } from './guards.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const { values } = parseArgs({
  options: { only: { type: 'string' }, list: { type: 'boolean', default: false } },
});

if (values.list) for (const { name, file } of GUARDS) console.log(`${name.padEnd(34)} ${file}`);
else process.exitCode = await removeAll(chosen(values.only));

function chosen(only: string | undefined): readonly Guard[] {
  if (only === undefined) return GUARDS;
  return only.split(',').map((name) => {
    const guard = GUARDS.find((known) => known.name === name);
    if (guard === undefined)
      throw new RangeError(
        `Cannot remove guard ${JSON.stringify(name)}: there is none of that name; --list tells them`,
      );
    return guard;
  });
}

async function withAllInPlace(guards: readonly Guard[]): Promise<string | null> {
  const copy = copyOf(ROOT);
  try {
    return await standing(guards, copy.folder);
  } finally {
    copy.remove();
  }
}

/** A copy of the tree for each of those that work at once. */
async function removeAll(guards: readonly Guard[]): Promise<number> {
  const problem = await withAllInPlace(guards);
  if (problem !== null) {
    console.log(`${problem}\nCannot remove guards: with all of them in place tests fail, they are wanted to pass`);
    return 1;
  }
  const left = [...guards];
  const missed: Removal[] = [];
  const worker = async () => {
    const copy = copyOf(ROOT);
    try {
      for (let guard = left.shift(); guard !== undefined; guard = left.shift()) {
        const removal = await remove(guard, copy.folder);
        console.log(
          `${removal.isNoticed ? 'noticed' : 'MISSED '} ${guard.name.padEnd(34)} ${removal.seconds.toFixed(1)} s`,
        );
        if (!removal.isNoticed) missed.push(removal);
      }
    } finally {
      copy.remove();
    }
  };
  await Promise.all(Array.from({ length: Math.min(2, availableParallelism()) }, worker));
  for (const { guard, said } of missed) console.log(`\n${guard.name}: nobody misses it\n${said}`);
  console.log(`${guards.length - missed.length} of ${guards.length} guards are noticed when they are gone`);
  return missed.length === 0 ? 0 : 1;
}
