/** What went wrong in words for the person at the keyboard, and which setting to change. */
import { AudienceError } from '#audience';
import { CampaignError, escapeControls, type Relay, RelayError, RunError } from '#mailing';
import { AuthError, ConnectError, SmtpError, TimeoutError, TlsError, TlsRequiredError } from '#smtp';
import { InputError, UsageError } from './command.ts';

/** Errors whose message says it all; of any other one the stack is shown, since it is ours to mend. */
const TOLD = [UsageError, InputError, CampaignError, RelayError, RunError, AudienceError, SmtpError];
const TOLD_CODES =
  /^ERR_(BATCH_FILE|STATE|LEDGER|OBJECT_MISSING|OBJECT_NAME|OBJECT_STORE|INBOX|CREDENTIALS|LINK_KEYS|LOG_KEYS|MAIL|CHANGED_WHILE_READ|WORKER|SMTP_COMMAND|SMTP_MAIL_DATA|SMTP_SETTINGS)$/;

/** @param command the command's name, told with what is wrong with its words */
export function explain(error: unknown, command: string): string {
  if (!(error instanceof Error)) return `cartero ${command}: ${String(error)}`;
  const { code, errno } = error as { code?: unknown; errno?: unknown };
  const isTold =
    TOLD.some((type) => error instanceof type) || TOLD_CODES.test(String(code)) || typeof errno === 'number';
  if (!isTold) return error.stack ?? error.message;
  const told = withoutAdvice(error.message).split('\n').map(escapeControls).join('\n');
  return error instanceof UsageError || error instanceof InputError ? `cartero ${command}: ${told}` : told;
}

/** What a relay did, and the setting of the relay that is likely to cure it. */
export function explainRelay(error: SmtpError, relay: Relay): string {
  const hint = hintOf(error, relay);
  return `${relay.label}: ${escapeControls(withoutAdvice(error.message))}${hint === null ? '' : `\n${hint}`}`;
}

/** Node adds what helps whoever starts `node` by hand; here it is `?ca=FILE` that helps. */
function withoutAdvice(message: string): string {
  return message.replace(/; if the root CA is installed locally, try running Node\.js with --use-system-ca/g, '');
}

function hintOf(error: SmtpError, { session, secret }: Relay): string | null {
  const { host, port, security, proxy } = session;
  if (error instanceof AuthError) {
    if (error.temporary) return 'The relay cannot check logins at the moment: start again later.';
    return session.credentials === undefined
      ? 'The relay wants a login: write user and password into the relay URL, smtps://user:password@host.'
      : secret !== undefined
        ? `Check what is in the secret ${JSON.stringify(secret)}: the relay does not take it.`
        : 'Check user and password of the relay URL (a special character is written %XX, "@" is %40); `?auth=PLAIN` or another name says which mechanism.';
  }
  if (error.reply?.code === 530)
    return 'The relay wants a login, or TLS: write smtps://user:password@host:465 or smtp://user:password@host:587.';
  if (error instanceof TlsRequiredError) {
    return `${host}:${port} ${error.reply === undefined ? 'offers no' : 'refuses'} STARTTLS: if it speaks TLS from the first octet write smtps:// (often port 465); without any TLS, mail is only sent to loopback, by smtp+insecure://.`;
  }
  if (/alert (certificate required|bad certificate)/i.test(error.message))
    return 'The relay wants to see a certificate that it knows: add `?cert=FILE&key=FILE`, in PEM, to the relay URL.';
  if (error instanceof TlsError) return hintOfTls(error, security);
  if (error.step === 'connect' && proxy !== undefined)
    return `Check the proxy of the relay: whether it runs, wants a login (proxy=http%3A%2F%2Fuser%3Apassword%40host%3A3128), and lets ${host}:${port} through.`;
  if (error instanceof TimeoutError && error.step === 'greeting' && security !== 'implicit-tls') {
    return `${host}:${port} says nothing: if it speaks TLS from the first octet write smtps:// (often port 465).`;
  }
  if (error instanceof ConnectError)
    return `Check host and port of the relay (${host}:${port}), whether it runs, and whether a firewall is in between.`;
  return null;
}

/** OpenSSL's words for octets that are no TLS record. */
const NOT_TLS =
  /wrong version number|packet length too long|unknown protocol|unsupported protocol|http request|record layer/i;

function hintOfTls(error: TlsError, security: Relay['session']['security']): string {
  const text = `${error.message} ${error.cause instanceof Error ? `${error.cause.message} ${(error.cause as { code?: string }).code ?? ''}` : ''}`;
  if (NOT_TLS.test(text)) {
    return security === 'implicit-tls'
      ? 'The server does not speak TLS from the first octet on this port: write smtp:// for STARTTLS (often port 587).'
      : 'The server does not speak TLS behind its STARTTLS: ask who runs it.';
  }
  if (/ is wanted by the settings$/.test(error.message))
    return 'It may have a new certificate, or somebody is in between: ask who runs the relay before you change the `fingerprint`.';
  if (/altname|hostname|does not match|ALTNAME/i.test(text))
    return 'The certificate is for another name: write the name that it has as host, or add `?servername=NAME` to the relay URL.';
  if (/self.signed|unable to (get|verify)|issuer|SELF_SIGNED|UNABLE_TO/i.test(text))
    return 'The certificate is by nobody this machine trusts: add `?ca=FILE` with the PEM file of its authority to the relay URL.';
  if (/expired|not yet valid/i.test(text))
    return "The relay's certificate is out of date: ask who runs it for a new one, and check this machine's clock.";
  return 'Check host, port and certificate of the relay; `?ca=FILE` and `?servername=NAME` say whom to trust.';
}
