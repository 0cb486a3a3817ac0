/**
 * A fake of Secrets Manager: GetSecretValue by AWS JSON 1.1 on loopback, as much of it as a client sees. Signatures are
 * taken unread. What comes next can be made to go wrong.
 */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';

/** In place of an answer: an exception by its name, octets as they are, a connection that breaks, or nothing at all. */
export type Mishap = { readonly exception: string } | { readonly body: string } | 'reset' | 'silence';

export interface FakeSecretsManager {
  readonly client: SecretsManagerClient;
  /** What each request asked for. */
  readonly asked: string[];
  /** For each request in turn; none left: it is answered. */
  readonly mishaps: Mishap[];
  put(name: string, value: string | Uint8Array): void;
  close(): Promise<void>;
}

export async function startFakeSecretsManager(): Promise<FakeSecretsManager> {
  const secrets = new Map<string, string | Uint8Array>();
  const asked: string[] = [];
  const mishaps: Mishap[] = [];
  const server = createServer((request, response) => {
    void bodyOf(request).then((body) => {
      const { SecretId: name = '' } = JSON.parse(body) as { SecretId?: string };
      asked.push(name);
      const mishap = mishaps.shift();
      if (mishap === 'silence') return;
      if (mishap === 'reset') response.socket?.resetAndDestroy();
      else if (mishap !== undefined && 'body' in mishap) answer(response, 200, mishap.body);
      else if (mishap !== undefined) refuse(response, mishap.exception);
      else if (request.headers['x-amz-target'] !== 'secretsmanager.GetSecretValue')
        refuse(response, 'InvalidRequestException');
      else tell(response, name, secrets.get(name));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const client = new SecretsManagerClient({
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    region: 'eu-south-2',
    credentials: { accessKeyId: 'x', secretAccessKey: 'x' },
    maxAttempts: 1,
  });
  return {
    client,
    asked,
    mishaps,
    put: (name, value) => secrets.set(name, value),
    close: async () => {
      client.destroy();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  let body = '';
  for await (const piece of request.setEncoding('utf8')) body += piece;
  return body;
}

function tell(response: ServerResponse, name: string, value: string | Uint8Array | undefined): void {
  if (value === undefined) {
    refuse(response, 'ResourceNotFoundException');
    return;
  }
  const content =
    typeof value === 'string' ? { SecretString: value } : { SecretBinary: Buffer.from(value).toString('base64') };
  const ARN = `arn:aws:secretsmanager:eu-south-2:123456789012:secret:${name}-AbCdEf`;
  answer(
    response,
    200,
    JSON.stringify({ ARN, Name: name, VersionId: 'v1', VersionStages: ['AWSCURRENT'], ...content }),
  );
}

function refuse(response: ServerResponse, exception: string): void {
  answer(response, 400, JSON.stringify({ __type: exception, Message: `${exception} it is` }));
}

function answer(response: ServerResponse, status: number, body: string): void {
  response.writeHead(status, { 'content-type': 'application/x-amz-json-1.1' }).end(body);
}
