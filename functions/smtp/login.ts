/** AUTH (RFC 4954): carries a SASL mechanism's octets, over TLS only. */
import { Command, MAX_COMMAND_LINE } from './command.ts';
import { type Credentials, checkToken, type TokenCredentials } from './credentials.ts';
import type { Dialogue } from './dialogue.ts';
import { AuthError, SettingsError } from './errors.ts';
import type { Extensions } from './extensions.ts';
import { quotedReply, type Reply, severityOf } from './reply.ts';
import { ChallengeError, type Mechanism, type MechanismName } from './sasl/mechanism.ts';
import { chooseMechanism, createMechanism, kindOf, type Means, type Random, usableMechanisms } from './sasl.ts';

export interface Login {
  readonly credentials: Credentials;
  /** Default: the best that both know. */
  readonly mechanism?: MechanismName;
  /** Where the client has connected to, as the settings have it. */
  readonly host: string;
  readonly port: number;
  /** Absent: no SCRAM. */
  readonly random?: Random;
}

/**
 * Logs in, with one mechanism and once; only a token that the server refuses may be replaced by a newer one, once. The
 * caller has seen to it that TLS stands.
 * @throws AuthError; the dialogue is still in order where `dialogue.failure` is `null`
 */
export async function logIn(dialogue: Dialogue, extensions: Extensions, login: Login): Promise<void> {
  const { credentials, mechanism: named, random } = login;
  const means: Means = {
    credentials,
    offered: extensions.mechanisms,
    binding: dialogue.channelBinding(),
    ...(named === undefined ? {} : { named }),
    ...(random === undefined ? {} : { random }),
  };
  const name = chooseMechanism(means);
  if (name === null) throw noMechanism(extensions, means);
  const attempt = (token: string) => exchange(dialogue, mechanismOf(name, means, { ...login, token }), credentials);
  if ('token' in credentials) {
    await logInByToken(dialogue, credentials, attempt);
    return;
  }
  const refusal = await attempt('');
  if (refusal !== null) throw refusal;
}

/** @throws AuthError where user or password are not for this mechanism */
function mechanismOf(name: MechanismName, means: Means, server: Parameters<typeof createMechanism>[2]): Mechanism {
  try {
    return createMechanism(name, means, server);
  } catch (cause) {
    if (!(cause instanceof SettingsError)) throw cause;
    throw new AuthError(`the ${cause.field} ${cause.problem}, AUTH ${name} needs another`, { temporary: false, cause });
  }
}

async function logInByToken(
  dialogue: Dialogue,
  { token: source }: TokenCredentials,
  attempt: (token: string) => Promise<AuthError | null>,
): Promise<void> {
  const ask = async (refresh: boolean) =>
    checkToken(await dialogue.meanwhile('AUTH', 'the access token', () => source({ refresh })));
  const token = await ask(false).catch((cause) => tokenless(dialogue, cause));
  const refusal = await attempt(token);
  if (refusal === null) return;
  // RFC 4954 §6: 535 is about the credentials, and no other reply is. §4: another AUTH may follow then.
  if (refusal.reply?.code !== 535 || dialogue.failure !== null) throw refusal;
  // A source that has no newer token has said so by failing: what there is to tell is the server's refusal.
  const newer = await ask(true).catch(() => token);
  if (dialogue.failure !== null) throw dialogue.failure;
  const again = newer === token ? refusal : await attempt(newer);
  if (again !== null) throw again;
}

/** @throws the dialogue's failure where it is over, else AuthError: what gives tokens is elsewhere, and may give one later */
function tokenless(dialogue: Dialogue, cause: unknown): never {
  if (dialogue.failure !== null) throw dialogue.failure;
  const isUnfit = cause instanceof SettingsError;
  const found = isUnfit ? `the token ${cause.problem}` : 'no access token was to be had';
  throw new AuthError(found, { temporary: !isUnfit, cause });
}

