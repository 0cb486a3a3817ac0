/**
 * From nothing to a session that takes mail:
 *
 *     connect ─► [TLS] ─► greeting ─► EHLO ─► [STARTTLS ─► TLS ─► EHLO] ─► [AUTH] ─► ready
 *                                      └─ HELO, where the server knows no EHLO and neither TLS nor AUTH is wanted
 *
 * At each step one reply leads on. Any other is an error that names the step and quotes the reply. A 4yz or 5yz leaves the
 * dialogue in order, so the session is ended with QUIT; anything else cuts the connection.
 */
import type { PeerCertificate } from './certificate.ts';
import { Command } from './command.ts';
import type { Dialogue } from './dialogue.ts';
import { SmtpError, type Step, TlsRequiredError, unexpectedReply } from './errors.ts';
import { type Extensions, noExtensions, parseExtensions } from './extensions.ts';
import { logIn } from './login.ts';
import { quotedReply, type Reply, severityOf } from './reply.ts';
import type { Random } from './sasl.ts';
import type { SessionSettings } from './settings.ts';

export interface OpeningSettings
  extends Pick<SessionSettings, 'host' | 'port' | 'security' | 'clientName' | 'credentials' | 'mechanism'> {
  /** Chance for SCRAM. Default: none, and no SCRAM. */
  readonly random?: Random;
}

export interface Opened {
  readonly extensions: Extensions;
  readonly peer: PeerCertificate | null;
}

/** @throws SmtpError; the connection is closed by then */
export async function open(dialogue: Dialogue, settings: OpeningSettings): Promise<Opened> {
  try {
    return await steps(dialogue, settings);
  } catch (error) {
    await dialogue.quit(error instanceof SmtpError ? error : undefined);
    throw error;
  }
}

async function steps(dialogue: Dialogue, settings: OpeningSettings): Promise<Opened> {
  await dialogue.connect();
  let peer = settings.security === 'implicit-tls' ? await dialogue.startTls() : null;
  await greet(dialogue);
  let extensions = await introduce(dialogue, settings);
  if (settings.security === 'starttls') {
    peer = await upgrade(dialogue, extensions);
    // RFC 3207 §4.2: what was said before TLS is forgotten, and asked again.
    extensions = await introduce(dialogue, settings);
  }
  const { credentials } = settings;
  if (credentials !== undefined) await logIn(dialogue, extensions, { ...settings, credentials });
  dialogue.rest();
  return { extensions, peer };
}

/** RFC 5321 §3.1: nothing is sent before the 220. */
async function greet(dialogue: Dialogue): Promise<void> {
  const reply = await dialogue.greeting();
  if (reply.code !== 220) throw unwanted(dialogue, 'greeting', reply, 220, 'the connection');
}

async function introduce(dialogue: Dialogue, settings: OpeningSettings): Promise<Extensions> {
  const { reply, said } = await dialogue.askEhlo(Command.ehlo(settings.clientName));
  if (reply.code === 250) return parseExtensions(said);
  // RFC 5321 §3.2: HELO for a server that knows no EHLO. It offers no extensions, so it is no way round TLS or AUTH.
  if (reply.code !== 500 && reply.code !== 502 && reply.code !== 504) throw unwanted(dialogue, 'EHLO', reply, 250);
  if (settings.security === 'starttls')
    throw tlsRequired('EHLO', `server replied ${quotedReply(reply)} to EHLO`, reply);
  if (settings.security !== 'none' || settings.credentials !== undefined) throw unwanted(dialogue, 'EHLO', reply, 250);
  const second = await dialogue.ask(Command.helo(settings.clientName), 'HELO');
  if (second.code !== 250) throw unwanted(dialogue, 'HELO', second, 250);
  return noExtensions();
}

/** RFC 3207; required, so a server without it gets no mail (RFC 8314 §3). */
async function upgrade(dialogue: Dialogue, extensions: Extensions): Promise<PeerCertificate> {
  if (!extensions.has('STARTTLS')) throw tlsRequired('STARTTLS', 'the server does not offer STARTTLS');
  const reply = await dialogue.ask(Command.startTls(), 'STARTTLS');
  if (reply.code !== 220) {
    const error = tlsRequired('STARTTLS', `server replied ${quotedReply(reply)} to STARTTLS`, reply);
    if (!isRefusal(reply)) dialogue.fail(error);
    throw error;
  }
  return dialogue.startTls();
}

function tlsRequired(step: Step, found: string, reply?: Reply): TlsRequiredError {
  const problem = `${found}, TLS is wanted by the settings (security "starttls")`;
  return new TlsRequiredError(problem, { step, ...(reply === undefined ? {} : { reply }) });
}

function unwanted(dialogue: Dialogue, step: Step, reply: Reply, wanted: number, said?: string): SmtpError {
  const error = unexpectedReply(step, reply, String(wanted), said);
  if (!isRefusal(reply)) dialogue.fail(error);
  return error;
}

/** The server said no, and is ready for the next command. */
function isRefusal(reply: Reply): boolean {
  const severity = severityOf(reply);
  return severity === 'transient' || severity === 'permanent';
}
