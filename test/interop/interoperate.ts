/** All that is proved of the engine and one server together. */
import { afterAll, beforeAll, describe, expect } from 'vitest';
import { type Bench, cell } from './cells.ts';
import { type Opening, open } from './client.ts';
import { deadAddresses } from './dead-addresses.ts';
import { Delivered } from './delivered.ts';
import { extensions } from './extensions.ts';
import { logins } from './logins.ts';
import { type RunningServer, startServer } from './running-server.ts';
import type { ServerKind } from './servers.ts';
import { transfers } from './transfers.ts';

export function interoperate(kind: ServerKind): void {
  describe(kind.name, () => {
    let server: RunningServer | null = null;
    let delivered: Delivered | null = null;
    beforeAll(async () => {
      server = await startServer(kind);
      delivered = new Delivered(server.mail, kind.lineEnds);
    });
    afterAll(() => server?.stop());
    const bench: Bench = {
      kind,
      get delivered() {
        return running(delivered);
      },
      get version() {
        return running(server).version;
      },
      open: (opening: Opening) => open(kind, running(server), opening),
    };
    logins(bench);
    transfers(bench);
    extensions(bench);
    deadAddresses(bench);
    // The last one: also what came too late for its own cell is seen.
    cell(bench, { row: 'what else arrived', security: 'none', proved: 'nothing, and nothing twice' }, async () => {
      await bench.delivered.read();
      expect({ nameless: bench.delivered.nameless, twice: bench.delivered.twice }).toEqual({ nameless: [], twice: [] });
    });
  });
}

function running<T>(value: T | null): T {
  if (value === null) throw new Error('Cannot test: the server does not run');
  return value;
}
