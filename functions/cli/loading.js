// How a process of the command line loads its code, in plain JavaScript as the first file is.
import module from 'node:module';
import { fileURLToPath } from 'node:url';
import v8 from 'node:v8';

/**
 * Loads what `load` imports. A mail's objects live for milliseconds: with V8's first room for young ones, 1 MiB, many are still there
 * when it is full, and are copied for nothing. It grows once, while the code is loaded, to 16 MiB; more would only be memory.
 */
export async function loadedQuickly(load) {
  v8.setFlagsFromString('--semi-space-growth-factor=16');
  module.enableCompileCache?.(fileURLToPath(new URL('../../node_modules/.cache/cartero', import.meta.url)));
  const loaded = await load();
  v8.setFlagsFromString('--semi-space-growth-factor=1');
  return loaded;
}
