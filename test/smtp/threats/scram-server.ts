/** The server's side of SCRAM-SHA-256 (RFC 7677) for a client that knows the password. */
import { createHmac, pbkdf2Sync } from 'node:crypto';

const SALT = Buffer.from('salt').toString('base64');

/** @param clientFirst with its GS2 header */
export function serverFirst(clientFirst: string): string {
  const nonce = /,r=([^,]*)/.exec(clientFirst)?.[1] ?? '';
  return `r=${nonce}S3cr3t-NONCE,s=${SALT},i=4096`;
}

export function serverFinal(password: string, clientFirst: string, clientFinal: string): string {
  // Without the GS2 header, which ends with its second comma.
  const bare = clientFirst.replace(/^[^,]*,[^,]*,/, '');
  const message = `${bare},${serverFirst(clientFirst)},${clientFinal.replace(/,p=.*$/, '')}`;
  const salted = pbkdf2Sync(password, Buffer.from(SALT, 'base64'), 4096, 32, 'sha256');
  const key = createHmac('sha256', salted).update('Server Key').digest();
  return `v=${createHmac('sha256', key).update(message).digest('base64')}`;
}
