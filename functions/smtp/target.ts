/**
 * Settings as the wire wants them. What costs something to read, such as an encrypted key, is read once; and what
 * connections of the same settings share, their TLS sessions, belongs to these settings alone.
 */
import { normalFingerprint } from './certificate.ts';
import { checkClientCertificate } from './client-certificate.ts';
import { SettingsError } from './errors.ts';
import { printable } from './printable.ts';
import { parseProxy } from './proxy.ts';
import type { SessionSettings } from './settings.ts';
import { TlsSessions } from './tls-sessions.ts';
import type { WireTarget } from './wire.ts';

const TARGETS = new WeakMap<SessionSettings, WireTarget>();
/** A name or an address as it may stand in a proxy's request. */
const HOST = /^[A-Za-z0-9._:%-]{1,255}$/;

/** @returns for the same settings object the same target @throws SettingsError */
export function targetOf(settings: SessionSettings): WireTarget {
  const known = TARGETS.get(settings);
  if (known !== undefined) return known;
  const target = read(settings);
  TARGETS.set(settings, target);
  return target;
}

function read({
  host,
  port,
  security,
  servername,
  ca,
  clientCertificate,
  fingerprint,
  proxy,
}: SessionSettings): WireTarget {
  if (!HOST.test(host)) throw new SettingsError('host', 'is not in the form of a name or an address');
  if (!(Number.isInteger(port) && port >= 1 && port <= 65_535))
    throw new SettingsError('port', `is ${port}, 1 to 65535 is wanted`);
  if (security === 'none' && (clientCertificate !== undefined || fingerprint !== undefined)) {
    const field = clientCertificate === undefined ? 'fingerprint' : 'client certificate';
    throw new SettingsError(field, 'says nothing on a connection without TLS, and security is "none"');
  }
  if (clientCertificate !== undefined) checkClientCertificate(clientCertificate);
  return {
    host,
    port,
    tlsSessions: new TlsSessions(),
    ...(servername === undefined ? {} : { servername }),
    ...(ca === undefined ? {} : { ca }),
    ...(clientCertificate === undefined ? {} : { clientCertificate }),
    ...(fingerprint === undefined ? {} : { fingerprint: readFingerprint(fingerprint) }),
    ...(proxy === undefined ? {} : { proxy: parseProxy(proxy) }),
  };
}

function readFingerprint(text: string): string {
  const fingerprint = normalFingerprint(text);
  if (fingerprint === null) {
    const problem = `is "${printable(text)}", the 64 hex digits of a SHA-256 are wanted, with or without colons`;
    throw new SettingsError('fingerprint', problem);
  }
  return fingerprint;
}
