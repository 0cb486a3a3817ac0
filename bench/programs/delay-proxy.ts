/**
 * A slow link for machines where network namespaces are not to be had: passes a TCP connection on, each octet later by
 * the same time. Arguments: host and port to pass it to, one way's delay in ms. Prints its port.
 *
 * It is no real link: each side's TCP sees a near peer, so that windows and acknowledgements do not wait as they would.
 */
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';

const [host = '', port = '', delay = ''] = process.argv.slice(2);

const server = createServer({ noDelay: true, allowHalfOpen: true }, (near) => {
  const far = connect({ host, port: Number(port), noDelay: true, allowHalfOpen: true });
  for (const [from, to] of [
    [near, far],
    [far, near],
  ] as const) {
    from.on('data', (octets) => later(() => to.write(octets), to));
    from.on('end', () => later(() => to.end(), to));
    from.on('error', () => to.destroy());
  }
});
server.listen(0, '127.0.0.1', () => process.stdout.write(`${(server.address() as AddressInfo).port}\n`));

function later(act: () => void, to: Socket): void {
  setTimeout(() => {
    if (!to.destroyed) act();
  }, Number(delay));
}
