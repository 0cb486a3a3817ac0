/**
 * Secrets in AWS Secrets Manager: the current version of each (AWSCURRENT), as a text. The client has no logger and no error
 * of it passes as it is: one that cannot read its answer quotes it.
 */
import {
  GetSecretValueCommand,
  type GetSecretValueCommandOutput,
  type SecretsManagerClient,
  SecretsManagerServiceException,
} from '@aws-sdk/client-secrets-manager';
import { type CredentialStore, CredentialsError, Secret } from '#mailing';

/** @param client taken as it is; who made it closes it */
export function openSecretsManager(client: SecretsManagerClient): CredentialStore {
  return { read: (name, signal) => read(client, name, signal) };
}

async function read(client: SecretsManagerClient, name: string, signal: AbortSignal): Promise<Secret> {
  const { SecretString: text, SecretBinary: binary } = await answerOf(client, name, signal);
  if (text !== undefined) return new Secret(name, text);
  if (binary !== undefined)
    throw new CredentialsError(name, 'it is binary (SecretBinary), a text of JSON is wanted (SecretString)');
  throw new CredentialsError(name, 'Secrets Manager has answered without it', { temporary: true });
}

async function answerOf(
  client: SecretsManagerClient,
  name: string,
  signal: AbortSignal,
): Promise<Pick<GetSecretValueCommandOutput, 'SecretString' | 'SecretBinary'>> {
  try {
    return await client.send(new GetSecretValueCommand({ SecretId: name }), { abortSignal: signal });
  } catch (error) {
    throw refusal(name, error);
  }
}

/** What is known to be for good; everything else may be otherwise later. */
const FINAL: Readonly<Record<string, string>> = {
  ResourceNotFoundException:
    'there is no secret of this name in this account and region, or it has no value yet; put one there',
  AccessDeniedException: 'this role has no right to it; allow secretsmanager:GetSecretValue on it',
  // A secret that is marked for deletion answers so.
  InvalidRequestException: 'it cannot be read; it may be marked for deletion',
  InvalidParameterException: 'this is no name that a secret can have',
  ValidationException: 'this is no name that a secret can have',
  DecryptionFailure: 'it cannot be decrypted; allow kms:Decrypt on its key',
  UnrecognizedClientException: "the account's own credentials are not valid",
  ExpiredTokenException: "the account's own credentials have expired",
};

const TEMPORARY: Readonly<Record<string, string>> = {
  ThrottlingException: 'Secrets Manager takes no more requests at the moment',
  InternalServiceError: 'Secrets Manager has a fault of its own',
};

function refusal(name: string, error: unknown): CredentialsError {
  const isSaid = error instanceof SecretsManagerServiceException;
  const said = isSaid ? error.name : '';
  const final = FINAL[said];
  if (final !== undefined) return new CredentialsError(name, final);
  const problem = TEMPORARY[said] ?? (isSaid ? `Secrets Manager says ${wordOf(said)}` : unanswered(error));
  return new CredentialsError(name, problem, { temporary: true });
}

/** An answer that cannot be read, a connection that is lost: told by its code, where it has one. */
function unanswered(error: unknown): string {
  const { code, name } = Object(error) as { code?: unknown; name?: unknown };
  const word = typeof code === 'string' ? code : typeof name === 'string' ? name : 'Error';
  return `Secrets Manager cannot be asked, or its answer not be read (${wordOf(word)})`;
}

/** A name of an exception, and nothing that only looks like one. */
function wordOf(text: string): string {
  return /^[A-Za-z][A-Za-z0-9_.]{0,63}$/.test(text) ? text : 'an error';
}
