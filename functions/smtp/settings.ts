/** Where a session goes to, and as whom: looked at in full before anything is sent. */
import type { ClientCertificate } from './client-certificate.ts';
import { Command } from './command.ts';
import type { Credentials } from './credentials.ts';
import { SettingsError, TlsRequiredError } from './errors.ts';
import { quoted } from './printable.ts';
import type { MechanismName } from './sasl/mechanism.ts';
import { checkLogin } from './sasl.ts';
import { targetOf } from './target.ts';
import type { Timeouts } from './timeouts.ts';

/** Extensions that only make a session faster. */
export type OptionalExtension = 'PIPELINING' | 'CHUNKING';
const OPTIONAL_EXTENSIONS: readonly string[] = ['PIPELINING', 'CHUNKING'] satisfies readonly OptionalExtension[];

export const MAX_DEPTH = 9999;

export interface SessionSettings {
  /** Host name or address of the server. */
  readonly host: string;
  readonly port: number;
  /** `implicit-tls`: from the first octet (465). `starttls`: required before anything else (587). `none`: in clear. */
  readonly security: 'implicit-tls' | 'starttls' | 'none';
  /** EHLO's argument: this client's domain, or an address literal such as `[192.0.2.1]`. */
  readonly clientName: string;
  /** The name that the server's certificate must be good for. Default: `host`. */
  readonly servername?: string;
  /** PEM: the roots to trust instead of the system's. */
  readonly ca?: string;
  /** Shown to a server that asks for it. Default: none. */
  readonly clientCertificate?: ClientCertificate;
  /**
   * SHA-256 of the one certificate that the server may have, in hex digits with or without colons: beside chain and name,
   * which are verified all the same. Default: any certificate that is good.
   */
  readonly fingerprint?: string;
  /**
   * On the way to the server: `socks5://user:password@host:1080` or `http://user:password@host:3128`, the credentials where
   * it wants them. The proxy looks the server's name up. Default: none.
   */
  readonly proxy?: string;
  /** Never sent without TLS. Default: no login. */
  readonly credentials?: Credentials;
  /** This one and no other. Default: the best that the server offers and the credentials are for (`MECHANISM_NAMES`). */
  readonly mechanism?: MechanismName;
  /** Mail transactions in flight on the connection at the most, where the server offers CHUNKING: 1 to 9999. */
  readonly depth?: number;
  /** What is not used although the server offers it. Default: nothing. */
  readonly without?: readonly OptionalExtension[];
  /** Milliseconds; what is absent has its default. */
  readonly timeouts?: Partial<Timeouts>;
}

/** What is wrong with the settings is said before anything is sent. @throws SettingsError, CommandError, TlsRequiredError */
export function checkSettings(settings: SessionSettings): void {
  Command.ehlo(settings.clientName);
  targetOf(settings);
  checkFlow(settings);
  if (settings.credentials === undefined) return;
  checkLogin(settings.credentials, settings.mechanism);
  if ('external' in settings.credentials && settings.clientCertificate === undefined)
    throw new SettingsError('credentials', 'are a client certificate, and there is none');
  // RFC 4954 §4: not even for a server that asks for it.
  if (settings.security === 'none') {
    const problem = 'the settings name credentials, and security "none": TLS is wanted before they are sent';
    throw new TlsRequiredError(problem, { step: 'AUTH' });
  }
}

function checkFlow({ depth, without = [] }: SessionSettings): void {
  if (depth !== undefined && !(Number.isInteger(depth) && depth >= 1 && depth <= MAX_DEPTH))
    throw new SettingsError('depth', `is ${depth}, an integer from 1 to ${MAX_DEPTH} is wanted`);
  const unknown = without.find((name) => !OPTIONAL_EXTENSIONS.includes(name));
  if (unknown !== undefined)
    throw new SettingsError('without', `names ${quoted(unknown)}, PIPELINING and CHUNKING can be left out`);
}
