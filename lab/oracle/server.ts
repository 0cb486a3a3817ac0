/**
 * The witness: an SMTP server in a process of its own, which writes each acceptance to disk before it answers it. It shares
 * no code with the mailer. It is many relays at once: a client that calls itself `x.lab.test` gets the one of folder `x`.
 *
 *     server.ts FOLDER
 *
 * Says its port on standard output. Ends with its standard input, and so with whoever started it.
 */
import { createServer } from 'node:net';
import { join } from 'node:path';
import { Relay } from './relay.ts';
import { OracleSession } from './session.ts';

const [folder = '.'] = process.argv.slice(2);
/** The latest last. */
const relays = new Map<string, Relay>();
/** A file each; far more than there are stories at a time. */
const KEPT = 64;

function relayOf(name: string): Relay {
  const [story = ''] = name.split('.');
  const known = relays.get(story);
  if (known !== undefined) return known;
  const relay = new Relay(join(folder, story));
  relays.set(story, relay);
  for (const [oldest, eldest] of relays) {
    if (relays.size <= KEPT) break;
    relays.delete(oldest);
    eldest.close();
  }
  return relay;
}

const server = createServer({ noDelay: true }, (socket) => {
  void new OracleSession(socket, relayOf).serve();
});
server.listen(0, '127.0.0.1', 512, () => {
  const address = server.address();
  process.stdout.write(`${typeof address === 'object' ? address?.port : ''}\n`);
});
process.stdin.resume().on('end', () => process.exit());
