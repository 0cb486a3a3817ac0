// The first file of a worker's process.
import { loadedQuickly } from './loading.js';

const { work } = await loadedQuickly(() => import('./worker.ts'));
await work();
