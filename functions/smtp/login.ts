/** AUTH (RFC 4954): carries a SASL mechanism's octets, once a session, over TLS only. */
import { Command } from './command.ts';
import type { Dialogue } from './dialogue.ts';
import { AuthError } from './errors.ts';
import type { Extensions } from './extensions.ts';
import { quotedReply, type Reply, severityOf } from './reply.ts';
import { chooseMechanism, type Mechanism, type MechanismName } from './sasl.ts';
import type { Credentials } from './secrets.ts';

/**
 * Logs in. The caller has seen to it that TLS stands.
 * @throws AuthError; the dialogue is still in order where `dialogue.failure` is `null`
 */
export async function logIn(
  dialogue: Dialogue,
  extensions: Extensions,
  options: { credentials: Credentials; mechanism?: MechanismName },
): Promise<void> {
  const mechanism = chooseMechanism(extensions.mechanisms, options.credentials, options.mechanism);
  if (mechanism === null) throw noMechanism(extensions, options.mechanism);
  const { name, initialResponse } = mechanism;
  let { reply, challenge } = await dialogue.askAuth(Command.auth(name, initialResponse ?? undefined));
  while (challenge !== null) {
    const response = await mechanism.respond(challenge);
    if (response === null) throw await givenUp(dialogue, name, reply);
    ({ reply, challenge } = await dialogue.askAuth(Command.authResponse(name, response)));
  }
  if (reply.code !== 235 || !mechanism.complete) throw refused(dialogue, mechanism, reply);
}

function noMechanism(extensions: Extensions, named: MechanismName | undefined): AuthError {
  const offer = extensions.has('AUTH')
    ? `the server offers AUTH ${extensions.mechanisms.join(' ')}`
    : 'the server offers no AUTH';
  return new AuthError(`${offer}, ${named ?? 'PLAIN or LOGIN'} is wanted`, { temporary: false });
}

/** RFC 4954 §4: `*` gives the exchange up, and the server answers 501. */
async function givenUp(dialogue: Dialogue, mechanism: string, challenge: Reply): Promise<AuthError> {
  const error = new AuthError(
    `server sent challenge ${quotedReply(challenge)}, which AUTH ${mechanism} does not know`,
    {
      temporary: false,
      reply: challenge,
    },
  );
  const { reply } = await dialogue.askAuth(Command.authCancel(mechanism));
  if (severityOf(reply) !== 'permanent') dialogue.fail(error);
  return error;
}

function refused(dialogue: Dialogue, mechanism: Mechanism, reply: Reply): AuthError {
  const severity = severityOf(reply);
  const isRefusal = severity === 'permanent' || severity === 'transient';
  const wanted = isRefusal
    ? 'the settings need a user and password that it takes'
    : '235 at the end of the exchange is wanted';
  const error = new AuthError(`server replied ${quotedReply(reply)} to AUTH ${mechanism.name}, ${wanted}`, {
    // RFC 4954 §6: 432 and 454 ask to come again; 535 and its like say no.
    temporary: severity === 'transient',
    reply,
  });
  // Another 2yz or 3yz answers something else than AUTH: client and server are out of step.
  if (!isRefusal) dialogue.fail(error);
  return error;
}
