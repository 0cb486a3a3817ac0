/**
 * The three metadata functions that @peculiar/x509's dependency container asks `Reflect` for while it loads.
 *
 * They are a withdrawn TC39 proposal; the container uses nothing else of it, so its polyfill is not worth a dependency.
 * Import this file before @peculiar/x509. A polyfill that is already there stays.
 */

const metadata = new WeakMap<object, Map<unknown, unknown>>();

function defineMetadata(key: unknown, value: unknown, target: object): void {
  const entries = metadata.get(target) ?? new Map<unknown, unknown>();
  metadata.set(target, entries.set(key, value));
}

function getOwnMetadata(key: unknown, target: object): unknown {
  return metadata.get(target)?.get(key);
}

/** The target's own entry, or the nearest one up its prototype chain. */
function getMetadata(key: unknown, target: object): unknown {
  for (let holder: object | null = target; holder !== null; holder = Reflect.getPrototypeOf(holder)) {
    if (metadata.get(holder)?.has(key)) return getOwnMetadata(key, holder);
  }
  return undefined;
}

if (!('getMetadata' in Reflect)) Object.assign(Reflect, { defineMetadata, getOwnMetadata, getMetadata });