/** @returns the server's refusal, `null` where the client is logged in @throws AuthError where the exchange goes astray */
async function exchange(dialogue: Dialogue, mechanism: Mechanism, credentials: Credentials): Promise<AuthError | null> {
  const { name } = mechanism;
  let { reply, challenge } = await begin(dialogue, mechanism, credentials);
  while (challenge !== null) {
    const answer = await answerTo(dialogue, mechanism, challenge);
    if (answer instanceof ChallengeError) throw await givenUp(dialogue, name, answer.problem);
    dialogue.keepSecret(answer, mechanism.secrets);
    ({ reply, challenge } = await dialogue.askAuth(Command.authResponse(name, answer)));
  }
  return reply.code === 235 && mechanism.complete ? null : refused(dialogue, mechanism, { reply, credentials });
}

async function begin(dialogue: Dialogue, mechanism: Mechanism, credentials: Credentials) {
  const { name, initialResponse, secrets } = mechanism;
  if (initialResponse === null) return dialogue.askAuth(Command.auth(name));
  dialogue.keepSecret(initialResponse, secrets);
  const line = Command.auth(name, initialResponse);
  // RFC 4954 §4: AUTH with its initial response is no longer than other commands.
  if (line.toOctets().length <= MAX_COMMAND_LINE) return dialogue.askAuth(line);
  const first = await dialogue.askAuth(Command.auth(name));
  // RFC 4422 §5.1: the server asks for it by a challenge with nothing in it.
  if (first.challenge === null) throw refused(dialogue, mechanism, { reply: first.reply, credentials });
  if (first.challenge !== '') throw await givenUp(dialogue, name, 'before the client has said anything');
  return dialogue.askAuth(Command.authResponse(name, initialResponse));
}

async function answerTo(
  dialogue: Dialogue,
  mechanism: Mechanism,
  challenge: string,
): Promise<Uint8Array | ChallengeError> {
  try {
    // SCRAM has to work for its answer; what the server says in the meantime is unasked.
    return await dialogue.meanwhile('AUTH', 'the answer to the challenge', async () => mechanism.respond(challenge));
  } catch (error) {
    if (error instanceof ChallengeError) return error;
    throw error;
  }
}

/** RFC 4954 §4: `*` gives the exchange up, and the server answers 501. */
async function givenUp(dialogue: Dialogue, mechanism: string, problem: string): Promise<AuthError> {
  const { reply } = await dialogue.askAuth(Command.authCancel(mechanism));
  const error = new AuthError(`server sent a challenge ${problem} in AUTH ${mechanism}`, { temporary: false, reply });
  if (severityOf(reply) !== 'permanent') dialogue.fail(error);
  return error;
}

function noMechanism(extensions: Extensions, means: Means): AuthError {
  const { named, binding } = means;
  const offer = extensions.has('AUTH')
    ? `the server offers AUTH ${extensions.mechanisms.join(' ')}`
    : 'the server offers no AUTH';
  const isBindless = named?.endsWith('-PLUS') === true && binding === null;
  const lack = isBindless ? ', and a TLS connection that a login can be bound to' : '';
  const wanted =
    named ??
    usableMechanisms(means)
      .join(', ')
      .replace(/, ([^,]+)$/, ' or $1');
  return new AuthError(`${offer}, ${wanted} is wanted${lack}`, { temporary: false });
}

function refused(
  dialogue: Dialogue,
  { name, complaint }: Mechanism,
  { reply, credentials }: { reply: Reply; credentials: Credentials },
): AuthError {
  const severity = severityOf(reply);
  const isRefusal = severity === 'permanent' || severity === 'transient';
  const wanted = isRefusal
    ? `the settings need ${kindOf(credentials)} that it takes`
    : '235 at the end of the exchange is wanted';
  const reason = complaint === null ? '' : ` (${complaint})`;
  const error = new AuthError(`server replied ${quotedReply(reply)} to AUTH ${name}${reason}, ${wanted}`, {
    // RFC 4954 §6: 432 and 454 ask to come again; 535 and its like say no.
    temporary: severity === 'transient',
    reply,
  });
  // Another 2yz or 3yz answers something else than AUTH: client and server are out of step.
  if (!isRefusal) dialogue.fail(error);
  return error;
}
