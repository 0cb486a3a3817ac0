/** How a relay is reached and known again: proxy, fingerprint, client certificate. The same words in a URL and in relays.json. */
import { parseProxy, type SessionSettings, SettingsError } from '#smtp';
import { RelayError } from './relay-error.ts';

export interface ClientCertificateFiles {
  /** PEM; relative paths are the caller's to resolve. */
  readonly certificateFile: string;
  /** PEM; may be the same file. */
  readonly keyFile: string;
  /** Where the key is encrypted. */
  readonly passphrase?: string;
}

export interface WrittenWay {
  readonly cert?: string;
  readonly key?: string;
  readonly passphrase?: string;
  readonly fingerprint?: string;
  readonly proxy?: string;
}

const FILE = /^[^\u0000-\u001f\u007f]+$/;

/** What these parameters of a URL may be, and how that is said. */
export const WAY = {
  cert: [FILE, 'a file'],
  key: [FILE, 'a file'],
  passphrase: [FILE, 'a text without control characters'],
  fingerprint: [
    /^([0-9A-F]{2}(:[0-9A-F]{2}){31}|[0-9A-F]{64})$/i,
    'a SHA-256 in 64 hex digits, with or without colons',
  ],
  proxy: [/^(socks5|http):\/\/[^\u0000-\u0020\u007f]+$/i, 'a URL such as socks5://127.0.0.1:1080'],
} as const;

/** One file may hold certificate and key, as many programs write them. @throws RelayError */
export function clientCertificateOf(written: WrittenWay): { clientCertificate?: ClientCertificateFiles } {
  const { cert, key = cert, passphrase } = written;
  if (cert === undefined || key === undefined) {
    if (key === undefined && passphrase === undefined) return {};
    throw new RelayError('it has a key or a passphrase and no client certificate; "cert" names its file');
  }
  const files = { certificateFile: cert, keyFile: key };
  return { clientCertificate: { ...files, ...(passphrase === undefined ? {} : { passphrase }) } };
}

/** @throws RelayError that quotes nothing of the proxy's login */
export function wayOf(
  { cert, fingerprint, proxy }: WrittenWay,
  security: SessionSettings['security'],
): Pick<SessionSettings, 'fingerprint' | 'proxy'> {
  if (security === 'none' && (cert !== undefined || fingerprint !== undefined)) {
    const found = cert === undefined ? 'a fingerprint' : 'a client certificate';
    throw new RelayError(
      `it has ${found}, which says nothing without TLS; it needs another "security", in a URL smtp:// or smtps://`,
    );
  }
  if (proxy !== undefined) checkProxy(proxy);
  return { ...(fingerprint === undefined ? {} : { fingerprint }), ...(proxy === undefined ? {} : { proxy }) };
}

function checkProxy(proxy: string): void {
  try {
    parseProxy(proxy);
  } catch (error) {
    if (error instanceof SettingsError) throw new RelayError(`its proxy ${error.problem}`);
    throw error;
  }
}
