/**
 * What ties a login to the TLS connection that it is made over (RFC 5056): a server in between, however good its
 * certificate, has other octets on its two sides.
 */
import { createHash } from 'node:crypto';
import { signatureHashOf } from './signature-hash.ts';

export interface ChannelBinding {
  /** As it is named in the exchange: RFC 9266 for TLS 1.3, RFC 5929 §4 below. */
  readonly type: 'tls-exporter' | 'tls-server-end-point';
  readonly data: Uint8Array;
}

/** A TLS connection after its handshake, as Node has it. */
export interface SecureConnection {
  getProtocol(): string | null;
  exportKeyingMaterial(octets: number, label: string, context: Buffer): Uint8Array;
}

/** RFC 9266 §2: label, octets, and a context of none. */
const EXPORTER_LABEL = 'EXPORTER-Channel-Binding';
const EXPORTER_OCTETS = 32;

/**
 * @param certificate the server's, in DER
 * @returns `null` where it counts and is signed with no hash function, or with one that is not known
 */
export function channelBindingOf(connection: SecureConnection, certificate: Uint8Array): ChannelBinding | null {
  // RFC 9266 §4: below TLS 1.3 it is unique only with an extension that may not be there.
  if (connection.getProtocol() === 'TLSv1.3') {
    const data = connection.exportKeyingMaterial(EXPORTER_OCTETS, EXPORTER_LABEL, Buffer.alloc(0));
    return { type: 'tls-exporter', data };
  }
  return serverEndPoint(certificate);
}

/** RFC 5929 §4.1. @param certificate DER */
export function serverEndPoint(certificate: Uint8Array): ChannelBinding | null {
  const hash = signatureHashOf(certificate);
  if (hash === null) return null;
  return { type: 'tls-server-end-point', data: createHash(hash).update(certificate).digest() };
}
