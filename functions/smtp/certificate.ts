import type { X509Certificate } from 'node:crypto';
import type { Transcript } from './transcript.ts';

/** Who the server is, by the certificate that was verified, and how the connection is protected. */
export interface PeerCertificate {
  /** Distinguished names, e.g. `CN=mail.example.com, O=Example`. */
  readonly subject: string;
  readonly issuer: string;
  /** The names that it is good for, e.g. `DNS:mail.example.com, DNS:*.example.net`. */
  readonly names: string;
  /** As OpenSSL writes moments: `Nov 24 23:39:41 2026 GMT`. */
  readonly validFrom: string;
  readonly validTo: string;
  /** SHA-256 over the certificate, `AB:CD:…`. */
  readonly fingerprint: string;
  /** `TLSv1.3` or `TLSv1.2`. */
  readonly protocol: string;
  /** e.g. `TLS_AES_256_GCM_SHA384`. */
  readonly cipher: string;
  /** The certificate was shown and verified on an earlier connection, whose TLS session goes on. */
  readonly isResumed: boolean;
}

export function describeCertificate(
  certificate: X509Certificate,
  connection: Pick<PeerCertificate, 'protocol' | 'cipher' | 'isResumed'>,
): PeerCertificate {
  return {
    subject: oneLine(certificate.subject),
    issuer: oneLine(certificate.issuer),
    names: certificate.subjectAltName ?? '',
    validFrom: certificate.validFrom,
    validTo: certificate.validTo,
    fingerprint: certificate.fingerprint256,
    ...connection,
  };
}

/** Node gives one relative name a line; the subject may be absent. */
function oneLine(name: string | undefined): string {
  return (name ?? '').split('\n').join(', ');
}

/** Shows the certificate as the transcript's notes. */
export function notePeerCertificate(transcript: Transcript, peer: PeerCertificate): void {
  transcript.note(`TLS: ${peer.protocol}, ${peer.cipher}${peer.isResumed ? ', resumed' : ''}`);
  transcript.note(`certificate subject: ${peer.subject}`);
  transcript.note(`certificate names: ${peer.names}`);
  transcript.note(`certificate issuer: ${peer.issuer}`);
  transcript.note(`certificate valid: ${peer.validFrom} to ${peer.validTo}`);
  transcript.note(`certificate SHA-256 fingerprint: ${peer.fingerprint}`);
}

/** SHA-256 over a certificate, in hex digits with or without colons. */
const FINGERPRINT = /^(?:[0-9A-F]{2}(?::[0-9A-F]{2}){31}|[0-9A-F]{64})$/i;

/** In the form in which certificates are described; `null` where it is no SHA-256. */
export function normalFingerprint(text: string): string | null {
  if (!FINGERPRINT.test(text)) return null;
  return text
    .replaceAll(':', '')
    .toUpperCase()
    .replace(/..(?=.)/g, '$&:');
}
