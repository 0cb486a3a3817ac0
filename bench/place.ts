/**
 * Where client and server stand: both on this machine's loopback, or with a slow link between them.
 *
 * The link is two network namespaces joined by native/tundelay.c, with the kernel's own TCP on either side; it needs
 * root. Without, each connection goes through programs/delay-proxy.ts.
 */
import { join } from 'node:path';
import { type CommandLine, outputOf, Service } from './child.ts';
import { nativeProgram, PROJECT } from './workshop.ts';

export interface Place {
  /** In words, for the report. */
  readonly description: string;
  /** At which the server listens. */
  readonly host: string;
  /** The same command, run where the client stands. */
  near(line: CommandLine): CommandLine;
  /** The same command, run where the server stands. */
  far(line: CommandLine): CommandLine;
  /** Makes a way to the server's port: where the client connects to. */
  reach(port: number): Promise<Way>;
  close(): Promise<void>;
}

export interface Way {
  readonly host: string;
  readonly port: number;
  close(): Promise<void>;
}

export const LOOPBACK_HOST = '127.0.0.1';
export const FAR_HOST = '10.87.0.2';
const NEAR_HOST = '10.87.0.1';

const nothing = async () => {};

export const loopback: Place = {
  description: 'loopback',
  host: LOOPBACK_HOST,
  near: (line) => line,
  far: (line) => line,
  reach: async (port) => ({ host: LOOPBACK_HOST, port, close: nothing }),
  close: nothing,
};

/** @param roundTripMs the time that the link adds to each round trip */
export async function openLink(roundTripMs: number): Promise<Place> {
  try {
    return await openNamespaces(roundTripMs);
  } catch (error) {
    const why = error instanceof Error ? error.message.split('\n', 1)[0] : String(error);
    console.error(`No network namespaces (${why}): a proxy delays instead.`);
    return openProxies(roundTripMs);
  }
}

async function openNamespaces(roundTripMs: number): Promise<Place> {
  const near = `cartero-near-${process.pid}`;
  const far = `cartero-far-${process.pid}`;
  const inside = (namespace: string, line: CommandLine): CommandLine => ['ip', 'netns', 'exec', namespace, ...line];
  let link: Service | null = null;
  const close = async () => {
    await link?.end();
    for (const namespace of [near, far]) await outputOf(['ip', 'netns', 'delete', namespace]).catch(nothing);
  };
  try {
    for (const namespace of [near, far]) await outputOf(['ip', 'netns', 'add', namespace]);
    link = new Service([await nativeProgram('tundelay'), near, far, String(roundTripMs / 2)]);
    await link.nextLine();
    for (const [namespace, address] of [
      [near, NEAR_HOST],
      [far, FAR_HOST],
    ] as const) {
      await outputOf(['ip', '-n', namespace, 'address', 'add', `${address}/24`, 'dev', 'tun0']);
      for (const device of ['lo', 'tun0']) await outputOf(['ip', '-n', namespace, 'link', 'set', device, 'up']);
    }
  } catch (error) {
    await close();
    throw error;
  }
  return {
    description: `network namespaces ${roundTripMs} ms round trip apart`,
    host: FAR_HOST,
    near: (line) => inside(near, line),
    far: (line) => inside(far, line),
    reach: async (port) => ({ host: FAR_HOST, port, close: nothing }),
    close,
  };
}

function openProxies(roundTripMs: number): Place {
  return {
    ...loopback,
    description: `a proxy that delays by ${roundTripMs} ms a round trip`,
    async reach(port) {
      const program = join(PROJECT, 'bench/programs/delay-proxy.ts');
      const proxy = new Service([process.execPath, program, LOOPBACK_HOST, String(port), String(roundTripMs / 2)]);
      const own = Number(await proxy.nextLine());
      return { host: LOOPBACK_HOST, port: own, close: () => proxy.end() };
    },
  };
}
