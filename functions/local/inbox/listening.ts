/** Listening on one address of this machine, and telling why it is not possible. */
import type { Server as HttpServer } from 'node:http';
import { BlockList, isIP, type Server } from 'node:net';
import { InboxError } from './inbox-error.ts';

const LOOPBACK = new BlockList();
LOOPBACK.addSubnet('127.0.0.0', 8, 'ipv4');
LOOPBACK.addAddress('::1', 'ipv6');

/** Whether a host's name or address cannot be reached from another machine. */
export function isLoopback(host: string): boolean {
  if (host === 'localhost') return true;
  const family = isIP(host);
  return family !== 0 && LOOPBACK.check(host, family === 4 ? 'ipv4' : 'ipv6');
}

/** Resolves with the port. @throws InboxError */
export function listenOn(server: Server, host: string, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    const onError = (cause: NodeJS.ErrnoException): void => {
      reject(new InboxError(`Cannot listen on ${host} port ${port}: ${reasonOf(cause)}`, { cause }));
    };
    server.once('error', onError);
    server.listen(port, host, () => {
      server.off('error', onError);
      const address = server.address();
      resolve(typeof address === 'object' && address ? address.port : port);
    });
  });
}

/** Ends it, with whoever is still being answered. */
export function closeServer(server: HttpServer): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
}

function reasonOf(cause: NodeJS.ErrnoException): string {
  if (cause.code === 'EADDRINUSE') return 'another program has the port, a free one (or 0 for any) is wanted';
  if (cause.code === 'EACCES') return 'the system keeps the port for itself, one above 1023 is wanted';
  if (cause.code === 'EADDRNOTAVAIL') return 'this machine has no such address, one of its own is wanted';
  return cause.message;
}
