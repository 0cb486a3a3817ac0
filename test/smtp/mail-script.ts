/** A server's part of a session that takes one mail, for scripts on real sockets. */
import { createHash } from 'node:crypto';
import { expect } from 'vitest';
import type { Client } from './scripted-server.ts';

/** From the greeting to the 354. */
export async function hearEnvelope(client: Client): Promise<void> {
  client.say('220 mail.example.com\r\n');
  await client.hear('EHLO client.example.com\r\n');
  client.say('250 mail.example.com\r\n');
  await client.hear('MAIL FROM:<news@example.com>\r\n');
  client.say('250 ok\r\n');
  await client.hear('RCPT TO:<person@example.org>\r\n');
  client.say('250 ok\r\n');
  await client.hear('DATA\r\n');
  client.say('354 go\r\n');
}

/** From the first octet of the mail data to the end of the session. @param content on the wire, without the indicator */
export async function hearMailData(client: Client, content: string): Promise<void> {
  const heard = await client.take(content.length);
  expect(sha256Of(heard)).toBe(sha256Of(content));
  await client.hear('.\r\n');
  client.say('250 ok\r\n');
  await client.hear('QUIT\r\n');
  client.say('221 bye\r\n');
  await client.leaves();
}

/** Sockets and servers that this process still has. */
export function openSockets(): string[] {
  return process.getActiveResourcesInfo().filter((name) => /TCP|TLS|Server/.test(name));
}

function sha256Of(octets: string): string {
  return createHash('sha256').update(octets, 'latin1').digest('hex');
}
