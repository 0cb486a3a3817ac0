/** Logins over a wire in memory, on TLS from the first octet. */
import type { ChannelBinding, Credentials, Random, Session, SessionSettings } from '#smtp';
import { createAuthority } from '../certificates.ts';
import type { Reaction } from '../memory-wire.ts';
import { type Scene, scene } from '../sessions.ts';

export const EHLO = 'EHLO client.example.com\r\n';
export const PASSWORD: Credentials = { user: 'user', password: 'pencil' };
export const EXPORTED: ChannelBinding = { type: 'tls-exporter', data: Buffer.alloc(32, 7) };

/** As RFC 5802's nonce: `fyko+d2lbbFgONRv9qkxdawL`. */
export const random: Random = () => Buffer.from('fyko+d2lbbFgONRv9qkxdawL', 'base64');

export const base64 = (octets: string | Uint8Array): string => Buffer.from(octets).toString('base64');

export interface Attempt extends Scene {
  /** What the client said after EHLO and before QUIT. */
  readonly said: string;
  readonly outcome: Session | Error;
  /** The conversation as it is shown from AUTH on. */
  readonly shown: readonly string[];
}

/** Opens a session to a server that answers so. */
export async function attempt(
  hears: (heard: string) => Reaction,
  settings: Partial<SessionSettings> = {},
  options: { binding?: ChannelBinding; random?: Random } = { random },
): Promise<Attempt> {
  const { binding } = options;
  const server = { hears, tlsFirst: true, ...(binding === undefined ? {} : { channelBinding: binding }) };
  const stage = scene({}, server, options.random);
  const outcome = await stage
    .open({ security: 'implicit-tls', credentials: PASSWORD, ...settings })
    .catch((thrown: Error) => thrown);
  const said = stage.wire.heard.replace(`<TLS>${EHLO}`, '').replace(/QUIT\r\n$/, '');
  const lines = stage.records.filter(({ by }) => by !== 'note').map(({ by, text }) => `${by} ${text}`);
  const shown = lines.slice(lines.findIndex((line) => line.startsWith('client AUTH')));
  return { ...stage, said, outcome, shown };
}

/** A server that offers these mechanisms, and answers from a table; QUIT and `*` as servers do. */
export function offers(mechanisms: string, answers: Record<string, Reaction> = {}) {
  const usual: Record<string, Reaction> = { 'QUIT\r\n': ['221 bye\r\n'], '*\r\n': ['501 5.7.0 given up\r\n'] };
  return (heard: string): Reaction => {
    if (heard === EHLO) return [`250-mail.example.com\r\n250 AUTH ${mechanisms}\r\n`];
    return answers[heard] ?? usual[heard] ?? ['535 5.7.8 that is not it\r\n'];
  };
}

/** A certificate for EXTERNAL; over a wire in memory nobody looks at it. */
export async function clientCertificate() {
  const { cert, key } = await (await createAuthority('Clients')).issue({ names: null, subject: 'CN=client' });
  return { certificate: cert, key };
}
