// The first file of a worker's process.
import { loadedQuickly } from './loading.js';

const { work } = await loadedQuickly(new URL('worker.ts', import.meta.url));
await work();
