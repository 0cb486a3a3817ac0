/**
 * TLS sessions that later connections may resume: half a handshake less for both sides. They belong to one target, so
 * that nothing is resumed under another name, other roots, or another client's certificate; and only sessions whose
 * certificate was verified are kept, since a session that is resumed shows none.
 */

import type { X509Certificate } from 'node:crypto';

/** Connections that open at one time each take one, and each brings two or so. */
const MAX_KEPT = 32;

interface Kept {
  readonly session: Buffer;
  /** The server's, as it was verified: a session that is resumed does not always bring it. */
  readonly certificate: X509Certificate;
  readonly isReusable: boolean;
}

export class TlsSessions {
  #kept: Kept[] = [];

  /** The newest. RFC 8446 §C.4: a ticket of TLS 1.3 is used once, so that connections cannot be told to be one client's. */
  take(): Pick<Kept, 'session' | 'certificate'> | undefined {
    const newest = this.#kept.at(-1);
    if (newest !== undefined && !newest.isReusable) this.#kept.pop();
    return newest;
  }

  /** @param protocol as Node calls it, e.g. `TLSv1.3` */
  keep(session: Buffer, certificate: X509Certificate, protocol: string | null): void {
    const isReusable = protocol !== 'TLSv1.3';
    if (isReusable) this.#kept = [];
    this.#kept = [...this.#kept, { session, certificate, isReusable }].slice(-MAX_KEPT);
  }

  /** After a handshake that failed: with none of them shall the next one fail too. */
  forget(): void {
    this.#kept = [];
  }
}
