import { createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto';
import { SettingsError } from './errors.ts';

/** Shown to a server that asks for it; SASL's EXTERNAL logs in by it (RFC 4422 appendix A). */
export interface ClientCertificate {
  /** PEM: the client's own first, then those that lead to a root. */
  readonly certificate: string;
  /** PEM. */
  readonly key: string;
  /** Where the key is encrypted. */
  readonly passphrase?: string;
}

/** @throws SettingsError where certificate and key cannot be used with each other; no secret is in it */
export function checkClientCertificate(pair: ClientCertificate): void {
  if (!readCertificate(pair.certificate).checkPrivateKey(readKey(pair)))
    throw new SettingsError('client certificate', 'is not that of its key');
}

function readCertificate(pem: string): X509Certificate {
  try {
    return new X509Certificate(pem);
  } catch (cause) {
    throw new SettingsError('client certificate', 'cannot be read, a certificate in PEM is wanted', { cause });
  }
}

function readKey({ key, passphrase }: ClientCertificate): KeyObject {
  try {
    return createPrivateKey({ key, ...(passphrase === undefined ? {} : { passphrase }) });
  } catch (cause) {
    const isEncrypted = /^-----BEGIN ENCRYPTED |^Proc-Type:.*ENCRYPTED/m.test(key);
    const wanted = isEncrypted
      ? `is encrypted, ${passphrase === undefined ? 'its passphrase is wanted' : 'and the passphrase does not open it'}`
      : 'cannot be read, a private key in PEM is wanted';
    throw new SettingsError("client certificate's key", wanted, { cause });
  }
}
