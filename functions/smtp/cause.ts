/** What the operating system and OpenSSL say of a connection that failed, in words for people. */

/** OpenSSL's line for its own developers: `<thread>:error:0A00010B:SSL routines:<function>:<reason>:<file>:<line>:`. */
const OPENSSL_LINE = /\berror:[0-9A-F]{8}:[^:]*:[^:]*:([^:\n]+)/i;

/** Node's advice to whoever starts Node: roots come from this client's settings. */
const NODE_ADVICE = /; if the root CA is installed locally, .*$/;

/** The reason, short. Where several addresses were tried, the first one's: the whole has no message of its own. */
export function whyOf(cause: Error): string {
  const error = cause instanceof AggregateError && cause.errors[0] instanceof Error ? cause.errors[0] : cause;
  const reason = OPENSSL_LINE.exec(error.message)?.[1];
  if (reason === undefined) return error.message.replace(NODE_ADVICE, '');
  return 'reason' in error && typeof error.reason === 'string' ? error.reason : reason;
}

/** What the settings may have wrong where TLS failed so; empty where nothing is known. */
export function tlsHint(cause: Error | null): string {
  const code = cause !== null && 'code' in cause ? cause.code : undefined;
  const isClearText = code === 'ERR_SSL_WRONG_VERSION_NUMBER' || code === 'ERR_SSL_PACKET_LENGTH_TOO_LONG';
  return isClearText ? '; the server speaks no TLS here, security "starttls" may be what this port wants' : '';
}
